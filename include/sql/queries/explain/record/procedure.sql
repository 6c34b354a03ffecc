-- grain: one row for each asked item, a procedure at a unit, with the facts by which it counts
-- source: asked (the items of the statement around this one), core.procedure_at
-- traps: the item of a decision is the code of the procedure and the date of the decision. Of several versions the one in force on the
--        last day is shown, else the newest

with clock as (
    select distinct
        a.source_code,
        a.end_at,
        a.known_at,
        a.last_day
    from asked as a
),

-- materialized: the code of the procedure is cut out once for each item, not once for each pair that is compared
coded as materialized (
    select
        a.*,
        split_part(a.item, ' ', 1) as procedure_code
    from asked as a
),

version as materialized (
    select distinct on (c.source_code, p.unit_code, p.procedure_code)
        c.source_code,
        p.*
    from clock as c
    cross join lateral core.procedure_at(c.source_code, c.end_at, c.known_at) as p
    order by
        c.source_code asc, p.unit_code asc, p.procedure_code asc,
        p.valid_from <= c.last_day and (p.valid_to is null or p.valid_to >= c.last_day) desc, p.valid_from desc
)

select
    a.*,
    cast(null as text) as dossier_code,
    v.procedure_name,
    v.decision_date as received_date,
    cast(null as date) as due_date,
    cast(null as date) as first_due_date,
    v.published_date as ended_date,
    cast(null as bigint) as late_days,
    v.status_code as state,
    jsonb_build_object(
        'valid_from', v.valid_from,
        'valid_to', v.valid_to,
        'decision_date', v.decision_date,
        'published_date', v.published_date,
        'service_level', v.service_level,
        'is_online_eligible', v.is_online_eligible,
        'has_fee', v.has_fee,
        'has_online_payment', v.has_online_payment,
        'has_sample_dossier', v.has_sample_dossier,
        'is_synced_to_portal', v.is_synced_to_portal
    ) as facts
from coded as a
left join version as v
    on a.source_code = v.source_code and a.named_code = v.unit_code and a.procedure_code = v.procedure_code
