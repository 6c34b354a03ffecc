-- grain: one row, or none: the facts of a dossier as they are counted now
-- source: mart.dossier, core.unit_on_day, core.unit_span, core.procedure, core.source, core.duplicate_record
-- traps: the unit is named as on the day of reception; no personal data

select
    d.source_code,
    s.name_vi as source_name,
    d.dossier_code,
    d.other_dossier_code,
    d.unit_code,
    u.name as unit_name,
    coalesce(o.counted_code, d.unit_code) as counted_code,
    d.procedure_code,
    d.procedure_name,
    d.field_name,
    d.channel,
    d.status_code,
    d.submitted_at,
    d.received_at,
    d.finished_at,
    d.outcome,
    d.due_at,
    d.first_due_at,
    d.timeliness,
    d.first_timeliness,
    d.is_digitized,
    d.has_signed_result,
    d.supplement_count,
    d.apology_count,
    d.is_counted,
    d.left_out_reason,
    d.left_out_rules,
    d.deleted_at
from mart.dossier as d
left join core.source as s on d.source_code = s.source_code
left join core.unit_span as u
    on
        d.unit_code = u.unit_code
        and coalesce(d.received_date, current_date) >= u.from_date
        and coalesce(d.received_date, current_date) < u.before_date
left join core.unit_on_day as o
    on d.unit_code = o.unit_code and d.received_date >= o.from_date and d.received_date <= o.to_date
where d.dossier_id = cast(:dossier_id as bigint)
