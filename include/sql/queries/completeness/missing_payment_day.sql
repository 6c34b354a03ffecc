-- grain: one row for each source of payments that lacks some working days of the year of its newest day, with these days
-- source: core.payment_day, core.working_day
-- traps: a platform writes a file each day, so a day between others that nothing came for is a file that was lost, and not a day without
--        payments. A source that has fewer than five days of the year, or lacks half of the working days or more, sends in another rhythm

with newest as (
    select
        source_code,
        max(file_date) as last_day,
        greatest(min(file_date), cast(date_trunc('year', max(file_date)) as date)) as first_day
    from core.payment_day
    group by source_code
),

working as (
    select
        n.source_code,
        n.first_day,
        n.last_day,
        w.day,
        exists (select 1 from core.payment_day as d where d.source_code = n.source_code and d.file_date = w.day) as is_there
    from newest as n
    inner join core.working_day as w on n.first_day <= w.day and n.last_day >= w.day and w.is_working
)

select
    source_code,
    first_day,
    last_day,
    array_agg(day order by day) filter (where not is_there) as days
from working
group by source_code, first_day, last_day
having
    count(*) filter (where not is_there) > 0
    and count(*) filter (where is_there) >= 5
    and count(*) filter (where not is_there) * 2 < count(*)
order by source_code
