-- grain: one row for each unit, procedure and date of a decision: unit_code, counted_on, item, is_numerator
-- source: core.procedure_at, core.procedure_elsewhere, core.working_day; plan 53, target T03a (section 2.1); the full definition is in
--        docs/reference/indicators.md
-- counts: the denominator is every decision about a procedure that was published, or whose limit has passed. The numerator is those
--        published on or before the fifth working day after the decision
-- clocks: the date of the decision lies from start_date to last_day (D, the last counted day of the period), both included. The date of
--        publication and whether the limit has passed are judged at known_at (T, the moment up to which the source is known), and not
--        cut at the end of the period
-- traps: several versions of a procedure with one date of decision are one item. A decision that is not published and whose limit has
--        not passed is neither in the numerator nor in the denominator. Of several sources that list a decision, the first in
--        alphabetical order counts it

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
