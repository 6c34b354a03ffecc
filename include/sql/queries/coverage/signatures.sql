-- grain: one row for each unit that is expected to send data: unit_code, has_sent
-- source: core.leader_in_post, core.signature; the full definition is in docs/reference/indicators.md
-- counts: expected is every unit with a leader in post on last_day (D, the last counted day of the period). A unit has sent if one of its
--        leaders signed in the period
-- clocks: the time of signing (ThoiDiemKy) lies at or after start_at and before end_at (J, the end of the period, or known_at if that is
--        earlier)
-- traps: a signature counts at every unit where its signer is in post on last_day, wherever it was made and whether or not it is valid

select
    l.unit_code,
    bool_or(
        exists (
            select 1
            from core.signature as s
            where
                s.source_code = cast(:source as text)
                and s.person_code = l.person_code
                and s.signed_at >= cast(:start_at as timestamptz)
                and s.signed_at < cast(:end_at as timestamptz)
        )
    ) as has_sent
from core.leader_in_post(cast(:source as text), cast(:last_day as date), cast(:known_at as timestamptz)) as l
group by l.unit_code
