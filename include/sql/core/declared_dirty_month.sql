-- grain: one row for each month to compute again: the month of each delivered workbook, and the same month a year later
-- source: declared_file_delivered (temporary: the files of one extract)
-- traps: a figure counts in its own month, and the year after is compared with it; months before `:first_day` have no value of another source

insert into ops.dirty_month (source_code, month_start, reason, marked_at)
select distinct
    cast(:source as text) as source_code,
    cast(n.month_start + make_interval(years => y.years) as date) as month_start,
    'declared figures that changed' as reason,
    cast(:now as timestamptz) as marked_at
from declared_file_delivered as n
cross join (values (0), (1)) as y (years)
where
    cast(n.month_start + make_interval(years => y.years) as timestamp) at time zone :zone < cast(:marked_until as timestamptz)
    and n.month_start + make_interval(years => y.years) >= cast(:first_day as date)
on conflict (source_code, month_start) do update set reason = excluded.reason, marked_at = excluded.marked_at
