-- grain: one row for each dossier of a unit and minute in which more than 20 dossiers ended
-- source: mart.dossier
-- traps: the time of the end decides, not the time of its entry. Exactly 20 in one minute are no finding. Dossiers of all sources of the
--        role are counted together

with bulk as (
    select
        d.unit_code,
        date_trunc('minute', d.finished_at) as ended_minute,
        count(*) as dossier_count
    from mart.dossier as d
    where d.is_counted and d.finished_at is not null
    group by d.unit_code, date_trunc('minute', d.finished_at)
    having count(*) > 20
)

select
    d.source_code,
    d.unit_code,
    coalesce(d.finished_date, d.received_date) as month_day,
    d.dossier_code as item,
    d.dossier_code,
    d.finished_date as event_date,
    jsonb_build_object('minute', b.ended_minute, 'dossier_count', b.dossier_count) as detail
from bulk as b
inner join mart.dossier as d
    on
        b.unit_code = d.unit_code
        and b.ended_minute = date_trunc('minute', d.finished_at)
where d.is_counted
