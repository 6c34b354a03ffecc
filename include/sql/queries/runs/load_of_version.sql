-- grain: one row for each loaded delivery of a source, its newest load: since a T, or read under a version of the profile
-- source: ops.load
-- traps: a delivery that was read again under another version counts under that one alone

with delivery as (
    select distinct on (coalesce(landing_path, cast(load_id as text)))
        load_id,
        window_to,
        profile_version
    from ops.load
    where source_code = :source and status = 'loaded'
    order by coalesce(landing_path, cast(load_id as text)) asc, load_id desc
)

select load_id
from delivery
where
    (cast(:since as timestamptz) is null or window_to >= cast(:since as timestamptz))
    and (cast(:version as text) is null or profile_version = cast(:version as text))
order by load_id
