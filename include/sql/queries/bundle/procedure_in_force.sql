-- grain: one row for each procedure in force at a unit on the last day
-- source: core.procedure_in_force

select
    cast(:source as text) as source_code,
    p.procedure_code,
    p.unit_code,
    p.published_date,
    p.service_level,
    p.is_online_eligible,
    p.has_fee,
    p.has_online_payment,
    p.has_sample_dossier,
    p.is_synced_to_portal
from core.procedure_in_force(
    cast(:source as text), cast(:last_day as date), cast(:end_at as timestamptz), cast(:known_at as timestamptz)
) as p
