-- grain: one row for each supplement round of a dossier
-- source: core.dossier_supplement

select
    r.round_number,
    r.asked_at,
    r.received_back_at,
    r.due_before_at,
    r.due_after_at
from core.dossier_supplement as r
where r.dossier_id = cast(:dossier_id as bigint)
order by r.round_number
