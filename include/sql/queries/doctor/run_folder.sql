-- grain: one row for each run, as its folder in landing is called, whether a load names this folder, and whether the run is in work
-- source: ops.extract, ops.load
-- traps: a retry names the folder of the run that it reads again

with named as (
    select distinct split_part(landing_path, '/', 1) || '/' || split_part(landing_path, '/', 2) as folder
    from ops.load
    where landing_path is not null
)

select
    e.source_code || '/' || lpad(cast(e.extract_id as text), 8, '0') as folder,
    n.folder is not null as is_named,
    e.status = 'running' as is_running
from ops.extract as e
left join named as n on e.source_code || '/' || lpad(cast(e.extract_id as text), 8, '0') = n.folder
