-- grain: one row a declared figure of the month of D: unit_code, counted_on, item, is_numerator, numerator, denominator, is_approved
-- source: core.declared_figure_at; contracts/secondary.md; indicators.md §4, last paragraph
-- traps: any period uses the month of D alone, no carry-forward; both bases are alike: a file is the state since 1 January.
--        The item says the figure too, so that another figure in the same cell is another item

select
    f.unit_code,
    cast(:last_day as date) as counted_on,
    concat_ws('', f.file_name, ', SoLieu!A', f.file_line, ': ' || concat_ws('/', f.numerator, f.denominator)) as item,
    true as is_numerator,
    f.numerator,
    f.denominator,
    f.is_approved
from core.declared_figure_at(
    cast(:source as text), cast(date_trunc('month', cast(:last_day as date)) as date), cast(:known_at as timestamptz)
) as f
where f.indicator_code = cast(:code as text)
