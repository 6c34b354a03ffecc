-- grain: one row for each source: its known_at (T), the moment up to which it was extracted without a hole
-- source: ops.covered_stretch
-- traps: the earliest of its entities; if one entity has no base extract, the source has no row and no known_at

create or replace view ops.source_clock as
with reaching as (
    select
        s.source_code,
        s.entity,
        max(s.to_at) filter (where s.is_base) as known_at,
        min(s.from_at) filter (where s.is_base) as from_at
    from ops.covered_stretch as s
    group by s.source_code, s.entity
)

select
    r.source_code,
    min(r.known_at) as known_at,
    max(r.from_at) = '-infinity' as is_complete_from_start,
    nullif(max(r.from_at), '-infinity') as earliest_from
from reaching as r
group by r.source_code
having count(*) = count(r.known_at);
comment on view ops.source_clock is 'One row a source: its T, the end of what is covered without a hole back to all that is expected. No row: no T yet';
comment on column ops.source_clock.source_code is 'Source';
comment on column ops.source_clock.known_at is 'T: end of the covered stretch that reaches back without a hole; of several entities the earliest';
comment on column ops.source_clock.is_complete_from_start is 'Whether everything before T was asked for';
comment on column ops.source_clock.earliest_from is 'Where not: the first day that the profile expects, from which everything was asked for';
