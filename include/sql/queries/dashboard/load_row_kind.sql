-- grain: one row for each kind of row that one load had: what became of the rows that were delivered, in the order in which that is decided
-- source: ops.load (the manifest of its landing, and the counts of the load)
-- traps: the kinds together are all rows that were read, but for the header; a row in quarantine is in one of the last kinds, too

select
    k.kind,
    k.row_count
from ops.load as l
cross join lateral (
    values
    (1, 'before_header', cast(l.manifest -> 'left_alone' ->> 'before_header' as bigint)),
    (2, 'below_header', cast(l.manifest -> 'left_alone' ->> 'below_header' as bigint)),
    (3, 'empty', cast(l.manifest -> 'left_alone' ->> 'empty' as bigint)),
    (4, 'repeated_headers', cast(l.manifest -> 'left_alone' ->> 'repeated_headers' as bigint)),
    (5, 'not_records', cast(l.manifest -> 'left_alone' ->> 'not_records' as bigint)),
    (6, 'below_end', cast(l.manifest -> 'left_alone' ->> 'below_end' as bigint)),
    (7, 'trailer', cast(jsonb_typeof(l.manifest -> 'trailer') = 'object' as integer)),
    (8, 'left_out', cast(l.manifest ->> 'left_out' as bigint)),
    (9, 'late', cast(l.manifest ->> 'late' as bigint)),
    (10, 'secret', cast(l.manifest ->> 'secret' as bigint)),
    (11, 'merged', cast(l.manifest ->> 'merged' as bigint)),
    (12, 'seen_before', cast(l.manifest ->> 'seen_before' as bigint)),
    (13, 'inserted', l.inserted),
    (14, 'updated', l.updated),
    (15, 'unchanged', l.unchanged),
    (16, 'replaced', l.replaced),
    (17, 'keyless', l.keyless),
    (18, 'not_loaded', l.landed - l.inserted - l.updated - l.unchanged - l.replaced - l.keyless)
) as k (place, kind, row_count)
where l.load_id = cast(:load as bigint) and k.row_count <> 0
order by k.place
