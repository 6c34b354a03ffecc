-- grain: one row for each dossier of a unit and minute in which more than 20 dossiers ended
-- source: mart.dossier, ops.bulk_minute (the minutes that may be such ones)
-- traps: the time of the end decides, not the time of its entry. Exactly 20 in one minute are no finding. Dossiers of all sources of the
--        role are counted together

with bulk as (
    select
        d.unit_code,
        c.ended_minute,
        count(*) as dossier_count
    from ops.bulk_minute as c
    inner join mart.dossier as d
        on c.unit_code = d.unit_code and c.ended_minute <= d.finished_at and c.ended_minute + interval '1 minute' > d.finished_at
    where d.is_counted and d.finished_at is not null
    group by d.unit_code, c.ended_minute
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
cross join lateral (
    select x.*
    from mart.dossier as x
    where
        x.is_counted and b.unit_code = x.unit_code
        and b.ended_minute <= x.finished_at and b.ended_minute + interval '1 minute' > x.finished_at
    order by x.finished_at
    offset 0
) as d
