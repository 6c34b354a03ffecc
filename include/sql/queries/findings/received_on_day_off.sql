-- grain: one row for each dossier received on a day that is not a working day
-- source: mart.dossier, core.working_day
-- traps: swapped working days are in the calendar's overrides; all channels count, because the office itself receives a dossier

select
    d.source_code,
    d.unit_code,
    coalesce(d.finished_date, d.received_date) as month_day,
    d.dossier_code as item,
    d.dossier_code,
    d.received_date as event_date,
    jsonb_build_object('received_at', d.received_at, 'day', w.reason, 'channel', d.channel) as detail
from core.working_day as w
-- one look into an index for each day off: PostgreSQL expects as many dossiers on it as on others, and would read all of them
cross join lateral (
    select r.*
    from mart.dossier as r
    where r.is_counted and r.received_date = w.day
    order by r.received_date
    offset 0
) as d
where not w.is_working
