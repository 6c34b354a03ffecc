-- grain: one row for each assessment of a procedure that is not empty: unit_code, counted_on, item, is_numerator
-- source: core.assessment; plan 53, target T21 (section 2.1); the full definition is in docs/reference/indicators.md
-- counts: the denominator is every assessment made in the period that has a rating. The numerator is those rated rat_hai_long or hai_long
-- clocks: the time of the assessment lies at or after start_at and before end_at (J, the end of the period, or known_at if that is
--        earlier). Everything else is read as known at known_at (T, the moment up to which the source is known)
-- traps: an empty assessment is neither in the numerator nor in the denominator. The unit is that of the assessment itself. The
--        indicator also counts the answers of the survey (procedure_satisfaction_rate__survey.sql), up to the end_at of their own
--        sources

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
