-- grain: one row for each moment: the hash of the order in which the lists of procedures are looked through as of it
-- source: core.procedure_list
-- traps: core.procedure_at takes from J nothing but this order: the flags of an entry are those of the newest list fetched at or before J,
--        or of the oldest list that has it if there is none. Moments with equal hashes have the same procedures, so they are read once. A
--        list that comes again with the same content changes no order

with list as (
    select
        m.moment,
        l.source_code,
        l.list_hash,
        max(l.fetched_at) filter (where l.fetched_at <= m.moment) as last_at_j,
        min(l.fetched_at) as first_at
    from unnest(cast(:moments as timestamptz[])) as m (moment)
    left join core.procedure_list as l
        on l.source_code = any(cast(:sources as text[])) and l.fetched_at <= cast(:known_at as timestamptz)
    group by m.moment, l.source_code, l.list_hash
)

select
    l.moment,
    md5(
        coalesce(
            string_agg(l.source_code || ' ' || l.list_hash, ';' order by l.source_code asc, l.last_at_j desc nulls last, l.first_at asc), ''
        )
    ) as order_hash
from list as l
group by l.moment
