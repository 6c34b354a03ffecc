-- grain: one row for each source and kind of list whose newest list has entries in force of units that have ended
-- source: core.procedure_list, core.procedure_list_item, core.leader_list, core.leader_list_item, core.unit, ops.source_clock,
--         core.authority
-- traps: such an entry counts nowhere, and no successor has it: a list says what is so now, and names the unit that is meant. The day is that
--        of T of the source

with listed as (
    select
        l.source_code,
        'procedures' as entity,
        i.procedure_code as item,
        i.unit_code,
        i.valid_from as from_date,
        i.valid_to as to_date
    from (
        select distinct on (n.source_code) n.source_code, n.list_hash
        from core.procedure_list as n
        order by n.source_code asc, n.fetched_at desc
    ) as l
    inner join core.procedure_list_item as i on l.list_hash = i.list_hash
    where i._failed_rules is null and i.procedure_code is not null and i.status_code is distinct from 'bai_bo'
    union all
    select
        l.source_code,
        'leaders' as entity,
        i.post_name as item,
        i.unit_code,
        i.from_date,
        i.to_date
    from (
        select distinct on (n.source_code) n.source_code, n.list_hash
        from core.leader_list as n
        order by n.source_code asc, n.fetched_at desc
    ) as l
    inner join core.leader_list_item as i on l.list_hash = i.list_hash
    where i._failed_rules is null
),

clock as (
    select
        c.source_code,
        cast(c.known_at at time zone (select a.zone from core.authority as a) as date) as known_on
    from ops.source_clock as c
)

select
    e.source_code,
    e.entity,
    count(*) as entry_count,
    min(e.unit_code) as unit_code,
    (array_agg(e.item order by e.unit_code, e.item))[1] as item,
    (array_agg(u.valid_to order by e.unit_code))[1] as ended_on
from listed as e
inner join clock as c on e.source_code = c.source_code
inner join core.unit as u on e.unit_code = u.unit_code
where u.valid_to < c.known_on and e.from_date <= c.known_on and (e.to_date is null or e.to_date >= c.known_on)
group by e.source_code, e.entity
order by e.source_code, e.entity
