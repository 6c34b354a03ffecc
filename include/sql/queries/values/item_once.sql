-- grain: one row for each unit and item that several sources of a role have, if the indicator counts an item once
-- source: item_now (temporary)
-- traps: the item is in the numerator if one source counts it there; the rows of the other sources are deleted

with ranked as (
    select
        i.ctid as row_id,
        row_number() over (partition by i.unit_code, i.item order by i.is_numerator desc) as place
    from item_now as i
    where i.indicator_code = cast(:code as text) and i.basis = cast(:basis as text)
)

delete from item_now as i
using ranked as r
where i.ctid = r.row_id and r.place > 1
