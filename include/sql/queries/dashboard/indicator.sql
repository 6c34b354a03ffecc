-- grain: one row for each indicator of the formula in force, with its words in both languages
-- source: core.indicator

select
    i.indicator_code,
    i.formula_version,
    i.kind,
    i.role,
    i.name_vi,
    i.name_en,
    i.numerator_vi,
    i.denominator_vi
from core.indicator as i
where i.ended_at is null and i.valid_to is null
