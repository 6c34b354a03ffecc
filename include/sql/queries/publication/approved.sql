-- grain: one row for each open restatement of the edition before, approved by a new edition
-- source: mart.restatement
-- traps: the restatement stays stored, with its approver and the edition that has the new value

update mart.restatement as r
set
    state = 'approved',
    ended_at = cast(:now as timestamptz),
    approved_by = cast(:approved_by as text),
    note = cast(:note as text),
    republished_as = cast(:republished_as as bigint)
where r.publication_id = cast(:publication_id as bigint) and r.state = 'open'
