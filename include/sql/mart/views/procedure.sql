-- grain: one row for each version of a procedure at a unit, as known now, with the days for which it holds
-- source: core.procedure_now, core.unit, mart.code_label
-- traps: several rows a procedure: one a unit, and one a version; those that hold on a day have valid_from <= day and no earlier valid_to

create or replace view mart.procedure as
select
    p.source_code,
    p.procedure_code,
    p.procedure_name,
    p.field_code,
    p.unit_code,
    u.name as unit_name,
    u.level,
    p.valid_from,
    p.valid_to,
    p.status_code,
    st.name_vi as status_vi,
    p.decision_date,
    p.published_date,
    p.service_level,
    sl.name_vi as service_level_vi,
    p.is_online_eligible,
    p.has_fee,
    p.has_online_payment,
    p.yields_document,
    p.is_certification,
    p.has_sample_dossier,
    p.is_synced_to_portal
from core.procedure_now() as p
left join core.unit as u on p.unit_code = u.unit_code
left join mart.code_label as st on p.status_code = st.code and st.code_list = 'procedure_status'
left join mart.code_label as sl on cast(p.service_level as text) = sl.code and sl.code_list = 'service_level';
comment on view mart.procedure is 'One row a version of a procedure at a unit, with the days for which it holds | Mỗi phiên bản của một thủ tục tại một đơn vị một dòng';
comment on column mart.procedure.source_code is 'Source, as its profile is named | Nguồn dữ liệu';
comment on column mart.procedure.procedure_code is 'First d.dddddd of MaTTHC | Mã thủ tục';
comment on column mart.procedure.procedure_name is 'TenTTHC | Tên thủ tục';
comment on column mart.procedure.field_code is 'MaLinhVuc | Mã lĩnh vực';
comment on column mart.procedure.unit_code is 'Unit that it applies to | Đơn vị áp dụng';
comment on column mart.procedure.unit_name is 'Its name now | Tên đơn vị áp dụng';
comment on column mart.procedure.level is 'Its level: district, commune | Cấp';
comment on column mart.procedure.valid_from is 'First day | Hiệu lực từ';
comment on column mart.procedure.valid_to is 'Last day; null = open | Hiệu lực đến';
comment on column mart.procedure.status_code is 'cong_khai, bai_bo | Trạng thái';
comment on column mart.procedure.status_vi is 'The same in words | Trạng thái, bằng lời';
comment on column mart.procedure.decision_date is 'NgayQuyetDinhCongBo | Ngày quyết định công bố';
comment on column mart.procedure.published_date is 'NgayCongKhai | Ngày công khai';
comment on column mart.procedure.service_level is 'MucDo 2, 3, 4 | Mức độ dịch vụ';
comment on column mart.procedure.service_level_vi is 'The same in words | Mức độ dịch vụ, bằng lời';
comment on column mart.procedure.is_online_eligible is 'Whether the law lets it be handled online | Đủ điều kiện trực tuyến';
comment on column mart.procedure.has_fee is 'Whether a fee or charge is due | Có phí, lệ phí';
comment on column mart.procedure.has_online_payment is 'Whether it can be paid online | Có thanh toán trực tuyến';
comment on column mart.procedure.yields_document is 'Whether its result is a document | Có kết quả giấy tờ';
comment on column mart.procedure.is_certification is 'Whether it certifies copies or signatures | Là chứng thực';
comment on column mart.procedure.has_sample_dossier is 'Whether a sample dossier is shown | Có hồ sơ mẫu';
comment on column mart.procedure.is_synced_to_portal is 'Whether the portal of the province has it | Đã đồng bộ cổng tỉnh';
