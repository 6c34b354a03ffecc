-- grain: one row for each entry of ops.quarantine that a new validation of the loads replaces
-- source: ops.quarantine, failing (temporary: row and rule), judged_row (temporary: the staged rows)
-- traps: entries that a newer delivery had resolved are also replaced if the row fails again; the load resolves them again

delete from ops.quarantine as q
where
    q.load_id = any(:load_ids)
    and (
        q.resolved_at is null
        or (q.load_id, q.line, q.rule) in (
            select
                j._load_id,
                j._line,
                f.rule
            from failing as f
            inner join judged_row as j on f._row = j._row
        )
    )
