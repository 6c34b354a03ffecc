-- grain: one row for each supplement round of a dossier, by its newest version
-- source: judged_version (temporary), its supplements
-- traps: only the dossiers of ops.dirty_dossier are written; the caller deletes their former rows first

insert into core.dossier_supplement (
    dossier_id, round_number, source_code, round_code, asked_at, received_back_at, due_before_at, due_after_at
)
select
    j.dossier_id,
    r.round_number,
    j.source_code,
    r.item ->> 'round_code' as round_code,
    cast(r.item ->> 'asked_at' as timestamptz) as asked_at,
    cast(r.item ->> 'received_back_at' as timestamptz) as received_back_at,
    cast(r.item ->> 'due_before_at' as timestamptz) as due_before_at,
    cast(r.item ->> 'due_after_at' as timestamptz) as due_after_at
from judged_version as j
cross join lateral jsonb_array_elements(j.supplements) with ordinality as r (item, round_number)
where j._is_current and j.failed_rules is null and j.supplements <> cast('[]' as jsonb)
