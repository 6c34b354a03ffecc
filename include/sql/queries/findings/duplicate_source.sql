-- grain: one row for each record that does not count because its key also stands in another source of the same role
-- source: mart.dossier, core.duplicate_record and the versions of the models that it names
-- traps: the record of the other source counts; `detail` names it

with record as (
    select
        v.source_code,
        v.unit_code,
        cast(v.assessed_at at time zone (select a.zone from core.authority as a) as date) as event_date,
        'assessment' as model,
        v.assessment_code as key,
        cast(null as text) as dossier_code
    from core.assessment_version as v
    where v._is_current
    union all
    select
        v.source_code,
        v.unit_code,
        cast(v.closed_at at time zone (select a.zone from core.authority as a) as date) as event_date,
        'work_file' as model,
        v.work_file_code as key,
        cast(null as text) as dossier_code
    from core.work_file_version as v
    where v._is_current
    union all
    select
        v.source_code,
        v.unit_code,
        v.file_date as event_date,
        'payment' as model,
        v._key as key,
        v.dossier_code
    from core.payment_version as v
    where v._is_current
    union all
    select
        v.source_code,
        v.unit_code,
        cast(v.received_at at time zone (select a.zone from core.authority as a) as date) as event_date,
        'feedback' as model,
        v.feedback_code as key,
        cast(null as text) as dossier_code
    from core.feedback_version as v
    where v._is_current
    union all
    select
        v.source_code,
        v.unit_code,
        v.surveyed_date as event_date,
        'survey_answer' as model,
        v.answer_code as key,
        cast(null as text) as dossier_code
    from core.survey_answer_version as v
    where v._is_current
)

select
    d.source_code,
    d.unit_code,
    coalesce(d.finished_date, d.received_date) as month_day,
    d.dossier_code as item,
    d.dossier_code,
    d.received_date as event_date,
    jsonb_build_object('model', 'dossier', 'changed_at', d._changed_at) as detail
from mart.dossier as d
where d.left_out_reason = 'duplicate_source'
union all
select
    r.source_code,
    r.unit_code,
    r.event_date as month_day,
    r.key as item,
    r.dossier_code,
    r.event_date,
    jsonb_build_object('model', q.model, 'counted_in', q.counted_source_code) as detail
from core.duplicate_record as q
inner join record as r on q.model = r.model and q.source_code = r.source_code and q.key = r.key
