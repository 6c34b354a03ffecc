-- grain: one row a hole: time of a source and entity between two stretches that nobody asked for
-- source: ops.covered_stretch
-- traps: what lies before a base is no hole, it was asked for without a lower end; where there is no base the first stretch leaves a hole
--        (from_at null)

create or replace view ops.coverage_hole as
with placed as (
    select
        s.source_code,
        s.entity,
        s.from_at,
        s.is_base,
        lag(s.to_at) over (partition by s.source_code, s.entity order by s.from_at) as to_before,
        bool_or(s.is_base) over (
            partition by s.source_code, s.entity order by s.from_at rows between unbounded preceding and 1 preceding
        ) as has_base_before,
        bool_or(s.is_base) over (partition by s.source_code, s.entity) as has_base
    from ops.covered_stretch as s
)

select
    p.source_code,
    p.entity,
    p.to_before as from_at,
    p.from_at as to_at
from placed as p
where (coalesce(p.has_base_before, false) and not p.is_base) or (not p.has_base);
comment on view ops.coverage_hole is 'One row an entity of a source and stretch of change time that was never asked for, between or before what was';
comment on column ops.coverage_hole.source_code is 'Source';
comment on column ops.coverage_hole.entity is 'Entity; * where the extracts do not tell them apart';
comment on column ops.coverage_hole.from_at is 'Where the hole begins (inclusive); null = everything before its end was never asked for';
comment on column ops.coverage_hole.to_at is 'Where it ends (exclusive): what was asked for behind it';
