-- grain: one row for each edition, unit, indicator and basis: the items in the numerator and the other items
-- source: item_now (temporary: the items as they are counted now)

insert into mart.publication_item (publication_id, unit_code, indicator_code, basis, numerator_items, other_items)
select
    :publication_id,
    unit_code,
    indicator_code,
    basis,
    coalesce(array_agg(item order by item) filter (where is_numerator), '{}') as numerator_items,
    coalesce(array_agg(item order by item) filter (where not is_numerator), '{}') as other_items
from item_now
where unit_code is not null
group by unit_code, indicator_code, basis
