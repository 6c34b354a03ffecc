-- grain: one row for each delivery of an entity that may have repeated what the loads to be withdrawn said, its newest load
-- source: ops.load
-- traps: rows that are equal are stored once, under the earlier known_at, so what a later delivery repeated has to be read again. Of dated
--        files only the same day and revision can repeat, of day files and lists only the same known_at. A load without an unchanged row
--        repeated nothing, except where it was loaded before the one to be withdrawn

with delivery as (
    select
        max(l.load_id) as load_id,
        l.file_name,
        l.window_to,
        l.landing_path,
        l.manifest ->> 'file_date' as file_date,
        l.manifest ->> 'revision' as revision,
        bool_or(l.unchanged > 0) as has_repeated
    from ops.load as l
    where
        l.source_code = :source and l.entity = :entity and l.status = 'loaded' and l.landed > 0
        and not l.load_id = any(cast(:load_ids as bigint []))
    group by
        coalesce(l.landing_path, cast(l.load_id as text)),
        l.file_name,
        l.window_to,
        l.landing_path,
        l.manifest ->> 'file_date',
        l.manifest ->> 'revision'
)

select
    d.load_id,
    d.file_name,
    d.window_to,
    d.landing_path
from delivery as d
where exists (
    select 1
    from ops.load as w
    where
        w.load_id = any(cast(:load_ids as bigint [])) and w.source_code = :source and w.entity = :entity and w.status = 'loaded'
        and d.window_to >= w.window_to
        and case cast(:merge as text)
            when 'dated_files'
                then (d.file_date, d.revision) is not distinct from (w.manifest ->> 'file_date', w.manifest ->> 'revision')
            when 'day_files' then d.window_to = w.window_to
            when 'list' then d.window_to = w.window_to
            else d.has_repeated or d.load_id < w.load_id
        end
)
order by d.window_to, d.load_id
