-- grain: one row for each level and field: columns 3 to 13 of form II.06a and its two footnotes
-- source: mart.form_06a_dossier, core.vietnamese_order
-- traps: readers without rights on core call it, so it runs with the rights of its owner and a fixed search_path. PostgreSQL stores no
--        comments of arguments and columns: they stand in the comment of the function, a line each

create or replace function mart.form_06a(period_kind text, period_start date, scope text default 'all', source text default null)
returns table (
    level text,
    field_code text,
    field_name text,
    received_count bigint,
    received_online_count bigint,
    received_otherwise_count bigint,
    carried_over_count bigint,
    finished_count bigint,
    early_count bigint,
    on_time_count bigint,
    late_count bigint,
    open_count bigint,
    open_in_time_count bigint,
    open_past_due_count bigint,
    returned_count bigint,
    without_due_count bigint
)
language sql stable security definer
set search_path = pg_catalog, pg_temp
as $$
select
    d.level,
    d.field_code,
    d.field_name,
    count(*) as received_count,
    count(*) filter (where not d.is_carried_over and d.channel = 'online') as received_online_count,
    count(*) filter (where not d.is_carried_over and d.channel <> 'online') as received_otherwise_count,
    count(*) filter (where d.is_carried_over) as carried_over_count,
    count(*) filter (where d.state in ('early', 'on_time', 'late')) as finished_count,
    count(*) filter (where d.state = 'early') as early_count,
    count(*) filter (where d.state = 'on_time') as on_time_count,
    count(*) filter (where d.state = 'late') as late_count,
    count(*) filter (where d.state in ('open_in_time', 'open_past_due')) as open_count,
    count(*) filter (where d.state = 'open_in_time') as open_in_time_count,
    count(*) filter (where d.state = 'open_past_due') as open_past_due_count,
    count(*) filter (where d.is_returned) as returned_count,
    count(*) filter (where d.is_without_due) as without_due_count
from mart.form_06a_dossier(form_06a.period_kind, form_06a.period_start, form_06a.scope, form_06a.source) as d
group by d.level, d.field_code, d.field_name
order by d.level desc, core.vietnamese_order(d.field_name) collate "C" nulls last, d.field_code collate "C" nulls last
$$;
comment on function mart.form_06a is 'Form II.06a/VPCP/KSTT at T of now: rows by field within level; columns 3 to 13 in their order, then the footnotes n returned and n without a due (docs/reference/indicators.md#91-form-ii06avpcpkstt) | Biểu II.06a: theo lĩnh vực trong từng cấp
period_kind: month, quarter, half_year, nine_months, year, report_month, report_quarter | Loại kỳ
period_start: First day of the period | Ngày đầu kỳ
scope: A unit, level:district, level:commune, or all | Đơn vị, cấp, hoặc toàn bộ
source: One source of the dossiers; null = all of them | Nguồn dữ liệu
level: district, commune | Cấp
field_code: Field | Mã lĩnh vực
field_name: Column 2: its name in this level | Cột 2: lĩnh vực, theo tên ở cấp này
received_count: Column 3: 4 + 5 + 6 | Cột 3: tổng số tiếp nhận
received_online_count: Column 4: received in the period online | Cột 4: trong kỳ, trực tuyến
received_otherwise_count: Column 5: received in the period in person or by post | Cột 5: trong kỳ, trực tiếp và bưu chính
carried_over_count: Column 6: carried over from before | Cột 6: từ kỳ trước
finished_count: Column 7: 8 + 9 + 10 | Cột 7: đã giải quyết
early_count: Column 8: finished before the due day | Cột 8: trước hạn
on_time_count: Column 9: finished on the due day | Cột 9: đúng hạn
late_count: Column 10: finished after the due day | Cột 10: quá hạn
open_count: Column 11: 12 + 13 | Cột 11: đang giải quyết
open_in_time_count: Column 12: open in time | Cột 12: trong hạn
open_past_due_count: Column 13: open past due | Cột 13: quá hạn
returned_count: Footnote: returned, in column 9 | Ghi chú: trả lại
without_due_count: Footnote: finished without a due, in column 9 | Ghi chú: không có hạn';
