-- grain: one row for each dossier that a source lists and that is not stored
-- source: ops.missing_key
-- traps: its unit is not known, because its record is missing

select
    k.source_code,
    k.month_start,
    k.dossier_code,
    k.first_seen_at
from ops.missing_key as k
order by k.month_start, k.dossier_code
