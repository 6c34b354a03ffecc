-- grain: one row for each month whose periods may have other values because the records of some days changed
-- source: changed_day (temporary: ranges of days, from_date and to_date, both included; to_date null means no end)
-- traps: a day counts in the year to date of every later month of its year; a day from 15 December on also counts in the next report year
--        (Decree 09/2019/NĐ-CP), hence 17 days; least() and greatest() pass over a null, so an open end is asked for by itself

insert into ops.dirty_month (source_code, month_start, reason, marked_at)
with spanned as (
    select distinct
        cast(date_trunc('month', greatest(from_date, cast(:first_day as date))) as date) as first_month,
        least(
            case
                when to_date is null then cast('9999-01-01' as date)
                else cast(date_trunc('year', greatest(to_date, from_date) + 17) as date) + interval '11 months'
            end,
            date_trunc('month', cast((cast(:marked_until as timestamptz) - interval '1 microsecond') at time zone :zone as date))
        ) as last_month
    from changed_day
    where from_date is not null and coalesce(to_date >= cast(:first_day as date) - 31, true)
)

select distinct
    cast(:source as text) as source_code,
    cast(m as date) as month_start,
    cast(:reason as text) as reason,
    cast(:now as timestamptz) as marked_at
from spanned
cross join lateral generate_series(first_month, last_month, interval '1 month') as m
on conflict (source_code, month_start) do update set reason = excluded.reason, marked_at = excluded.marked_at
