-- grain: one row for each dossier: its newest version, where that passes the checks
-- source: core.dossier_version
-- traps: only the newest version of a key; if it breaks a critical rule, the key is missing here, and no earlier version takes its
--        place; a deleted one is here, with deleted_at

create or replace view core.dossier as
select
    source_code,
    dossier_id,
    dossier_code,
    other_dossier_code,
    procedure_code_full,
    procedure_code,
    procedure_name,
    field_code,
    field_name,
    case_code,
    processing_time,
    processing_time_unit,
    service_level,
    channel_code,
    applicant_kind_code,
    applicant_key,
    unit_code,
    unit_name,
    receiving_unit_code,
    submitted_at,
    received_at,
    accept_due_at,
    due_at,
    processed_at,
    returned_at,
    refused_at,
    status_code,
    result_kind_code,
    return_method_code,
    submitted_on_code,
    has_digitized_part,
    is_vneid_verified,
    paid_online_code,
    papers,
    fees,
    supplements,
    results,
    databases,
    owner_ids,
    origin_tag,
    apology_count,
    deleted_at,
    _changed_at,
    _first_seen_at,
    _content_hash,
    _load_id
from core.dossier_version
where _is_current and _failed_rules is null;
comment on view core.dossier is 'One row a dossier: its newest version, where that passes the checks | Mỗi hồ sơ một dòng: phiên bản mới nhất, nếu đạt kiểm tra';
comment on column core.dossier.source_code is 'Source, as its profile is named | Nguồn dữ liệu, theo tên hồ sơ cấu hình';
comment on column core.dossier.dossier_id is 'Deterministic number of (source, dossier code) | Số nội bộ của hồ sơ, suy ra từ nguồn và mã hồ sơ';
comment on column core.dossier.dossier_code is 'Code of the dossier (MaHoSo) | Mã hồ sơ';
comment on column core.dossier.other_dossier_code is 'MaHoSoKhac: second code of the same dossier | Mã thứ hai của cùng hồ sơ';
comment on column core.dossier.procedure_code_full is 'Code of the procedure (MaTTHC) as delivered | Mã thủ tục như khi nhận';
comment on column core.dossier.procedure_code is 'Code of the procedure: the first d.dddddd of MaTTHC | Mã thủ tục: phần d.dddddd đầu';
comment on column core.dossier.procedure_name is 'Name of the procedure (TenTTHC) | Tên thủ tục';
comment on column core.dossier.field_code is 'Code of the field (MaLinhVuc) | Mã lĩnh vực';
comment on column core.dossier.field_name is 'Name of the field (TenLinhVuc) | Tên lĩnh vực';
comment on column core.dossier.case_code is 'Case of the procedure (MaTruongHop) | Mã trường hợp';
comment on column core.dossier.processing_time is 'Time that the procedure allows (ThoiGianThucHien) | Thời gian thực hiện';
comment on column core.dossier.processing_time_unit is 'Unit of that time (LoaiThoiGianThucHien): gio hours, ngay_lam_viec working days, ngay days, thang months | Loại thời gian: giờ, ngày làm việc, ngày, tháng';
comment on column core.dossier.service_level is 'Online level (MucDo): 2 information, 3 partly online, 4 fully online | Mức độ dịch vụ: 2 thông tin, 3 một phần, 4 toàn trình';
comment on column core.dossier.channel_code is 'Channel (KenhThucHien): 1 in person, 2 online, 3 public post | Kênh thực hiện: 1 trực tiếp, 2 trực tuyến, 3 bưu chính';
comment on column core.dossier.applicant_kind_code is 'Applicant (LoaiDoiTuong): 1 citizen, 2 enterprise, 3 state body, 4 other | Đối tượng: 1 công dân, 2 doanh nghiệp, 3 cơ quan nhà nước, 4 khác';
comment on column core.dossier.applicant_key is 'Keyed hash of the applicant''s identity number | Mã băm có khóa của số định danh người nộp';
comment on column core.dossier.unit_code is 'Handling unit (MaDonVi) | Đơn vị xử lý';
comment on column core.dossier.unit_name is 'Name of the handling unit (DonViXuLy) as delivered | Tên đơn vị xử lý như khi nhận';
comment on column core.dossier.receiving_unit_code is 'Receiving unit (MaDonViTiepNhan) | Đơn vị tiếp nhận';
comment on column core.dossier.submitted_at is 'Submitted (NgayNopHoSo) | Thời điểm nộp';
comment on column core.dossier.received_at is 'Officially accepted (NgayTiepNhan) | Thời điểm tiếp nhận';
comment on column core.dossier.accept_due_at is 'By when it had to be accepted (HanTiepNhan) | Hạn tiếp nhận';
comment on column core.dossier.due_at is 'Due (NgayHenTra) as this version has it | Ngày hẹn trả theo phiên bản này';
comment on column core.dossier.processed_at is 'Processing ended (NgayKetThucXuLy) | Thời điểm kết thúc xử lý';
comment on column core.dossier.returned_at is 'Result handed over (NgayTra) | Thời điểm trả kết quả';
comment on column core.dossier.refused_at is 'Refused (NgayTuChoi) | Thời điểm từ chối';
comment on column core.dossier.status_code is 'State (TrangThaiHoSo) 1 to 10; mart.code_label has the words | Trạng thái hồ sơ, 1 đến 10';
comment on column core.dossier.result_kind_code is 'Kind of result (LoaiKetQua): ket_qua result, tra_lai returned, xin_rut withdrawn, xin_loi apology; missing = ket_qua | Loại kết quả: kết quả, trả lại, xin rút, xin lỗi; trống = kết quả';
comment on column core.dossier.return_method_code is 'How the result is returned (HinhThuc): 0 counter, 1 post | Hình thức trả kết quả: 0 tại quầy, 1 bưu chính';
comment on column core.dossier.submitted_on_code is 'Where it was submitted (NoiNopHoSo): 1 national portal, 2 provincial system | Nơi nộp: 1 cổng quốc gia, 2 hệ thống của tỉnh';
comment on column core.dossier.has_digitized_part is 'Whether the source says that a paper is digitised (HoSoCoThanhPhanSoHoa) | Nguồn ghi có thành phần số hóa';
comment on column core.dossier.is_vneid_verified is 'Whether the account is verified by VNeID (TaiKhoanDuocXacThucVoiVNeID) | Tài khoản được xác thực với VNeID';
comment on column core.dossier.paid_online_code is 'Paid online (DuocThanhToanTrucTuyen): 0 no, 1 national portal, 2 provincial gateway | Thanh toán trực tuyến: 0 không, 1 cổng quốc gia, 2 cổng của tỉnh';
comment on column core.dossier.papers is 'Submitted papers: [{paper_code, path, is_deleted, is_digitized, reuse_code, is_from_store, replaced_by}]; path is a keyed hash | Thành phần hồ sơ; đường dẫn là mã băm có khóa';
comment on column core.dossier.fees is 'Fees: [{fee_code, fee_name, collected_code, amount_vnd, kind_code}] | Phí, lệ phí';
comment on column core.dossier.supplements is 'Supplement rounds: [{round_code, asked_at, received_back_at, due_before_at, due_after_at}] | Các lần yêu cầu bổ sung';
comment on column core.dossier.results is 'Results: [{paper_code, paper_name, path, is_signed}]; path is a keyed hash | Kết quả; đường dẫn là mã băm có khóa';
comment on column core.dossier.databases is 'Databases consulted: [{database_code}] | Cơ sở dữ liệu đã khai thác';
comment on column core.dossier.owner_ids is 'Kinds of the applicant''s identity papers: [{kind_code}] | Loại giấy tờ định danh của người nộp';
comment on column core.dossier.origin_tag is 'Kind of connected data (LoaiDuLieuKetNoi) | Loại dữ liệu kết nối';
comment on column core.dossier.apology_count is 'Apology letters (SoLanXinLoi) | Số lần xin lỗi';
comment on column core.dossier.deleted_at is 'When the source deleted it (DeletedOn) | Thời điểm nguồn xóa';
comment on column core.dossier._changed_at is 'Change time of this version (docs/reference/indicators.md#21-three-clocks) | Thời điểm thay đổi của phiên bản';
comment on column core.dossier._first_seen_at is 'T of the extract that delivered it (clock 3) | Mốc T của lần trích xuất đã nhận';
comment on column core.dossier._content_hash is 'Hash of the content; a version is stored once | Mã băm nội dung; mỗi phiên bản chỉ lưu một lần';
comment on column core.dossier._load_id is 'Load that brought it | Lần nạp đã nhận';
