-- grain: one row in unit_count (temporary) for each basis of a period, indicator, unit and stretch of days: the sum of its half months
-- source: ops.half_month_count
-- traps: a span is the half months from `first` to `last`, both included; one without items has no row

insert into unit_count (period_number, basis, indicator_code, unit_code, counted_on, numerator, denominator)
select
    a.period_number,
    a.basis,
    a.indicator_code,
    nullif(c.unit_code, '') as unit_code,
    c.from_date as counted_on,
    sum(c.numerator) as numerator,
    sum(c.denominator) as denominator
from jsonb_to_recordset(cast(:asked as jsonb)) as a (
    period_number integer, basis text, indicator_code text, context text, first date, last date
)
inner join ops.half_month_count as c
    on a.context = c.context and a.first <= c.half_month and a.last >= c.half_month and c.source_code = cast(:source as text)
group by a.period_number, a.basis, a.indicator_code, c.unit_code, c.from_date
