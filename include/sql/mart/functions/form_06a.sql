-- grain: one row for each level and field: columns 3 to 13 of form II.06a and its two footnotes
-- source: core.form_06a_group, core.vietnamese_order
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
    g.level,
    g.field_code,
    g.field_name,
    sum(g.dossier_count) as received_count,
    coalesce(sum(g.dossier_count) filter (where not g.is_carried_over and g.channel = 'online'), 0) as received_online_count,
    coalesce(sum(g.dossier_count) filter (where not g.is_carried_over and g.channel <> 'online'), 0) as received_otherwise_count,
    coalesce(sum(g.dossier_count) filter (where g.is_carried_over), 0) as carried_over_count,
    coalesce(sum(g.dossier_count) filter (where g.state in ('early', 'on_time', 'late')), 0) as finished_count,
    coalesce(sum(g.dossier_count) filter (where g.state = 'early'), 0) as early_count,
    coalesce(sum(g.dossier_count) filter (where g.state = 'on_time'), 0) as on_time_count,
    coalesce(sum(g.dossier_count) filter (where g.state = 'late'), 0) as late_count,
    coalesce(sum(g.dossier_count) filter (where g.state in ('open_in_time', 'open_past_due')), 0) as open_count,
    coalesce(sum(g.dossier_count) filter (where g.state = 'open_in_time'), 0) as open_in_time_count,
    coalesce(sum(g.dossier_count) filter (where g.state = 'open_past_due'), 0) as open_past_due_count,
    coalesce(sum(g.dossier_count) filter (where g.is_returned), 0) as returned_count,
    coalesce(sum(g.dossier_count) filter (where g.is_without_due), 0) as without_due_count
from core.form_06a_group(form_06a.period_kind, form_06a.period_start, form_06a.scope, form_06a.source) as g
where g.is_in_scope
group by g.level, g.field_code, g.field_name
order by g.level desc, core.vietnamese_order(g.field_name) collate "C" nulls last, g.field_code collate "C" nulls last
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
