-- grain: one row for each dossier of ops.dirty_dossier and change time: the delivery in force, with its end and the rules that it breaks
-- source: core.dossier_version, core.dossier_step
-- traps: rules K4 (finished before received) and K7 (ended without a time of the end) depend on steps that may come later or be hidden,
--        so they are judged here again each time. The temporary table lives until the end of the transaction

create temp table judged_version on commit drop as
with delivered as (
    select distinct on (v.dossier_id, v._changed_at)
        v.dossier_id,
        v.source_code,
        v._changed_at,
        v._first_seen_at,
        v._is_current,
        v._failed_rules,
        v.status_code,
        v.received_at,
        v.processed_at,
        v.returned_at,
        v.refused_at,
        v.due_at,
        v.supplements
    from core.dossier_version as v
    inner join ops.dirty_dossier as d on v.dossier_id = d.dossier_id
    order by v.dossier_id asc, v._changed_at asc, v._first_seen_at desc
),

step_end as (
    select
        s.dossier_id,
        min(s.done_at) filter (where s.status_code = 9) as ended_9_at,
        min(s.done_at) filter (where s.status_code = 10) as ended_10_at,
        min(s.done_at) filter (where s.status_code = 3) as ended_3_at,
        min(s.done_at) filter (where s.status_code = 7) as ended_7_at
    from core.dossier_step as s
    inner join ops.dirty_dossier as d on s.dossier_id = d.dossier_id
    where s.deleted_at is null and s.status_code in (3, 7, 9, 10)
    group by s.dossier_id
),

ended as (
    select
        d.*,
        case
            when d.status_code in (7, 8, 9, 10) or (d.status_code = 3 and d.received_at is not null)
                then coalesce(
                    d.processed_at,
                    d.returned_at,
                    case when d.status_code = 3 then d.refused_at end,
                    case d.status_code
                        when 9 then coalesce(e.ended_9_at, e.ended_10_at)
                        when 10 then coalesce(e.ended_9_at, e.ended_10_at)
                        when 3 then e.ended_3_at
                        when 7 then e.ended_7_at
                    end
                )
        end as finished_at
    from delivered as d
    left join step_end as e on d.dossier_id = e.dossier_id
),

waived as (
    select source_code, rule from core.waived_rule
),

ruled as (
    select
        e.*,
        date_trunc('second', e.finished_at) < date_trunc('second', e.received_at)
        and not exists (select 1 from waived as w where w.source_code = e.source_code and w.rule = 'K4') as is_k4,
        (e.status_code in (7, 9, 10) or (e.status_code = 3 and e.received_at is not null)) and e.finished_at is null
        and not exists (select 1 from waived as w where w.source_code = e.source_code and w.rule = 'K7') as is_k7
    from ended as e
)

select
    r.dossier_id,
    r.source_code,
    r._changed_at,
    r._first_seen_at,
    r._is_current,
    r.finished_at,
    r.due_at,
    r.supplements,
    nullif(
        coalesce(r._failed_rules, cast('{}' as text []))
        || case when coalesce(r.is_k4, false) then array['K4'] else cast('{}' as text []) end
        || case when coalesce(r.is_k7, false) then array['K7'] else cast('{}' as text []) end,
        cast('{}' as text [])
    ) as failed_rules
from ruled as r;
