-- grain: one row for each scope of a tree of units and a code that counts in it
-- source: core.scope_member

select
    m.scope_code,
    m.level,
    m.unit_code
from core.scope_member(cast(:last_day as date), cast(:root as text), cast(:compared_on as date)) as m
