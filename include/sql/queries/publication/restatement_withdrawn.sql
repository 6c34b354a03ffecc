-- grain: one row for each open restatement whose difference is gone
-- source: difference (temporary), mart.restatement
-- traps: only the indicators in `listed` are checked. The row stays stored

update mart.restatement as r
set
    state = 'withdrawn',
    ended_at = cast(:now as timestamptz)
where
    r.publication_id = cast(:publication_id as bigint)
    and r.state = 'open'
    and r.indicator_code in (select l.code from jsonb_to_recordset(cast(:listed as jsonb)) as l (code text))
    and not exists (
        select 1
        from difference as d
        where d.unit_code = r.unit_code and d.indicator_code = r.indicator_code and d.basis = r.basis
    )
