-- grain: one row for each post of a leader held on the last day
-- source: core.leader_in_post

select
    cast(:source as text) as source_code,
    l.person_code,
    l.unit_code
from core.leader_in_post(cast(:source as text), cast(:last_day as date), cast(:known_at as timestamptz)) as l
