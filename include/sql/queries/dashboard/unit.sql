-- grain: one row for each unit of the authority that exists on a day, in the order of people: offices, then communes, by number
-- source: core.unit_at, core.authority
-- traps: the authority itself is the scope `all` and is no row, unless it is one commune alone, which has dossiers of its own

select
    u.unit_code,
    u.name,
    u.level,
    u.kind
from core.unit_at(cast(:d as date)) as u
inner join core.authority as a on u.root_code = a.root_code
where u.is_valid and (u.unit_code <> a.root_code or u.kind = 'commune')
order by u.level desc, lpad(substring(u.unit_code from '[0-9]+$'), 6, '0') asc, u.unit_code asc
