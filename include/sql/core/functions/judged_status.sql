-- grain: one value for each call: status of a value by its target; null without a target
-- source: numerator and denominator now and of the year before, the kind and operator of the target, the last day and the part of its
--         year in which the plan holds
-- traps: fractions are compared by cross multiplication and never divided; a target of kind direction needs the year before, else it has no
--        data. Every step is immutable, also the cast of a day to a timestamp without a zone: only then does PostgreSQL merge the function
--        into the statement that calls it for thousands of rows

create or replace function core.judged_status(
    target_kind text,
    operator text,
    target numeric,
    numerator numeric,
    denominator numeric,
    numerator_before numeric,
    denominator_before numeric,
    last_day date,
    year_start date,
    year_end date
)
returns text
language sql immutable parallel safe
as $$
select
    case
        when target_kind is null then null
        when numerator is null or denominator is null then 'no_data'
        when target_kind = 'direction' and (numerator_before is null or denominator_before is null) then 'no_data'
        when target_kind = 'direction' and operator = 'down' and numerator * denominator_before < numerator_before * denominator then 'met'
        when target_kind = 'direction' and operator = 'up' and numerator * denominator_before > numerator_before * denominator then 'met'
        when target_kind = 'direction' then 'missed'
        when numerator >= target * denominator then 'met'
        when target_kind <> 'milestone' or last_day >= year_end then 'missed'
        -- the period ends in the next year but that year has not begun: none of its target is due yet
        when last_day < year_start then 'on_pace'
        when
            numerator * (extract(month from year_end) - extract(month from year_start) + 1) * extract(day from date_trunc('month', cast(last_day as timestamp)) + interval '1 month' - interval '1 day')
            >= target * denominator * (
                (extract(month from last_day) - extract(month from year_start)) * extract(day from date_trunc('month', cast(last_day as timestamp)) + interval '1 month' - interval '1 day')
                + extract(day from last_day)
            )
            then 'on_pace'
        else 'behind'
    end
$$;
comment on function core.judged_status is 'Status of a value by its target: met, missed, on_pace, behind, no_data; null without a target. Exact: fractions are compared by multiplying out
target_kind: flow, stock, milestone, direction; null where no target stands
operator: of a direction: up, down
target: Target as a fraction; null for a direction
numerator: Numerator that decides; null where nothing is known
denominator: Denominator that decides; 1 for a count, null where there is no value
numerator_before: The same of the same period a year before, for a direction; null where that is not known
denominator_before: Its denominator
last_day: Last day judged (D)
year_start: First day on which the plan holds in the year of the period
year_end: Last day on which it holds in that year: until then a milestone is not missed, and its pace is counted in the months between';
