-- grain: one row for each date of a decision whose limit for publication passed between two values of known_at while a procedure was not
--        published
-- source: core.procedure_at, core.working_day
-- traps: procedure_update_timely_rate counts such a procedure from then on, in the month of the decision. The temporary table lives
--        until the end of the transaction

create temp table limit_passed on commit drop as
with decided as (
    select distinct p.decision_date
    from core.procedure_at(cast(:source as text), cast(:known_at as timestamptz), cast(:known_at as timestamptz)) as p
    where p.decision_date is not null and p.published_date is null
),

limited as (
    select
        d.decision_date,
        (
            select w.day
            from core.working_day as w
            where w.day > d.decision_date and w.is_working
            order by w.day
            limit 1 offset 4
        ) as limit_date
    from decided as d
),

limit_passed as (
    select
        l.decision_date,
        cast(l.limit_date + 1 as timestamp) at time zone cast(:zone as text) as passed_at
    from limited as l
)

select p.decision_date as from_date
from limit_passed as p
where p.passed_at > cast(:previous as timestamptz) and p.passed_at <= cast(:known_at as timestamptz)
