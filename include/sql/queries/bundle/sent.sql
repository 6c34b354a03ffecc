-- grain: one row for each declared indicator and unit that has to declare it: whether its figure was there
-- source: core.declared_coverage_at
-- traps: the coverage of a unit alone is 0 or 1

select
    c.indicator_code as coverage_code,
    c.scope_code as unit_code,
    c.coverage = 1 as has_sent
from core.declared_coverage_at(
    cast(:source as text), cast(:plan as text), cast(:last_day as date), cast(:known_at as timestamptz), cast(:root as text)
) as c
inner join core.unit_at(cast(:last_day as date)) as u on c.scope_code = u.unit_code
