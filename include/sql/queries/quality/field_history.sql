-- grain: one row for each load and field of the newest extract that brought records of an entity, with the totals of all loads before it
-- source: ops.load_field, ops.load
-- traps: loads with few records are left out of the spread, because their shares vary by chance; in a table every record has all columns,
--        so only the values show that a field is delivered

with counted as (
    select
        l.entity, l.extract_id, l.load_id, l.file_name, l.window_to, f.field, f.record_count, f.present_count, f.filled_count,
        f.differing_count,
        case
            when l.file_name ~* '\.(csv|xlsx)(\.gz)?$' then coalesce(f.filled_count, f.present_count)
            else f.present_count
        end as shown_count,
        f.filled_count / nullif(cast(f.record_count as double precision), 0) as share,
        max(l.extract_id) over (partition by l.entity) as newest
    from ops.load_field as f
    inner join ops.load as l on f.load_id = l.load_id
    where
        l.source_code = :source and l.status = 'loaded'
        and exists (select 1 from ops.load_field as o where o.load_id = l.load_id and o.record_count > 0)
),

before as (
    select
        entity,
        field,
        sum(record_count) as records,
        sum(present_count) as present,
        sum(shown_count) as shown,
        sum(filled_count) as filled,
        sum(filled_count) filter (where differing_count is not null) as compared,
        sum(differing_count) as differed,
        count(*) filter (where record_count >= :enough_records) as spread_loads,
        avg(share) filter (where record_count >= :enough_records) as spread_mean,
        var_pop(share) filter (where record_count >= :enough_records) as spread_variance,
        avg(1.0 / nullif(record_count, 0)) filter (where record_count >= :enough_records) as spread_chance,
        max(window_to) filter (where present_count > 0) as last_seen
    from counted
    where extract_id < newest
    group by entity, field
)

select
    c.entity,
    c.extract_id,
    c.load_id,
    c.file_name,
    c.window_to,
    c.field,
    c.record_count,
    c.present_count,
    c.filled_count,
    c.differing_count,
    b.compared,
    b.differed,
    b.records,
    b.present,
    b.shown,
    b.filled,
    b.spread_loads,
    b.spread_mean,
    b.spread_variance,
    b.spread_chance,
    b.last_seen,
    (select max(o.records) from before as o where o.entity = c.entity) as records_before
from counted as c
left join before as b on c.entity = b.entity and c.field = b.field
where c.extract_id = c.newest
order by c.entity, c.load_id, c.field
