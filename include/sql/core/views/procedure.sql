-- grain: one row for each version of a procedure at a unit, as known now (effective-dated)
-- source: core.procedure_at at T of each source
-- traps: for another moment use core.procedure_at

create or replace view core.procedure as
select
    clock.source_code,
    p.*
from ops.source_clock as clock
cross join lateral core.procedure_at(clock.source_code, clock.known_at, clock.known_at) as p;
comment on view core.procedure is 'One row a version of a procedure at a unit, as known now (effective-dated) | Mỗi phiên bản thủ tục tại một đơn vị một dòng, theo hiểu biết hiện nay';
comment on column core.procedure.source_code is 'Source, as its profile is named | Nguồn dữ liệu, theo tên hồ sơ cấu hình';
comment on column core.procedure.procedure_code is 'Code of the procedure: the first d.dddddd of MaTTHC | Mã thủ tục: phần d.dddddd đầu';
comment on column core.procedure.unit_code is 'Unit that it applies to (MaDonVi) | Đơn vị áp dụng';
comment on column core.procedure.valid_from is 'First day (HieuLucTu) | Hiệu lực từ';
comment on column core.procedure.valid_to is 'Last day: HieuLucDen, or the day before the first list without it; null = open | Ngày cuối: hiệu lực đến, hoặc ngày trước danh sách đầu tiên không còn; trống = chưa hết';
comment on column core.procedure.listed_valid_to is 'Last day (HieuLucDen) as the newest list that has it says, inclusive | Hiệu lực đến theo danh sách mới nhất có thủ tục';
comment on column core.procedure.status_code is 'State (TrangThai): cong_khai published, bai_bo repealed | Trạng thái: công khai, bãi bỏ';
comment on column core.procedure.decision_date is 'Day of the decision that announces it (NgayQuyetDinhCongBo) | Ngày quyết định công bố';
comment on column core.procedure.published_date is 'Day of its publication (NgayCongKhai) | Ngày công khai';
comment on column core.procedure.procedure_name is 'Name of the procedure (TenTTHC) | Tên thủ tục';
comment on column core.procedure.field_code is 'Code of the field (MaLinhVuc) | Mã lĩnh vực';
comment on column core.procedure.service_level is 'Online level (MucDo) 2, 3, 4 | Mức độ dịch vụ';
comment on column core.procedure.is_online_eligible is 'Whether it may be handled online (DuDieuKienTrucTuyen) | Đủ điều kiện trực tuyến';
comment on column core.procedure.has_fee is 'Whether a fee or charge is due (CoPhiLePhi) | Có phí, lệ phí';
comment on column core.procedure.has_online_payment is 'Whether it can be paid online (ThanhToanTrucTuyen) | Có thanh toán trực tuyến';
comment on column core.procedure.yields_document is 'Whether its result is a document (CoKetQuaGiayTo) | Có kết quả giấy tờ';
comment on column core.procedure.is_certification is 'Whether it certifies copies or signatures (LaChungThuc) | Là chứng thực';
comment on column core.procedure.has_sample_dossier is 'Whether a sample dossier is shown (CoHoSoMau) | Có hồ sơ mẫu';
comment on column core.procedure.is_synced_to_portal is 'Whether the portal of the province has it (DaDongBoCongTinh) | Đã đồng bộ cổng tỉnh';
