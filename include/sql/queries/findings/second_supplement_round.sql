-- grain: one row for each dossier with two supplement rounds or more
-- source: mart.dossier, core.dossier_supplement
-- traps: two rounds in the newest version count, answered or not

with rounds as (
    select
        s.dossier_id,
        cast(max(s.asked_at) at time zone (select a.zone from core.authority as a) as date) as event_date,
        jsonb_agg(jsonb_build_object('asked_at', s.asked_at, 'received_back_at', s.received_back_at) order by s.round_number) as rounds
    from core.dossier_supplement as s
    group by s.dossier_id
    having count(*) >= 2
)

select
    d.source_code,
    d.unit_code,
    coalesce(d.finished_date, d.received_date) as month_day,
    d.dossier_code as item,
    d.dossier_code,
    r.event_date,
    jsonb_build_object('rounds', r.rounds) as detail
from rounds as r
-- laterally, because the few are found before their dossiers
cross join lateral (select x.* from mart.dossier as x where x.dossier_id = r.dossier_id order by x.dossier_id offset 0) as d
where d.is_counted
