-- grain: one row for each pair of sources of the dossiers: procedures in force by the list of one, which the other has ended after that list
-- source: core.source_role, ops.source_clock, core.procedure_list, core.procedure_at, core.authority
-- traps: such a procedure counts as in force, because one list with a version in force is enough. The list of a system that was replaced
--        stays as it was, and cannot know of an end that lies behind it. An end without a day is as late as the list that says it

with known as (
    select
        r.source_code,
        c.known_at,
        max(l.fetched_at) as listed_at
    from core.source_role as r
    inner join ops.source_clock as c on r.source_code = c.source_code
    inner join core.procedure_list as l on r.source_code = l.source_code
    where r.role = 'dossiers' and (select count(*) > 1 from core.source_role as s where s.role = 'dossiers')
    group by r.source_code, c.known_at
),

newest as (
    select cast(max(k.known_at) at time zone (select a.zone from core.authority as a) as date) as known_on
    from known as k
),

entry as (
    select
        k.source_code,
        k.listed_at,
        p.procedure_code,
        p.unit_code,
        bool_or(
            p.valid_from <= n.known_on
            and (p.valid_to is null or p.valid_to >= n.known_on)
            and not (p.status_code is not distinct from 'bai_bo' and p.listed_valid_to is null)
        ) as is_in_force,
        coalesce(cast(max(p.valid_to) as timestamptz), k.listed_at) as ended_at
    from known as k
    cross join newest as n
    cross join lateral core.procedure_at(k.source_code, k.known_at, k.known_at) as p
    where p.procedure_code is not null
    group by k.source_code, k.listed_at, p.procedure_code, p.unit_code
)

select
    o.source_code,
    o.listed_at,
    n.source_code as ended_in,
    n.listed_at as ended_listed_at,
    count(*) as procedure_count,
    (array_agg(o.procedure_code order by o.procedure_code, o.unit_code))[1] as procedure_code,
    (array_agg(o.unit_code order by o.procedure_code, o.unit_code))[1] as unit_code
from entry as o
inner join entry as n on o.procedure_code = n.procedure_code and o.unit_code = n.unit_code and o.source_code <> n.source_code
where o.is_in_force and not n.is_in_force and o.listed_at < n.ended_at
group by o.source_code, o.listed_at, n.source_code, n.listed_at
order by o.source_code, n.source_code
