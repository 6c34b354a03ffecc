-- grain: one row: the hash of the units, on which every count of a half month depends
-- source: core.unit_on_day
-- traps: counts are kept by the stretches of days of core.unit_on_day, so another stretch is another count

select
    md5(
        coalesce(string_agg(concat_ws('|', o.unit_code, o.from_date, o.to_date, o.counted_code), ';' order by o.unit_code, o.from_date), '')
    ) as units
from core.unit_on_day as o
