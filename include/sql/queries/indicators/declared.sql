-- grain: one row for each declared figure of the month of the last day: unit_code, counted_on, item, is_numerator, numerator,
--        denominator, is_approved
-- source: core.declared_figure_at; the full definition is in docs/reference/indicators.md
-- counts: a file gives the state since 1 January at the end of its month, as numerator (TuSo) and denominator (MauSo). All indicators
--        that units declare share this statement
-- clocks: the month is that of last_day (D, the last counted day of the period), whatever the kind of period and the basis. The files are
--        those known at known_at (T, the moment up to which the source is known)
-- traps: a month without a figure does not take the figure of an earlier month. A newer file of a unit and month replaces the older one
--        as a whole. The item contains the figure, so that a changed figure in the same cell is another item

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
