-- grain: one row a counted item: unit_code, counted_on, item, is_numerator
-- source: core.assessment; plan 53 T21 (2.1); indicators.md §4
-- traps: what was left empty is in neither side; by their own unit. The survey sheets of this indicator are those of
--        procedure_satisfaction_rate__survey.sql, cut at the J of their own sources

select
    a.unit_code,
    cast(a.assessed_at at time zone cast(:zone as text) as date) as counted_on,
    a.assessment_code as item,
    a.rating_code in ('rat_hai_long', 'hai_long') as is_numerator
from core.assessment as a
where
    a.source_code = cast(:source as text)
    and a.assessed_at >= cast(:start_at as timestamptz)
    and a.assessed_at < cast(:end_at as timestamptz)
    and a.rating_code is not null
