-- grain: one load, which is set to loaded with what became of its rows
-- source: bind values

update ops.load set
    status = 'loaded',
    inserted = :inserted,
    updated = :updated,
    unchanged = :unchanged,
    replaced = :replaced,
    keyless = :keyless,
    ended_at = :now,
    seconds = extract(epoch from cast(:now as timestamptz) - started_at)
where load_id = :load_id
