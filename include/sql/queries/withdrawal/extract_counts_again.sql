-- grain: one row for each extract that was withdrawn with loads of a withdrawal: it counts again
-- source: ops.load, ops.withdrawn_load

update ops.extract as e
set status = 'complete'
where
    e.status = 'withdrawn'
    and exists (
        select 1
        from ops.load as l
        inner join ops.withdrawn_load as w on l.load_id = w.load_id
        where w.withdrawal_id = cast(:withdrawal_id as bigint) and l.extract_id = e.extract_id
    )
