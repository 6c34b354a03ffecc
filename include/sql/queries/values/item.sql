-- grain: one row for each item that an indicator counts from one source, with the unit for which it counts
-- source: counted_item (the rows of the indicator's SQL, which stands before this statement), core.unit_scope
-- traps: an item without a day counts for the unit that it names; an item that counts only in level and whole gets the code of its level.
--        An item of which nothing says whether it is in the numerator is not in it, as where items are counted

insert into item_now (indicator_code, basis, unit_code, item, is_numerator, counted_on)
with elsewhere as materialized (
    select
        s.unit_code,
        s.from_date,
        s.to_date,
        s.scope_code
    from core.unit_scope(cast(:last_day as date)) as s
    where s.root_code = cast(:root as text) and s.scope_code <> s.unit_code
)

select
    cast(:code as text) as indicator_code,
    cast(:basis as text) as basis,
    coalesce(e.scope_code, c.unit_code) as unit_code,
    c.item,
    coalesce(c.is_numerator, false) as is_numerator,
    c.counted_on
from counted_item as c
left join elsewhere as e on c.unit_code = e.unit_code and c.counted_on >= e.from_date and c.counted_on <= e.to_date
