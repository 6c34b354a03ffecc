-- grain: one row for each run that needs its staging tables no longer, of one source or (null) of all
-- source: ops.extract
-- traps: a failed run may be resumed until a newer run of its source and kind is opened

select e.extract_id
from ops.extract as e
where
    (cast(:source as text) is null or e.source_code = :source)
    and (
        e.status in ('complete', 'blocked', 'superseded', 'withdrawn')
        or (
            e.status = 'failed'
            and exists (
                select 1
                from ops.extract as n
                where n.source_code = e.source_code and n.kind = e.kind and n.extract_id > e.extract_id
            )
        )
    )
