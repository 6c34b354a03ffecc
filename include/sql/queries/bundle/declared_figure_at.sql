-- grain: one row for each declared figure of the month of the last day
-- source: core.declared_figure_at

select
    cast(:source as text) as source_code,
    f.unit_code,
    f.indicator_code,
    f.numerator,
    f.denominator,
    f.is_approved,
    f.file_name,
    f.file_line
from core.declared_figure_at(
    cast(:source as text), cast(date_trunc('month', cast(:last_day as date)) as date), cast(:known_at as timestamptz)
) as f
