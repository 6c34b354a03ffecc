-- A stand-in of mart.form_06a for warehouses that lack it: the identities hold, pauses and left-out dossiers as in mart.dossier.
create function mart.form_06a(period_kind text, period_start date, scope text default 'all')
returns table (
    level text, field_code text, field_name text, received_count bigint, received_online_count bigint, received_otherwise_count bigint,
    carried_over_count bigint, finished_count bigint, early_count bigint, on_time_count bigint, late_count bigint, open_count bigint,
    open_in_time_count bigint, open_past_due_count bigint, returned_count bigint, without_due_count bigint
)
language sql stable
as $$
with span as (
    select
        period_start as first_day,
        cast(
            period_start
            + case period_kind
                when 'month' then interval '1 month'
                when 'report_month' then interval '1 month'
                when 'quarter' then interval '3 months'
                when 'report_quarter' then interval '3 months'
                when 'half_year' then interval '6 months'
                when 'nine_months' then interval '9 months'
                else interval '1 year'
            end as date
        ) as end_day
)
select
    u.level,
    d.field_code,
    max(d.field_name),
    count(*),
    count(*) filter (where d.received_date >= s.first_day and d.channel = 'online'),
    count(*) filter (where d.received_date >= s.first_day and d.channel <> 'online'),
    count(*) filter (where d.received_date < s.first_day),
    count(*) filter (where d.finished_date < s.end_day),
    count(*) filter (where d.finished_date < s.end_day and d.timeliness = 'early' and d.outcome <> 'returned'),
    count(*) filter (where d.finished_date < s.end_day and (d.outcome = 'returned' or d.timeliness = 'on_time' or d.timeliness is null)),
    count(*) filter (where d.finished_date < s.end_day and d.timeliness = 'late' and d.outcome <> 'returned'),
    count(*) filter (where d.finished_date is null or d.finished_date >= s.end_day),
    count(*) filter (where (d.finished_date is null or d.finished_date >= s.end_day) and not coalesce(d.due_date < s.end_day - 1, false)),
    count(*) filter (where (d.finished_date is null or d.finished_date >= s.end_day) and coalesce(d.due_date < s.end_day - 1, false)),
    count(*) filter (where d.finished_date < s.end_day and d.outcome = 'returned'),
    count(*) filter (where d.finished_date < s.end_day and d.outcome <> 'returned' and d.due_date is null)
from mart.dossier as d
inner join span as s on true
inner join core.unit as u on d.unit_code = u.unit_code and u.root_code = 'H19.16'
where
    d.is_counted and d.received_date < s.end_day and (d.finished_date is null or d.finished_date >= s.first_day)
    and (scope = 'all' or scope = u.unit_code or scope = 'level:' || u.level)
group by u.level, d.field_code
$$;
