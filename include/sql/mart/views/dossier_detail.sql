-- grain: one row for each dossier: mart.dossier with the names of units and the words of its codes
-- source: mart.dossier, core.unit, mart.code_label, core.own_unit
-- traps: count `where is_counted`, as the indicators do. A login of a unit sees the rows of its unit alone
--        (docs/guides/roles.md)

create or replace view mart.dossier_detail with (security_barrier) as
select
    d.dossier_id,
    d.source_code,
    d.dossier_code,
    d.other_dossier_code,
    d.unit_code,
    u.name as unit_name,
    u.level,
    ul.name_vi as level_vi,
    d.receiving_unit_code,
    r.name as receiving_unit_name,
    d.procedure_code,
    d.procedure_name,
    d.field_code,
    d.field_name,
    d.channel,
    ch.name_vi as channel_vi,
    d.applicant_kind_code,
    ak.name_vi as applicant_kind_vi,
    d.service_level,
    sl.name_vi as service_level_vi,
    d.status_code,
    st.name_vi as status_vi,
    d.submitted_at,
    d.received_at,
    d.received_date,
    cast(date_trunc('month', d.received_date) as date) as received_month,
    d.finished_at,
    d.finished_date,
    cast(date_trunc('month', d.finished_date) as date) as finished_month,
    d.outcome,
    oc.name_vi as outcome_vi,
    d.due_at,
    d.due_date,
    d.first_due_at,
    d.first_due_date,
    d.timeliness,
    ti.name_vi as timeliness_vi,
    d.first_timeliness,
    ft.name_vi as first_timeliness_vi,
    case when d.timeliness = 'late' then d.finished_date - d.due_date end as late_day_count,
    case when d.finished_date is not null then d.finished_date - d.received_date end as handling_day_count,
    d.is_digitized,
    d.has_signed_result,
    d.supplement_count,
    d.apology_count,
    d.paid_online_code,
    po.name_vi as paid_online_vi,
    d.is_counted,
    d.left_out_reason,
    lo.name_vi as left_out_reason_vi,
    d.left_out_rules,
    d.deleted_at
