-- grain: one row a counted item: unit_code, counted_on, item, is_numerator
-- source: core.leader_in_post, core.signature; plan 53 T37 (6.1); indicators.md §4
-- traps: the item is the person: one who holds two posts counts once in each scope; signed anywhere

with signed as (
    select distinct s.person_code
    from core.signature as s
    where
        s.source_code = cast(:source as text)
        and s.is_valid
        and s.signed_at >= cast(:start_at as timestamptz)
        and s.signed_at < cast(:end_at as timestamptz)
)

select
    l.unit_code,
    cast(null as date) as counted_on,
    l.person_code as item,
    s.person_code is not null as is_numerator
from core.leader_in_post(cast(:source as text), cast(:last_day as date), cast(:known_at as timestamptz)) as l
left join signed as s on l.person_code = s.person_code
