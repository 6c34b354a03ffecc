-- grain: one row a unit expected to send: unit_code, has_sent
-- source: core.leader_in_post, core.signature; indicators.md §2
-- traps: expected are units with a leader in post at D; a signature counts at the units where its signer is in post at D

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
