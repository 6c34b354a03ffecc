-- grain: one statement a change; what people read in mart needs no right on core
-- source: design.md §3 (roles); the functions of 0004, 0007 and 0009 that views and functions of mart call
-- traps: tables behind a view are read with the rights of the view's owner, but functions in it with those of who asks: a function
--        that mart calls runs with the rights of its owner, with a fixed search_path. Who may ask is decided by usage on the schema

alter function core.dossier_open_at(text, timestamptz, date) security definer set search_path = pg_catalog, pg_temp;
alter function mart.form_06a_dossier(text, date, text, text) security definer set search_path = pg_catalog, pg_temp;
alter function mart.form_06a(text, date, text, text) security definer set search_path = pg_catalog, pg_temp;

-- PostgreSQL keeps no comments of a function's arguments and columns: they stand in the comment of the function, a line each
comment on function mart.form_06a_dossier is 'One row a dossier that form II.06a counts in a period and scope, with where it counts: what stands behind each cell | Hồ sơ trong biểu II.06a
period_kind: month, quarter, half_year, nine_months, year, report_month, report_quarter | Loại kỳ
period_start: First day of the period | Ngày đầu kỳ
scope: A unit, level:district, level:commune, or all | Đơn vị, cấp, hoặc toàn bộ
source: Source of the dossiers | Nguồn dữ liệu
level: district, commune | Cấp
unit_code: Handling unit | Đơn vị xử lý
field_code: Field | Mã lĩnh vực
field_name: Its name, as the newest dossier of the field has it | Tên lĩnh vực
dossier_code: MaHoSo | Mã hồ sơ
channel: online, post, in_person | Kênh nộp
is_carried_over: Received before the period (column 6) | Từ kỳ trước
state: early, on_time, late; open_in_time, open_past_due | Trước hạn, đúng hạn, quá hạn; đang giải quyết
is_returned: Ended without a result for the applicant, counted as on time | Trả lại, được tính đúng hạn
is_without_due: Finished without a due, counted as on time | Không có hạn, được tính đúng hạn';

comment on function mart.form_06a is 'Form II.06a/VPCP/KSTT at T of now: rows by field within level; columns 3 to 13 in their order, then the footnotes n returned and n without a due (indicators.md §6) | Biểu II.06a: theo lĩnh vực trong từng cấp
period_kind: month, quarter, half_year, nine_months, year, report_month, report_quarter | Loại kỳ
period_start: First day of the period | Ngày đầu kỳ
scope: A unit, level:district, level:commune, or all | Đơn vị, cấp, hoặc toàn bộ
source: Source of the dossiers | Nguồn dữ liệu
level: district, commune | Cấp
field_code: Field | Mã lĩnh vực
field_name: Column 2: its name | Cột 2: lĩnh vực
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
