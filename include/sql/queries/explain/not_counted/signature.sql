-- grain: one row for each post of a leader that any known list has: unit_code, counted_on, item, reason
-- source: core.leader_list, core.leader_list_item, core.unit
-- counts: every person who has or had a post. The statement around this one takes away the leaders in post on the last day; `reason` says
--        of the others why they are none
-- traps: a reason is the first that applies

with newest as (
    select distinct on (i.unit_code, i.person_code)
        i.unit_code,
        i.person_code,
        i.from_date,
        i._failed_rules
    from core.leader_list as l
    inner join core.leader_list_item as i on l.list_hash = i.list_hash
    where l.source_code = cast(:source as text) and l.fetched_at <= cast(:known_at as timestamptz)
    order by i.unit_code asc, i.person_code asc, l.fetched_at desc, i.from_date desc
)

select
    n.unit_code,
    cast(null as date) as counted_on,
    n.person_code as item,
    case
        when n._failed_rules is not null then 'critical'
        when u.valid_from > cast(:last_day as date) or u.valid_to < cast(:last_day as date) then 'unit_not_valid'
        when n.from_date > cast(:last_day as date) then 'not_yet_in_post'
        else 'not_in_post'
    end as reason
from newest as n
inner join core.unit as u on n.unit_code = u.unit_code
