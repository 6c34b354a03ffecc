-- grain: one row for each record beside the dossiers that a figure counts and whose unit did not exist on its day
-- source: core.unit_on_day, core.unit, core.source, core.authority, core.payment, core.assessment, core.work_file, core.feedback,
--         core.survey_answer
-- traps: successful payments by their time, assessments and sheets of the survey by their day, closed work files that are neither secret
--        nor special, feedback about procedures by the answer, else by the limit. The finding belongs to the unit in the record, and names
--        the unit for which the record counts; without one it counts only in the level and the whole

with gone as (
    select
        o.unit_code,
        o.counted_code,
        o.from_date,
        o.to_date,
        u.valid_from,
        u.valid_to
    from core.unit_on_day as o
    inner join core.unit as u on o.unit_code = u.unit_code
    where o.counted_code is distinct from o.unit_code
),

record as (
    select
        'payment' as model,
        p.source_code,
        p.unit_code,
        p._key as item,
        p.dossier_code,
        cast(p.paid_at at time zone (select a.zone from core.authority as a) as date) as event_date
    from gone as g
    cross join core.source as s
    -- one look into an index for each source, unit and stretch of days, with two days more on both sides, because it goes by moments
    cross join lateral (
        select x.*
        from core.payment as x
        where
            x.source_code = s.source_code
            and x.unit_code = g.unit_code
            and x.kind_code = 'PAY'
            and x.status_code = 1
            and x.amount_vnd > 0
            and x.paid_at >= cast(g.from_date as timestamptz) - interval '2 days'
            and x.paid_at <= cast(g.to_date as timestamptz) + interval '2 days'
        order by x.paid_at
        offset 0
    ) as p
    union
    select
        'assessment' as model,
        p.source_code,
        p.unit_code,
        p.assessment_code as item,
        p.dossier_code,
        cast(p.assessed_at at time zone (select a.zone from core.authority as a) as date) as event_date
    from gone as g
    cross join core.source as s
    cross join lateral (
        select x.*
        from core.assessment as x
        where
            x.source_code = s.source_code
            and x.unit_code = g.unit_code
            and x.assessed_at >= cast(g.from_date as timestamptz) - interval '2 days'
            and x.assessed_at <= cast(g.to_date as timestamptz) + interval '2 days'
        order by x.assessed_at
        offset 0
    ) as p
    union
    select
        'work_file' as model,
        p.source_code,
        p.unit_code,
        p.work_file_code as item,
        null as dossier_code,
        cast(p.closed_at at time zone (select a.zone from core.authority as a) as date) as event_date
    from gone as g
    cross join core.source as s
    cross join lateral (
        select x.*
        from core.work_file as x
        where
            x.source_code = s.source_code
            and x.unit_code = g.unit_code
            and x.secrecy_code = 'thuong'
            and not x.is_special
            and x.closed_at >= cast(g.from_date as timestamptz) - interval '2 days'
            and x.closed_at <= cast(g.to_date as timestamptz) + interval '2 days'
        order by x.closed_at
        offset 0
    ) as p
    union
    select
        'feedback' as model,
        x.source_code,
        x.unit_code,
        x.feedback_code as item,
        x.dossier_code,
        cast(coalesce(x.answered_at, x.due_at) at time zone (select a.zone from core.authority as a) as date) as event_date
    from core.feedback as x
    where x.is_about_procedures and x.repeated_code is null
    union
    select
        'survey_answer' as model,
        x.source_code,
        x.unit_code,
        x.answer_code as item,
        x.dossier_code,
        x.surveyed_date as event_date
    from core.survey_answer as x
)

select
    r.source_code,
    r.unit_code,
    r.event_date as month_day,
    r.item,
    r.dossier_code,
    r.event_date,
    jsonb_build_object(
        'model', r.model, 'unit_from', g.valid_from, 'unit_to', g.valid_to, 'counts_for', g.counted_code
    ) as detail
from record as r
inner join gone as g on r.unit_code = g.unit_code and r.event_date >= g.from_date and r.event_date <= g.to_date