from mart.dossier as d
left join core.unit as u on d.unit_code = u.unit_code
left join core.unit as r on d.receiving_unit_code = r.unit_code
left join mart.code_label as ul on u.level = ul.code and ul.code_list = 'unit_level'
left join mart.code_label as ch on d.channel = ch.code and ch.code_list = 'dossier_channel'
left join mart.code_label as ak on cast(d.applicant_kind_code as text) = ak.code and ak.code_list = 'applicant_kind'
left join mart.code_label as sl on cast(d.service_level as text) = sl.code and sl.code_list = 'service_level'
left join mart.code_label as st on cast(d.status_code as text) = st.code and st.code_list = 'dossier_status'
left join mart.code_label as oc on d.outcome = oc.code and oc.code_list = 'outcome'
left join mart.code_label as ti on d.timeliness = ti.code and ti.code_list = 'timeliness'
left join mart.code_label as ft on d.first_timeliness = ft.code and ft.code_list = 'timeliness'
left join mart.code_label as po on cast(d.paid_online_code as text) = po.code and po.code_list = 'paid_online'
left join mart.code_label as lo on d.left_out_reason = lo.code and lo.code_list = 'left_out_reason'
where case when (select core.own_unit()) is null then true else d.unit_code = (select core.own_unit()) end;
comment on view mart.dossier_detail is 'One row a dossier: mart.dossier with the names of units and the words of its codes, without personal data | Mỗi hồ sơ một dòng, có tên đơn vị và diễn giải mã, không có dữ liệu cá nhân';
comment on column mart.dossier_detail.dossier_id is 'Number of the dossier | Số nội bộ của hồ sơ';
comment on column mart.dossier_detail.source_code is 'Source, as its profile is named | Nguồn dữ liệu';
comment on column mart.dossier_detail.dossier_code is 'MaHoSo | Mã hồ sơ';
comment on column mart.dossier_detail.other_dossier_code is 'MaHoSoKhac | Mã hồ sơ khác';
comment on column mart.dossier_detail.unit_code is 'Handling unit | Đơn vị xử lý';
comment on column mart.dossier_detail.unit_name is 'Its name now | Tên đơn vị xử lý hiện nay';
comment on column mart.dossier_detail.level is 'Its level: district, commune | Cấp';
comment on column mart.dossier_detail.level_vi is 'The same in words | Cấp, bằng lời';
comment on column mart.dossier_detail.receiving_unit_code is 'Receiving unit | Đơn vị tiếp nhận';
comment on column mart.dossier_detail.receiving_unit_name is 'Its name now | Tên đơn vị tiếp nhận';
comment on column mart.dossier_detail.procedure_code is 'Procedure d.dddddd | Mã thủ tục';
comment on column mart.dossier_detail.procedure_name is 'Its name | Tên thủ tục';
comment on column mart.dossier_detail.field_code is 'Field | Mã lĩnh vực';
comment on column mart.dossier_detail.field_name is 'Its name | Tên lĩnh vực';
comment on column mart.dossier_detail.channel is 'online, post, in_person | Kênh nộp';
comment on column mart.dossier_detail.channel_vi is 'The same in words | Kênh nộp, bằng lời';
comment on column mart.dossier_detail.applicant_kind_code is '1 citizen, 2 enterprise, 3 state body, 4 other | Đối tượng';
comment on column mart.dossier_detail.applicant_kind_vi is 'The same in words | Đối tượng, bằng lời';
comment on column mart.dossier_detail.service_level is 'Online level at submission: 2, 3, 4 | Mức độ dịch vụ';
comment on column mart.dossier_detail.service_level_vi is 'The same in words | Mức độ dịch vụ, bằng lời';
comment on column mart.dossier_detail.status_code is 'TrangThaiHoSo as it stands | Trạng thái hiện tại';
comment on column mart.dossier_detail.status_vi is 'The same in words | Trạng thái, bằng lời';
comment on column mart.dossier_detail.submitted_at is 'Submitted | Thời điểm nộp';
comment on column mart.dossier_detail.received_at is 'Officially accepted | Thời điểm tiếp nhận';
comment on column mart.dossier_detail.received_date is 'Its local date | Ngày tiếp nhận';
comment on column mart.dossier_detail.received_month is 'First day of its month | Tháng tiếp nhận';
comment on column mart.dossier_detail.finished_at is 'Finished at (docs/reference/indicators.md#32-finished); null = open | Thời điểm kết thúc xử lý';
comment on column mart.dossier_detail.finished_date is 'Its local date | Ngày kết thúc';
comment on column mart.dossier_detail.finished_month is 'First day of its month | Tháng kết thúc';
comment on column mart.dossier_detail.outcome is 'resolved, returned, stopped; null = open | Kết quả';
comment on column mart.dossier_detail.outcome_vi is 'The same in words | Kết quả, bằng lời';
comment on column mart.dossier_detail.due_at is 'Due: of a finished dossier as it stood at the end of the finish day, of an open one as it stands | Thời điểm hẹn trả';
comment on column mart.dossier_detail.due_date is 'Its local date | Ngày hẹn trả';
comment on column mart.dossier_detail.first_due_at is 'First due | Thời điểm hẹn trả đầu tiên';
comment on column mart.dossier_detail.first_due_date is 'Its local date | Ngày hẹn trả đầu tiên';
comment on column mart.dossier_detail.timeliness is 'Of a finished dossier: early, on_time, late; null = open or without a due | Đúng hạn hay không';
comment on column mart.dossier_detail.timeliness_vi is 'The same in words | Đúng hạn hay không, bằng lời';
comment on column mart.dossier_detail.first_timeliness is 'The same against the first due | Đúng hạn theo ngày hẹn đầu tiên';
comment on column mart.dossier_detail.first_timeliness_vi is 'The same in words | Đúng hạn theo ngày hẹn đầu tiên, bằng lời';
comment on column mart.dossier_detail.late_day_count is 'Of a late dossier: calendar days from the due day to the day of the finish | Số ngày trễ (ngày lịch)';
comment on column mart.dossier_detail.handling_day_count is 'Of a finished dossier: calendar days from the reception to the finish | Số ngày giải quyết (ngày lịch)';
comment on column mart.dossier_detail.is_digitized is 'At least one paper digitised, with a file | Có thành phần hồ sơ được số hóa';
comment on column mart.dossier_detail.has_signed_result is 'At least one signed electronic result that is no submitted paper | Có kết quả điện tử ký số';
comment on column mart.dossier_detail.supplement_count is 'Supplement rounds | Số lần yêu cầu bổ sung';
comment on column mart.dossier_detail.apology_count is 'Apology letters | Số lần xin lỗi';
comment on column mart.dossier_detail.paid_online_code is '0 no, 1 national portal, 2 provincial gateway | Thanh toán trực tuyến';
comment on column mart.dossier_detail.paid_online_vi is 'The same in words | Thanh toán trực tuyến, bằng lời';
comment on column mart.dossier_detail.is_counted is 'Whether it counts in indicators | Được tính vào chỉ tiêu';
comment on column mart.dossier_detail.left_out_reason is 'Why it does not count: deleted, critical, not_received, duplicate_source | Lý do không tính';
comment on column mart.dossier_detail.left_out_reason_vi is 'The same in words | Lý do không tính, bằng lời';
comment on column mart.dossier_detail.left_out_rules is 'Critical rules that its newest version breaks | Quy tắc vi phạm';
comment on column mart.dossier_detail.deleted_at is 'When it was deleted, or the extract that found it gone | Thời điểm bị xóa';
