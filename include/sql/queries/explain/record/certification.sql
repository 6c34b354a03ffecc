-- grain: one row for each asked item, a unit that certifies copies, with its kind
-- source: asked (the items of the statement around this one), core.unit_at
-- traps: the dossiers by which a unit certifies are those of ecertified_copy_count on the basis year_to_date

select
    a.*,
    cast(null as text) as dossier_code,
    cast(null as text) as procedure_code,
    cast(null as text) as procedure_name,
    cast(null as date) as received_date,
    cast(null as date) as due_date,
    cast(null as date) as first_due_date,
    cast(null as date) as ended_date,
    cast(null as bigint) as late_days,
    u.kind as state,
    jsonb_build_object('kind', u.kind, 'level', u.level) as facts
from asked as a
left join lateral core.unit_at(a.last_day) as u on a.item = u.unit_code
