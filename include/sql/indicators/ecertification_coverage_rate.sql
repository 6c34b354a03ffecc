-- grain: one row a counted item: unit_code, item, is_numerator
-- source: core.unit, mart.dossier, core.procedure_span; plan 53 T18, T19 (2.1); indicators.md §4
-- traps: always year to date; the item is the unit: communes valid at D, and of the district Phòng Tư pháp (H19.16.3) alone

with certifying as (
    select distinct d.unit_code
    from mart.dossier as d
    inner join core.procedure_span(cast(:source as text), cast(:end_at as timestamptz), cast(:known_at as timestamptz)) as p
        on
            d.procedure_code = p.procedure_code
            and d.unit_code = p.unit_code
            and d.received_date >= p.from_date
            and d.received_date < p.before_date
    where
        d.source_code = cast(:source as text)
        and d.is_counted
        and d.outcome = 'resolved'
        and d.finished_at >= cast(:year_start_at as timestamptz)
        and d.finished_at < cast(:end_at as timestamptz)
        and p.is_certification
        and d.has_signed_result
)

select
    u.unit_code,
    u.unit_code as item,
    c.unit_code is not null as is_numerator
from core.unit as u
left join certifying as c on u.unit_code = c.unit_code
where
    (u.kind = 'commune' or u.unit_code = 'H19.16.3')
    and u.valid_from <= cast(:last_day as date)
    and (u.valid_to is null or u.valid_to >= cast(:last_day as date))
