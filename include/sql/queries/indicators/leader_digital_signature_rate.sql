-- grain: one row for each post of a leader on the last day: unit_code, counted_on, item, is_numerator
-- source: core.leader_in_post, core.signature; plan 53, target T37 (section 6.1); the full definition is in docs/reference/indicators.md
-- counts: the denominator is every leader in post on the last day. The numerator is those with at least one valid signature in the
--        period, at whatever unit and with whatever certificate
-- clocks: signatures lie at or after start_at and before end_at (J, the end of the period, or known_at if that is earlier). Posts are
--        those of last_day (D, the last counted day of the period). Both are read as known at known_at (T, the moment up to which the
--        source is known)
-- traps: the item is the person: a leader with two posts has two rows, and counts once in each scope

select
    l.unit_code,
    cast(null as date) as counted_on,
    l.person_code as item,
    exists (
        select 1
        from core.signature as s
        where
            s.source_code = cast(:source as text)
            and s.person_code = l.person_code
            and s.is_valid
            and s.signed_at >= cast(:start_at as timestamptz)
            and s.signed_at < cast(:end_at as timestamptz)
    ) as is_numerator
from core.leader_in_post(cast(:source as text), cast(:last_day as date), cast(:known_at as timestamptz)) as l
