-- grain: one row a dossier of a unit and minute in which more than 20 dossiers ended
-- source: mart.dossier; indicators.md §7
-- traps: by the end itself, not by when it was entered; 20 in one minute are none

with counted as (
    select
        d.*,
        date_trunc('minute', d.finished_at) as ended_minute,
        count(*) over (partition by d.source_code, d.unit_code, date_trunc('minute', d.finished_at)) as dossier_count
    from mart.dossier as d
    where d.is_counted and d.finished_at is not null
)

select
    c.source_code,
    c.unit_code,
    coalesce(c.finished_date, c.received_date) as month_day,
    c.dossier_code as item,
    c.dossier_code,
    c.finished_date as event_date,
    jsonb_build_object('minute', c.ended_minute, 'dossier_count', c.dossier_count) as detail
from counted as c
where c.dossier_count > 20
