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
inner join mart.dossier as d on r.dossier_id = d.dossier_id
where d.is_counted
