-- grain: one row for each dossier whose end changed from one delivered version to another
-- source: mart.dossier, core.dossier_version, ops.finding_candidate (may be one)
-- traps: two delivered versions have different values of NgayKetThucXuLy. An end that is removed and entered again with the same value
--        is no change

with ended as (
    select
        v.dossier_id,
        v.processed_at,
        min(v._changed_at) as known_at
    from core.dossier_version as v
    inner join ops.finding_candidate as c on v.dossier_id = c.dossier_id and c.finding_code = 'end_changed'
    where v.processed_at is not null
    group by v.dossier_id, v.processed_at
),

changed as (
    select
        e.dossier_id,
        cast(max(e.known_at) at time zone (select a.zone from core.authority as a) as date) as event_date,
        jsonb_agg(jsonb_build_object('changed_at', e.known_at, 'processed_at', e.processed_at) order by e.known_at) as ends
    from ended as e
    group by e.dossier_id
    having count(*) > 1
)

select
    d.source_code,
    d.unit_code,
    coalesce(d.finished_date, d.received_date) as month_day,
    d.dossier_code as item,
    d.dossier_code,
    c.event_date,
    jsonb_build_object('ends', c.ends, 'due_at', d.due_at) as detail
from changed as c
inner join mart.dossier as d on c.dossier_id = d.dossier_id
where d.is_counted
