-- grain: one row for each kind of finding, in the order of lists
-- source: core.finding_kind

select
    k.finding_code,
    k.name_vi,
    k.name_en,
    k.meaning_vi
from core.finding_kind as k
order by k.finding_order
