-- grain: one row for each unit of a publication, as it is called on D
-- source: core.unit_at, mart.publication_value
-- traps: written once, when the period is frozen; a unit that is renamed afterwards keeps its name here

insert into mart.publication_unit (publication_id, unit_code, name, level, kind)
select
    cast(:publication_id as bigint) as publication_id,
    u.unit_code,
    u.name,
    u.level,
    u.kind
from core.unit_at(cast(:last_day as date)) as u
where
    exists (
        select 1
        from mart.publication_value as v
        where v.publication_id = cast(:publication_id as bigint) and v.unit_code = u.unit_code
    )
order by u.unit_code
