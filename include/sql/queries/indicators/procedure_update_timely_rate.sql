-- grain: one row a counted item: unit_code, counted_on, item, is_numerator
-- source: core.procedure_at, core.procedure_elsewhere, core.working_day; plan 53 T03a (2.1); indicators.md §4
-- traps: one item a (unit, procedure, decision date); published as known at T; neither published nor past the limit at T: in no side

with decided as (
    select
        p.unit_code,
        p.procedure_code,
        p.decision_date,
        min(p.published_date) as published_date
    from core.procedure_at(cast(:source as text), cast(:end_at as timestamptz), cast(:known_at as timestamptz)) as p
    where
        p.procedure_code is not null
        and p.decision_date >= cast(:start_date as date)
        and p.decision_date <= cast(:last_day as date)
        -- a decision that several sources list counts where the first in the alphabet lists it
        and coalesce(
            (p.unit_code, p.procedure_code, p.decision_date) not in (
                select
                    e.unit_code,
                    e.procedure_code,
                    e.decision_date
                from core.procedure_elsewhere(cast(:source as text)) as e
                where cast(:source as text) > e.source_code
            ),
            true
        )
    group by p.unit_code, p.procedure_code, p.decision_date
),

limited as (
    select
        d.*,
        (
            select w.day
            from core.working_day as w
            where w.day > d.decision_date and w.is_working
            order by w.day
            limit 1 offset 4
        ) as limit_date
    from decided as d
)

select
    l.unit_code,
    l.decision_date as counted_on,
    l.procedure_code || ' ' || l.decision_date as item,
    coalesce(l.published_date <= l.limit_date, false) as is_numerator
from limited as l
where
    l.published_date is not null
    or cast(:known_at as timestamptz) >= cast(cast(l.limit_date + 1 as timestamp) as timestamp) at time zone cast(:zone as text)
