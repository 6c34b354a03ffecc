-- grain: one row for each source of a role, with the moment up to which it is known
-- source: core.role_clock, core.authority, core.source
-- traps: a source that was never extracted has no moment

select
    r.role,
    r.source_code,
    coalesce(s.name_vi, r.source_code) as name_vi,
    r.known_at,
    cast((r.known_at - interval '1 microsecond') at time zone a.zone as date) as last_day
from core.role_clock as r
inner join core.authority as a on r.root_code = a.root_code
left join core.source as s on r.source_code = s.source_code
order by r.role, r.source_code
