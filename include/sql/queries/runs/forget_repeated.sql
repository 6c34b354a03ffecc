-- grain: one row for each entry of quarantine that only repeats others and whose load is older than `before`: removed
-- source: ops.quarantine, ops.load, ops.extract
-- traps: a record that is delivered wrong each day has an entry of each day. The first one says since when, so it stays, and the newest ones
--        say what is wrong now. One in between goes where an earlier entry of its key and rule was open all the time that it was. An entry
--        without a key stays: nothing says that two of them are about the same record

delete from ops.quarantine as q
using ops.load as l
inner join ops.extract as e on l.extract_id = e.extract_id
where
    q.load_id = l.load_id
    and coalesce(l.ended_at, e.ended_at, l.started_at) < cast(:before as timestamptz)
    and exists (
        select 1
        from ops.quarantine as o
        where
            o.source_code = q.source_code and o.entity = q.entity and o.key = q.key and o.rule = q.rule and o.action = q.action
            and (o.first_seen_at, o.quarantine_id) < (q.first_seen_at, q.quarantine_id)
            and coalesce(o.resolved_at, 'infinity') >= coalesce(q.resolved_at, 'infinity')
    )
    and exists (
        select 1
        from ops.quarantine as n
        where
            n.source_code = q.source_code and n.entity = q.entity and n.key = q.key and n.rule = q.rule
            and (n.first_seen_at, n.quarantine_id) > (q.first_seen_at, q.quarantine_id)
    )
