-- grain: one row for each counted item that does not count at the unit that it names
-- source: item_now (temporary), core.unit_scope
-- traps: few installations have such items; an item that counts only in level and whole gets the code of its level

update item_now as i
set unit_code = s.scope_code
from core.unit_scope(cast(:last_day as date)) as s
where
    i.indicator_code = cast(:code as text)
    and i.basis = cast(:basis as text)
    and i.unit_code = s.unit_code
    and s.root_code = cast(:root as text)
    and i.counted_on >= s.from_date
    and i.counted_on <= s.to_date
    and s.scope_code <> s.unit_code
