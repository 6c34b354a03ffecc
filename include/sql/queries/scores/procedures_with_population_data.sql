-- grain: one row for each unit and procedure with a dossier received in the period: unit_code, counted_on, item, is_numerator
-- source: mart.dossier, core.unit_on_day, core.dossier_version (the newest, for its databases); Decision 766, population data
-- counts: the denominator is every procedure of a unit with a dossier received in the period. The numerator is those with a dossier with
--        data of the population database
-- clocks: the time of reception lies at or after start_at and before end_at (J, the end of the period, or known_at if that is earlier)
-- traps: the unit is the one for which the dossier counts. If the unit of the dossier did not exist on the day of reception, that is its
--        successor

with received as (
    select
        coalesce(o.counted_code, d.unit_code) as unit_code,
        -- a dossier for which no unit counts is placed by its day; the others are placed here
        case when o.counted_code is null then d.received_date end as counted_on,
        d.procedure_code,
        exists (
            select 1
            from jsonb_array_elements(coalesce(v.databases, cast('[]' as jsonb))) as b (item)
            where b.item ->> 'database_code' = any(cast(:population_codes as text []))
        ) as has_population_data
    from mart.dossier as d
    inner join core.dossier_version as v on d.dossier_id = v.dossier_id and v._is_current
    inner join core.unit_on_day as o
        on
            d.unit_code = o.unit_code
            and d.received_date >= o.from_date
            and d.received_date <= o.to_date
    where
        d.source_code = cast(:source as text)
        and d.is_counted
        and d.received_at >= cast(:start_at as timestamptz)
        and d.received_at < cast(:end_at as timestamptz)
        and d.procedure_code is not null
)

select
    r.unit_code,
    min(r.counted_on) as counted_on,
    r.procedure_code as item,
    bool_or(r.has_population_data) as is_numerator
from received as r
group by r.unit_code, r.counted_on is null, r.procedure_code
