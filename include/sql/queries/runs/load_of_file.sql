-- grain: one row for each delivery under the name of a file, its newest load that is loaded, or else its newest load
-- source: ops.load
-- traps: a retry reads the landing of the load that it retries, so both are one delivery

with delivery as (
    select distinct on (coalesce(landing_path, cast(load_id as text)))
        load_id,
        source_code,
        status,
        window_to,
        status = 'loaded' as is_loaded
    from ops.load
    where file_name = :file_name and (cast(:source as text) is null or source_code = :source)
    order by coalesce(landing_path, cast(load_id as text)) asc, (status = 'loaded') desc, load_id desc
)

select
    load_id,
    source_code,
    status,
    window_to,
    is_loaded
from delivery
order by load_id
