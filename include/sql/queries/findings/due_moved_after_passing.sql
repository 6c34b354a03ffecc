-- grain: one row for each dossier whose due was moved after it had passed at least once
-- source: mart.dossier, core.dossier_version, core.dossier_supplement, ops.finding_candidate (may be one)
-- traps: two successive delivered versions that break no critical rule are compared, and the later one changed on a day after the due of
--        the earlier one. A supplement round that was received back between the two explains the move; the rounds are those of the later
--        version or of the newest

with dated as (
    select
        v.dossier_id,
        v._changed_at,
        v.due_at,
        v.supplements,
        lag(v.due_at) over w as due_before,
        lag(v._changed_at) over w as changed_before
    from core.dossier_version as v
    inner join ops.finding_candidate as c on v.dossier_id = c.dossier_id and c.finding_code = 'due_moved_after_passing'
    where v._failed_rules is null
    window w as (partition by v.dossier_id order by v._changed_at, v._first_seen_at)
),

moved as (
    select
        t.dossier_id,
        t._changed_at,
        t.due_before,
        t.due_at
    from dated as t
    where
        t.due_before is not null
        and t.due_at is distinct from t.due_before
        and cast(t._changed_at at time zone (select a.zone from core.authority as a) as date) > cast(t.due_before at time zone (select a.zone from core.authority as a) as date)
        and not exists (
            select 1
            from jsonb_array_elements(coalesce(t.supplements, cast('[]' as jsonb))) as r (item)
            where cast(r.item ->> 'received_back_at' as timestamptz) between t.changed_before and t._changed_at
        )
        and not exists (
            select 1
            from core.dossier_supplement as s
            where s.dossier_id = t.dossier_id and s.received_back_at between t.changed_before and t._changed_at
        )
),

counted as (
    select
        m.dossier_id,
        cast(max(m._changed_at) at time zone (select a.zone from core.authority as a) as date) as event_date,
        jsonb_agg(jsonb_build_object('moved_at', m._changed_at, 'due_before', m.due_before, 'due_after', m.due_at) order by m._changed_at) as moves
    from moved as m
    group by m.dossier_id
)

select
    d.source_code,
    d.unit_code,
    coalesce(d.finished_date, d.received_date) as month_day,
    d.dossier_code as item,
    d.dossier_code,
    c.event_date,
    jsonb_build_object('moves', c.moves, 'finished_at', d.finished_at) as detail
from counted as c
inner join mart.dossier as d on c.dossier_id = d.dossier_id
where d.is_counted
