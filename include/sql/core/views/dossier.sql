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
comment on view core.dossier is 'One row a dossier: its newest version, where that passes the checks';
comment on column core.dossier.source_code is 'Source, as its profile is named';
comment on column core.dossier.dossier_id is 'Deterministic number of (source, dossier code)';
comment on column core.dossier.dossier_code is 'MaHoSo';
comment on column core.dossier.other_dossier_code is 'MaHoSoKhac: second code of the same dossier';
comment on column core.dossier.procedure_code_full is 'MaTTHC as delivered';
comment on column core.dossier.procedure_code is 'First d.dddddd of MaTTHC';
comment on column core.dossier.procedure_name is 'TenTTHC';
comment on column core.dossier.field_code is 'MaLinhVuc';
comment on column core.dossier.field_name is 'TenLinhVuc';
comment on column core.dossier.case_code is 'MaTruongHop';
comment on column core.dossier.processing_time is 'ThoiGianThucHien';
comment on column core.dossier.processing_time_unit is 'LoaiThoiGianThucHien: gio, ngay_lam_viec, ngay, thang';
comment on column core.dossier.service_level is 'MucDo: 2 information, 3 partly online, 4 fully online';
comment on column core.dossier.channel_code is 'KenhThucHien: 1 in person, 2 online, 3 public post';
comment on column core.dossier.applicant_kind_code is 'LoaiDoiTuong: 1 citizen, 2 enterprise, 3 state body, 4 other';
comment on column core.dossier.applicant_key is 'Keyed hash of the applicant''s identity number';
comment on column core.dossier.unit_code is 'MaDonVi: handling unit';
comment on column core.dossier.unit_name is 'DonViXuLy as delivered';
comment on column core.dossier.receiving_unit_code is 'MaDonViTiepNhan';
comment on column core.dossier.submitted_at is 'NgayNopHoSo';
comment on column core.dossier.received_at is 'NgayTiepNhan';
comment on column core.dossier.accept_due_at is 'HanTiepNhan';
comment on column core.dossier.due_at is 'NgayHenTra as this version has it';
comment on column core.dossier.processed_at is 'NgayKetThucXuLy';
comment on column core.dossier.returned_at is 'NgayTra';
comment on column core.dossier.refused_at is 'NgayTuChoi';
comment on column core.dossier.status_code is 'TrangThaiHoSo 1 to 10';
comment on column core.dossier.result_kind_code is 'LoaiKetQua: ket_qua, tra_lai, xin_rut, xin_loi; missing = ket_qua';
comment on column core.dossier.return_method_code is 'HinhThuc: 0 counter, 1 post';
comment on column core.dossier.submitted_on_code is 'NoiNopHoSo: 1 national portal, 2 provincial system';
comment on column core.dossier.has_digitized_part is 'HoSoCoThanhPhanSoHoa';
comment on column core.dossier.is_vneid_verified is 'TaiKhoanDuocXacThucVoiVNeID';
comment on column core.dossier.paid_online_code is 'DuocThanhToanTrucTuyen: 0 no, 1 national portal, 2 provincial gateway';
comment on column core.dossier.papers is 'Submitted papers: [{paper_code, path, is_deleted, is_digitized, reuse_code, is_from_store, replaced_by}]; path is a keyed hash';
comment on column core.dossier.fees is 'Fees: [{fee_code, fee_name, collected_code, amount_vnd, kind_code}]';
comment on column core.dossier.supplements is 'Supplement rounds: [{round_code, asked_at, received_back_at, due_before_at, due_after_at}]';
comment on column core.dossier.results is 'Results: [{paper_code, paper_name, path, is_signed}]; path is a keyed hash';
comment on column core.dossier.databases is 'Databases consulted: [{database_code}]';
comment on column core.dossier.owner_ids is 'Kinds of the applicant''s identity papers: [{kind_code}]';
comment on column core.dossier.origin_tag is 'LoaiDuLieuKetNoi';
comment on column core.dossier.apology_count is 'SoLanXinLoi';
comment on column core.dossier.deleted_at is 'DeletedOn';
comment on column core.dossier._changed_at is 'Change time of this version (docs/reference/indicators.md#21-three-clocks)';
comment on column core.dossier._first_seen_at is 'T of the extract that delivered it (clock 3)';
comment on column core.dossier._content_hash is 'Hash of the content; a version is stored once';
comment on column core.dossier._load_id is 'Load that brought it';
