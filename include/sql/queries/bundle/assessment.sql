-- grain: one row for each assessment of a procedure that was made in the days that a publication counts
-- source: core.assessment

select
    a.source_code,
    a.assessment_code,
    a.unit_code,
    cast(a.assessed_at at time zone cast(:zone as text) as date) as assessed_date,
    a.rating_code
from core.assessment as a
where
    a.source_code = cast(:source as text)
    and a.assessed_at >= cast(:start_at as timestamptz)
    and a.assessed_at < cast(:end_at as timestamptz)
