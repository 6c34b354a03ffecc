-- grain: one row for each source and entity behind a figure: the newest load that was loaded, and how many there were
-- source: ops.load, core.source, ops.source_clock
-- traps: only loads up to known_at of the source. Day files are one entity: the newest file is shown

with loaded as (
    select
        l.*,
        count(*) over (partition by l.source_code, l.entity) as load_count,
        row_number() over (partition by l.source_code, l.entity order by l.window_to desc, l.load_id desc) as place
    from ops.load as l
    inner join ops.source_clock as c on l.source_code = c.source_code and l.window_to <= c.known_at
    where l.source_code = any(cast(:sources as text[])) and l.status = 'loaded'
)

select
    l.source_code,
    s.name_vi,
    l.entity,
    l.load_id,
    l.file_name,
    l.window_to,
    l.ended_at,
    l.landed,
    l.quarantined,
    l.load_count
from loaded as l
left join core.source as s on l.source_code = s.source_code
where l.place = 1
order by l.source_code, l.entity
