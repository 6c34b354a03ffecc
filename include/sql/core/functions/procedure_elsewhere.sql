-- grain: one row for each procedure and unit that another source lists, which comes before `source` in the alphabet
-- source: core.source_role, ops.source_clock, core.procedure_list, core.procedure_list_item
-- traps: a list has no change times, so of two sources that list a key the first in the alphabet counts it

create or replace function core.procedure_elsewhere(source text)
returns table (unit_code text, procedure_code text)
language sql stable
as $$
select distinct
    i.unit_code,
    i.procedure_code
from core.source_role as r
inner join ops.source_clock as c on r.source_code = c.source_code
cross join lateral (
    select l.list_hash
    from core.procedure_list as l
    where l.source_code = r.source_code and l.fetched_at <= c.known_at
    order by l.fetched_at desc
    limit 1
) as n
inner join core.procedure_list_item as i on n.list_hash = i.list_hash
where
    r.role = 'dossiers'
    and r.source_code < source
    and i.procedure_code is not null
    and i._failed_rules is null
$$;
comment on function core.procedure_elsewhere is 'One row a procedure and unit that the newest list of another source has, which comes before `source` in the alphabet: there it counts';
