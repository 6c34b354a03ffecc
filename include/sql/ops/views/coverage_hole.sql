-- grain: one row for each hole: a time window of a source and entity that was never extracted
-- source: ops.covered_stretch
-- traps: time before a base extract is no hole, because a base has no lower end; without a base, the time before the first window is a hole
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
