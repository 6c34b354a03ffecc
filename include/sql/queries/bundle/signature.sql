-- grain: one row for each person, day and validity of signatures in the days that a publication counts
-- source: core.signature
-- traps: how many signatures a person made on a day is not needed

select distinct
    s.source_code,
    s.person_code,
    cast(s.signed_at at time zone cast(:zone as text) as date) as signed_date,
    s.is_valid
from core.signature as s
where
    s.source_code = cast(:source as text)
    and s.signed_at >= cast(:start_at as timestamptz)
    and s.signed_at < cast(:end_at as timestamptz)
