-- grain: one value for each call: the day after the last day of a period
-- source: kind and first day of the period
-- traps: a kind that does not exist, or a day on which no period of the kind begins, is an error and never null

create or replace function core.period_end(period_kind text, period_start date)
returns date
language plpgsql immutable
as $$
declare
    months integer := case period_kind
        when 'month' then 1 when 'report_month' then 1 when 'quarter' then 3 when 'report_quarter' then 3
        when 'half_year' then 6 when 'nine_months' then 9 when 'year' then 12 end;
    first_month integer := extract(month from period_start) - case when period_kind = 'report_quarter' then 12 else 1 end;
    first_day integer := case when period_kind like 'report%' then 15 else 1 end;
begin
    if months is null then
        raise exception '% is no kind of period; use month, quarter, half_year, nine_months, year, report_month, report_quarter', period_kind;
    end if;
    if period_start is null
        or extract(day from period_start) <> first_day
        or (period_kind in ('quarter', 'report_quarter', 'half_year') and first_month % months <> 0)
        or (period_kind in ('nine_months', 'year') and first_month <> 0) then
        raise exception 'no % begins on %', period_kind, period_start;
    end if;
    return cast(period_start + make_interval(months => months) as date);
end
$$;
comment on function core.period_end is 'Day after the last day of a period; an unknown kind or first day is an error | Ngày sau kỳ';
