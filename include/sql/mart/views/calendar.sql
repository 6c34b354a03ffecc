-- grain: one row for each day that the list of working days knows
-- source: core.working_day
-- traps: the month of reports runs from the 15th of one month to the 14th of the next, and is named after the second

create or replace view mart.calendar as
select
    w.day,
    cast(extract(isodow from w.day) as integer) as weekday,
    case extract(isodow from w.day)
        when 1 then 'Thứ Hai'
        when 2 then 'Thứ Ba'
        when 3 then 'Thứ Tư'
        when 4 then 'Thứ Năm'
        when 5 then 'Thứ Sáu'
        when 6 then 'Thứ Bảy'
        else 'Chủ Nhật'
    end as weekday_vi,
    w.is_working,
    w.reason,
    cast(date_trunc('month', w.day) as date) as month_start,
    cast(date_trunc('quarter', w.day) as date) as quarter_start,
    cast(extract(year from w.day) as integer) as year,
    cast(date_trunc('month', w.day - interval '14 days' + interval '1 month') as date) as report_month
from core.working_day as w;
comment on view mart.calendar is 'One row a day: whether the civil service works, and the periods that it lies in | Mỗi ngày một dòng: ngày làm việc hay nghỉ, và các kỳ chứa ngày đó';
comment on column mart.calendar.day is 'Day | Ngày';
comment on column mart.calendar.weekday is '1 = Monday … 7 = Sunday | Thứ trong tuần';
comment on column mart.calendar.weekday_vi is 'The same in words | Thứ trong tuần, bằng lời';
comment on column mart.calendar.is_working is 'Whether it is a working day | Là ngày làm việc';
comment on column mart.calendar.reason is 'Holiday, weekend, or the legal basis of an override; null = an ordinary day | Lý do';
comment on column mart.calendar.month_start is 'First day of its month | Ngày đầu tháng';
comment on column mart.calendar.quarter_start is 'First day of its quarter | Ngày đầu quý';
comment on column mart.calendar.year is 'Its year | Năm';
comment on column mart.calendar.report_month is 'First day of the month that names its month of reports (15th to 14th) | Tháng báo cáo (15→14)';
