-- grain: one row for each procedure at a unit that an indicator could count: unit_code, counted_on, item, reason
-- source: core.procedure_at, core.procedure_in_force, core.procedure_elsewhere
-- counts: every procedure of the newest list, or, for decisions, every decision of the period. The statement around this one takes away
--        what the indicator's own SQL counts; `reason` says of the others what they lack
-- traps: a reason is the first that applies. A procedure that another source counts has the reason `duplicate_source`

with version as materialized (
    select distinct on (p.unit_code, p.procedure_code) p.*
    from core.procedure_at(cast(:source as text), cast(:end_at as timestamptz), cast(:known_at as timestamptz)) as p
    where p.procedure_code is not null
    order by p.unit_code asc, p.procedure_code asc, p.valid_from desc
),

in_force as materialized (
    select p.*
    from core.procedure_in_force(
        cast(:source as text), cast(:last_day as date), cast(:end_at as timestamptz), cast(:known_at as timestamptz)
    ) as p
),

listed_elsewhere as materialized (
    select distinct
        e.unit_code,
        e.procedure_code
    from core.procedure_elsewhere(cast(:source as text)) as e
)

select
    v.unit_code,
    cast(null as date) as counted_on,
    v.procedure_code as item,
    case
        when f.procedure_code is null and e.procedure_code is not null then 'duplicate_source'
        when f.procedure_code is null then 'not_in_force'
        when cast(:code as text) = 'online_service_coverage_rate' and not coalesce(f.is_online_eligible, false) then 'not_eligible'
        when cast(:code as text) = 'online_payment_procedure_rate' and not coalesce(f.has_fee, false) then 'no_fee'
        when
            cast(:code as text) = 'procedure_portal_sync_rate'
            and not coalesce(f.published_date <= cast(:last_day as date), false)
            then 'not_published'
        else 'definition'
    end as reason
from version as v
left join in_force as f on v.unit_code = f.unit_code and v.procedure_code = f.procedure_code
left join listed_elsewhere as e on v.unit_code = e.unit_code and v.procedure_code = e.procedure_code
where cast(:code as text) <> 'procedure_update_timely_rate'
union all
select
    p.unit_code,
    p.decision_date as counted_on,
    p.procedure_code || ' ' || p.decision_date as item,
    case
        when bool_or(e.procedure_code is not null) then 'duplicate_source'
        when max(p.published_date) is null then 'limit_not_passed'
        else 'definition'
    end as reason
from core.procedure_at(cast(:source as text), cast(:end_at as timestamptz), cast(:known_at as timestamptz)) as p
left join listed_elsewhere as e on p.unit_code = e.unit_code and p.procedure_code = e.procedure_code
where
    cast(:code as text) = 'procedure_update_timely_rate'
    and p.procedure_code is not null
    and p.decision_date >= cast(:start_date as date)
    and p.decision_date <= cast(:last_day as date)
group by p.unit_code, p.procedure_code, p.decision_date
