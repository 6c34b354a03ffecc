-- grain: one staging table a model; each source's own table is made like it: staging.<source>__<entity>
-- source: the profiles in include/sources map wire fields to these columns
-- traps: the loader fills them by COPY in the order of the columns here; unlogged, emptied at each load

create unlogged table staging.model_dossier (
    _row bigint not null,
    _load_id bigint not null,
    _file text,
    _line bigint,
    _key text,
    _changed_at timestamptz,
    _first_seen_at timestamptz not null,
    _content_hash bigint,
    _unreadable jsonb,
    _unreadable_critical text,
    _shape_error text,
    dossier_id bigint,
    dossier_code text,
    other_dossier_code text,
    procedure_code_full text,
    procedure_code text,
    procedure_name text,
    field_code text,
    field_name text,
    case_code text,
    processing_time text,
    processing_time_unit text,
    service_level smallint,
    channel_code smallint,
    applicant_kind_code smallint,
    applicant_key text,
    unit_code text,
    unit_name text,
    receiving_unit_code text,
    submitted_at timestamptz,
    received_at timestamptz,
    accept_due_at timestamptz,
    due_at timestamptz,
    processed_at timestamptz,
    returned_at timestamptz,
    refused_at timestamptz,
    status_code smallint,
    result_kind_code text,
    return_method_code smallint,
    submitted_on_code smallint,
    has_digitized_part boolean,
    is_vneid_verified boolean,
    paid_online_code smallint,
    papers jsonb,
    fees jsonb,
    supplements jsonb,
    results jsonb,
    databases jsonb,
    owner_ids jsonb,
    origin_tag text,
    apology_count integer,
    deleted_at timestamptz
);
comment on table staging.model_dossier is 'Model: one dossier as delivered by a one-stop system; never holds rows itself';
comment on column staging.model_dossier._row is 'Number of the row in this table; what Great Expectations calls its primary key';
comment on column staging.model_dossier._load_id is 'Load that brought it';
comment on column staging.model_dossier._file is 'Landing part or delivered file';
comment on column staging.model_dossier._line is 'Line in that file, from 1';
comment on column staging.model_dossier._key is 'Key of the record as delivered; null where it has no readable one';
comment on column staging.model_dossier._changed_at is 'Change time; just before the T of the extract where it is missing or unreadable';
comment on column staging.model_dossier._first_seen_at is 'T of the extract';
comment on column staging.model_dossier._content_hash is 'Hash of the typed content, change time included';
comment on column staging.model_dossier._unreadable is 'Fields that were present and could not be read, with what stood there; they count as missing';
comment on column staging.model_dossier._unreadable_critical is 'Those among them whose unreadability is critical (K3)';
comment on column staging.model_dossier._shape_error is 'List fields that are no list of objects (K2)';
comment on column staging.model_dossier.dossier_id is 'Deterministic number of (source, dossier code)';
comment on column staging.model_dossier.dossier_code is 'MaHoSo';
comment on column staging.model_dossier.other_dossier_code is 'MaHoSoKhac: second code of the same dossier';
comment on column staging.model_dossier.procedure_code_full is 'MaTTHC as delivered';
comment on column staging.model_dossier.procedure_code is 'First d.dddddd of MaTTHC';
comment on column staging.model_dossier.procedure_name is 'TenTTHC';
comment on column staging.model_dossier.field_code is 'MaLinhVuc';
comment on column staging.model_dossier.field_name is 'TenLinhVuc';
comment on column staging.model_dossier.case_code is 'MaTruongHop';
comment on column staging.model_dossier.processing_time is 'ThoiGianThucHien';
comment on column staging.model_dossier.processing_time_unit is 'LoaiThoiGianThucHien: gio, ngay_lam_viec, ngay, thang';
comment on column staging.model_dossier.service_level is 'MucDo: 2 information, 3 partly online, 4 fully online';
comment on column staging.model_dossier.channel_code is 'KenhThucHien: 1 in person, 2 online, 3 public post';
comment on column staging.model_dossier.applicant_kind_code is 'LoaiDoiTuong: 1 citizen, 2 enterprise, 3 state body, 4 other';
comment on column staging.model_dossier.applicant_key is 'Keyed hash of the applicant''s identity number';
comment on column staging.model_dossier.unit_code is 'MaDonVi: handling unit';
comment on column staging.model_dossier.unit_name is 'DonViXuLy as delivered';
comment on column staging.model_dossier.receiving_unit_code is 'MaDonViTiepNhan';
comment on column staging.model_dossier.submitted_at is 'NgayNopHoSo';
comment on column staging.model_dossier.received_at is 'NgayTiepNhan';
comment on column staging.model_dossier.accept_due_at is 'HanTiepNhan';
comment on column staging.model_dossier.due_at is 'NgayHenTra as this version has it';
comment on column staging.model_dossier.processed_at is 'NgayKetThucXuLy';
comment on column staging.model_dossier.returned_at is 'NgayTra';
comment on column staging.model_dossier.refused_at is 'NgayTuChoi';
comment on column staging.model_dossier.status_code is 'TrangThaiHoSo 1 to 10';
comment on column staging.model_dossier.result_kind_code is 'LoaiKetQua: ket_qua, tra_lai, xin_rut, xin_loi; missing = ket_qua';
comment on column staging.model_dossier.return_method_code is 'HinhThuc: 0 counter, 1 post';
comment on column staging.model_dossier.submitted_on_code is 'NoiNopHoSo: 1 national portal, 2 provincial system';
comment on column staging.model_dossier.has_digitized_part is 'HoSoCoThanhPhanSoHoa';
comment on column staging.model_dossier.is_vneid_verified is 'TaiKhoanDuocXacThucVoiVNeID';
comment on column staging.model_dossier.paid_online_code is 'DuocThanhToanTrucTuyen: 0 no, 1 national portal, 2 provincial gateway';
comment on column staging.model_dossier.papers is 'Submitted papers: [{paper_code, path, is_deleted, is_digitized, reuse_code, is_from_store, replaced_by}]; path is a keyed hash';
comment on column staging.model_dossier.fees is 'Fees: [{fee_code, fee_name, collected_code, amount_vnd, kind_code}]';
comment on column staging.model_dossier.supplements is 'Supplement rounds: [{round_code, asked_at, received_back_at, due_before_at, due_after_at}]';
comment on column staging.model_dossier.results is 'Results: [{paper_code, paper_name, path, is_signed}]; path is a keyed hash';
comment on column staging.model_dossier.databases is 'Databases consulted: [{database_code}]';
comment on column staging.model_dossier.owner_ids is 'Kinds of the applicant''s identity papers: [{kind_code}]';
comment on column staging.model_dossier.origin_tag is 'LoaiDuLieuKetNoi';
comment on column staging.model_dossier.apology_count is 'SoLanXinLoi';
comment on column staging.model_dossier.deleted_at is 'DeletedOn';

create unlogged table staging.model_dossier_step (
    _row bigint not null,
    _load_id bigint not null,
    _file text,
    _line bigint,
    _key text,
    _changed_at timestamptz,
    _first_seen_at timestamptz not null,
    _content_hash bigint,
    _unreadable jsonb,
    _unreadable_critical text,
    _shape_error text,
    step_id bigint,
    step_code text,
    dossier_id bigint,
    dossier_code text,
    done_at timestamptz,
    status_code smallint,
    node_code text,
    post_name text,
    unit_code text,
    action_name text,
    started_at timestamptz,
    step_due_at timestamptz,
    deleted_at timestamptz
);
comment on table staging.model_dossier_step is 'Model: one step of the process of a dossier; never holds rows itself';
comment on column staging.model_dossier_step._row is 'Number of the row in this table; what Great Expectations calls its primary key';
comment on column staging.model_dossier_step._load_id is 'Load that brought it';
comment on column staging.model_dossier_step._file is 'Landing part or delivered file';
comment on column staging.model_dossier_step._line is 'Line in that file, from 1';
comment on column staging.model_dossier_step._key is 'Key of the record as delivered; null where it has no readable one';
comment on column staging.model_dossier_step._changed_at is 'Change time; just before the T of the extract where it is missing or unreadable';
comment on column staging.model_dossier_step._first_seen_at is 'T of the extract';
comment on column staging.model_dossier_step._content_hash is 'Hash of the typed content, change time included';
comment on column staging.model_dossier_step._unreadable is 'Fields that were present and could not be read, with what stood there; they count as missing';
comment on column staging.model_dossier_step._unreadable_critical is 'Those among them whose unreadability is critical (K3)';
comment on column staging.model_dossier_step._shape_error is 'List fields that are no list of objects (K2)';
comment on column staging.model_dossier_step.step_id is 'Deterministic number of (source, step code)';
comment on column staging.model_dossier_step.step_code is 'MaBuoc';
comment on column staging.model_dossier_step.dossier_id is 'Dossier';
comment on column staging.model_dossier_step.dossier_code is 'MaHoSo';
comment on column staging.model_dossier_step.done_at is 'ThoiDiemXuLy';
comment on column staging.model_dossier_step.status_code is 'TrangThai after the step; may be missing';
comment on column staging.model_dossier_step.node_code is 'NodeQuyTrinh';
comment on column staging.model_dossier_step.post_name is 'ChucDanh';
comment on column staging.model_dossier_step.unit_code is 'MaDonVi';
comment on column staging.model_dossier_step.action_name is 'ThaoTac';
comment on column staging.model_dossier_step.started_at is 'NgayBatDau';
comment on column staging.model_dossier_step.step_due_at is 'NgayKetThucTheoQuyDinh';
comment on column staging.model_dossier_step.deleted_at is 'DeletedOn: the step is hidden';

create unlogged table staging.model_procedure (
    _row bigint not null,
    _load_id bigint not null,
    _file text,
    _line bigint,
    _key text,
    _changed_at timestamptz,
    _first_seen_at timestamptz not null,
    _content_hash bigint,
    _unreadable jsonb,
    _unreadable_critical text,
    _shape_error text,
    procedure_code_full text,
    procedure_code text,
    procedure_name text,
    field_code text,
    field_name text,
    performing_level_code text,
    unit_code text,
    service_level smallint,
    is_online_eligible boolean,
    processing_time text,
    processing_time_unit text,
    has_fee boolean,
    has_online_payment boolean,
    yields_document boolean,
    is_certification boolean,
    has_sample_dossier boolean,
    decision_date date,
    published_date date,
    is_synced_to_portal boolean,
    edition text,
    valid_from date,
    valid_to date,
    status_code text
);
comment on table staging.model_procedure is 'Model: one version of a procedure at a unit, in one full list; never holds rows itself';
comment on column staging.model_procedure._row is 'Number of the row in this table; what Great Expectations calls its primary key';
comment on column staging.model_procedure._load_id is 'Load that brought it';
comment on column staging.model_procedure._file is 'Landing part or delivered file';
comment on column staging.model_procedure._line is 'Line in that file, from 1';
comment on column staging.model_procedure._key is 'Key of the record as delivered; null where it has no readable one';
comment on column staging.model_procedure._changed_at is 'Change time; just before the T of the extract where it is missing or unreadable';
comment on column staging.model_procedure._first_seen_at is 'T of the extract';
comment on column staging.model_procedure._content_hash is 'Hash of the typed content, change time included';
comment on column staging.model_procedure._unreadable is 'Fields that were present and could not be read, with what stood there; they count as missing';
comment on column staging.model_procedure._unreadable_critical is 'Those among them whose unreadability is critical (K3)';
comment on column staging.model_procedure._shape_error is 'List fields that are no list of objects (K2)';
comment on column staging.model_procedure.procedure_code_full is 'MaTTHC as delivered';
comment on column staging.model_procedure.procedure_code is 'First d.dddddd of MaTTHC';
comment on column staging.model_procedure.procedure_name is 'TenTTHC';
comment on column staging.model_procedure.field_code is 'MaLinhVuc';
comment on column staging.model_procedure.field_name is 'TenLinhVuc';
comment on column staging.model_procedure.performing_level_code is 'CapThucHien: huyen, xa';
comment on column staging.model_procedure.unit_code is 'MaDonVi: unit it applies to';
comment on column staging.model_procedure.service_level is 'MucDo 2, 3, 4';
comment on column staging.model_procedure.is_online_eligible is 'DuDieuKienTrucTuyen';
comment on column staging.model_procedure.processing_time is 'ThoiGianGiaiQuyet';
comment on column staging.model_procedure.processing_time_unit is 'LoaiThoiGianThucHien';
comment on column staging.model_procedure.has_fee is 'CoPhiLePhi';
comment on column staging.model_procedure.has_online_payment is 'ThanhToanTrucTuyen';
comment on column staging.model_procedure.yields_document is 'CoKetQuaGiayTo';
comment on column staging.model_procedure.is_certification is 'LaChungThuc';
comment on column staging.model_procedure.has_sample_dossier is 'CoHoSoMau';
comment on column staging.model_procedure.decision_date is 'NgayQuyetDinhCongBo';
comment on column staging.model_procedure.published_date is 'NgayCongKhai';
comment on column staging.model_procedure.is_synced_to_portal is 'DaDongBoCongTinh';
comment on column staging.model_procedure.edition is 'PhienBan';
comment on column staging.model_procedure.valid_from is 'HieuLucTu';
comment on column staging.model_procedure.valid_to is 'HieuLucDen, inclusive';
comment on column staging.model_procedure.status_code is 'TrangThai: cong_khai, bai_bo';

create unlogged table staging.model_assessment (
    _row bigint not null,
    _load_id bigint not null,
    _file text,
    _line bigint,
    _key text,
    _changed_at timestamptz,
    _first_seen_at timestamptz not null,
    _content_hash bigint,
    _unreadable jsonb,
    _unreadable_critical text,
    _shape_error text,
    assessment_code text,
    dossier_code text,
    unit_code text,
    assessed_at timestamptz,
    rating_code text
);
comment on table staging.model_assessment is 'Model: one assessment of the service by an applicant; never holds rows itself';
comment on column staging.model_assessment._row is 'Number of the row in this table; what Great Expectations calls its primary key';
comment on column staging.model_assessment._load_id is 'Load that brought it';
comment on column staging.model_assessment._file is 'Landing part or delivered file';
comment on column staging.model_assessment._line is 'Line in that file, from 1';
comment on column staging.model_assessment._key is 'Key of the record as delivered; null where it has no readable one';
comment on column staging.model_assessment._changed_at is 'Change time; just before the T of the extract where it is missing or unreadable';
comment on column staging.model_assessment._first_seen_at is 'T of the extract';
comment on column staging.model_assessment._content_hash is 'Hash of the typed content, change time included';
comment on column staging.model_assessment._unreadable is 'Fields that were present and could not be read, with what stood there; they count as missing';
comment on column staging.model_assessment._unreadable_critical is 'Those among them whose unreadability is critical (K3)';
comment on column staging.model_assessment._shape_error is 'List fields that are no list of objects (K2)';
comment on column staging.model_assessment.assessment_code is 'MaDanhGia';
comment on column staging.model_assessment.dossier_code is 'MaHoSo or missing';
comment on column staging.model_assessment.unit_code is 'MaDonVi';
comment on column staging.model_assessment.assessed_at is 'ThoiGianDanhGia';
comment on column staging.model_assessment.rating_code is 'DanhGia; missing = left empty';

create unlogged table staging.model_document (
    _row bigint not null,
    _load_id bigint not null,
    _file text,
    _line bigint,
    _key text,
    _changed_at timestamptz,
    _first_seen_at timestamptz not null,
    _content_hash bigint,
    _unreadable jsonb,
    _unreadable_critical text,
    _shape_error text,
    document_code text,
    direction_code text,
    document_sign text,
    issued_date date,
    document_type_code text,
    issuing_unit_code text,
    handling_unit_code text,
    urgency_code text,
    secrecy_code text,
    arrived_at timestamptz,
    due_at timestamptz,
    done_at timestamptz,
    is_handled_online boolean,
    is_digitally_signed boolean,
    dossier_code text
);
comment on table staging.model_document is 'Model: one document of the document management system; never holds rows itself';
comment on column staging.model_document._row is 'Number of the row in this table; what Great Expectations calls its primary key';
comment on column staging.model_document._load_id is 'Load that brought it';
comment on column staging.model_document._file is 'Landing part or delivered file';
comment on column staging.model_document._line is 'Line in that file, from 1';
comment on column staging.model_document._key is 'Key of the record as delivered; null where it has no readable one';
comment on column staging.model_document._changed_at is 'Change time; just before the T of the extract where it is missing or unreadable';
comment on column staging.model_document._first_seen_at is 'T of the extract';
comment on column staging.model_document._content_hash is 'Hash of the typed content, change time included';
comment on column staging.model_document._unreadable is 'Fields that were present and could not be read, with what stood there; they count as missing';
comment on column staging.model_document._unreadable_critical is 'Those among them whose unreadability is critical (K3)';
comment on column staging.model_document._shape_error is 'List fields that are no list of objects (K2)';
comment on column staging.model_document.document_code is 'IdVanBan';
comment on column staging.model_document.direction_code is 'ChieuVanBan: den, di';
comment on column staging.model_document.document_sign is 'SoKyHieu';
comment on column staging.model_document.issued_date is 'NgayBanHanh';
comment on column staging.model_document.document_type_code is 'LoaiVanBan';
comment on column staging.model_document.issuing_unit_code is 'MaDonViBanHanh';
comment on column staging.model_document.handling_unit_code is 'MaDonViXuLy';
comment on column staging.model_document.urgency_code is 'DoKhan';
comment on column staging.model_document.secrecy_code is 'DoMat: always thuong here';
comment on column staging.model_document.arrived_at is 'NgayDen';
comment on column staging.model_document.due_at is 'HanXuLy';
comment on column staging.model_document.done_at is 'NgayHoanThanh';
comment on column staging.model_document.is_handled_online is 'XuLyTrenMang';
comment on column staging.model_document.is_digitally_signed is 'KySo';
comment on column staging.model_document.dossier_code is 'MaHoSoLienQuan';

create unlogged table staging.model_work_file (
    _row bigint not null,
    _load_id bigint not null,
    _file text,
    _line bigint,
    _key text,
    _changed_at timestamptz,
    _first_seen_at timestamptz not null,
    _content_hash bigint,
    _unreadable jsonb,
    _unreadable_critical text,
    _shape_error text,
    work_file_code text,
    unit_code text,
    level_code text,
    opened_at timestamptz,
    closed_at timestamptz,
    handling_code text,
    secrecy_code text,
    is_special boolean
);
comment on table staging.model_work_file is 'Model: one work file (hồ sơ công việc); never holds rows itself';
comment on column staging.model_work_file._row is 'Number of the row in this table; what Great Expectations calls its primary key';
comment on column staging.model_work_file._load_id is 'Load that brought it';
comment on column staging.model_work_file._file is 'Landing part or delivered file';
comment on column staging.model_work_file._line is 'Line in that file, from 1';
comment on column staging.model_work_file._key is 'Key of the record as delivered; null where it has no readable one';
comment on column staging.model_work_file._changed_at is 'Change time; just before the T of the extract where it is missing or unreadable';
comment on column staging.model_work_file._first_seen_at is 'T of the extract';
comment on column staging.model_work_file._content_hash is 'Hash of the typed content, change time included';
comment on column staging.model_work_file._unreadable is 'Fields that were present and could not be read, with what stood there; they count as missing';
comment on column staging.model_work_file._unreadable_critical is 'Those among them whose unreadability is critical (K3)';
comment on column staging.model_work_file._shape_error is 'List fields that are no list of objects (K2)';
comment on column staging.model_work_file.work_file_code is 'IdHoSoCongViec';
comment on column staging.model_work_file.unit_code is 'MaDonVi';
comment on column staging.model_work_file.level_code is 'CapDonVi: huyen, xa';
comment on column staging.model_work_file.opened_at is 'NgayMo';
comment on column staging.model_work_file.closed_at is 'NgayDong';
comment on column staging.model_work_file.handling_code is 'HinhThucXuLy: dien_tu, giay, ket_hop';
comment on column staging.model_work_file.secrecy_code is 'DoMat: always thuong here';
comment on column staging.model_work_file.is_special is 'DacThu';

create unlogged table staging.model_signature (
    _row bigint not null,
    _load_id bigint not null,
    _file text,
    _line bigint,
    _key text,
    _changed_at timestamptz,
    _first_seen_at timestamptz not null,
    _content_hash bigint,
    _unreadable jsonb,
    _unreadable_critical text,
    _shape_error text,
    signature_code text,
    document_code text,
    person_code text,
    signed_at timestamptz,
    certificate_kind_code text,
    is_valid boolean
);
comment on table staging.model_signature is 'Model: one digital signature; never holds rows itself';
comment on column staging.model_signature._row is 'Number of the row in this table; what Great Expectations calls its primary key';
comment on column staging.model_signature._load_id is 'Load that brought it';
comment on column staging.model_signature._file is 'Landing part or delivered file';
comment on column staging.model_signature._line is 'Line in that file, from 1';
comment on column staging.model_signature._key is 'Key of the record as delivered; null where it has no readable one';
comment on column staging.model_signature._changed_at is 'Change time; just before the T of the extract where it is missing or unreadable';
comment on column staging.model_signature._first_seen_at is 'T of the extract';
comment on column staging.model_signature._content_hash is 'Hash of the typed content, change time included';
comment on column staging.model_signature._unreadable is 'Fields that were present and could not be read, with what stood there; they count as missing';
comment on column staging.model_signature._unreadable_critical is 'Those among them whose unreadability is critical (K3)';
comment on column staging.model_signature._shape_error is 'List fields that are no list of objects (K2)';
comment on column staging.model_signature.signature_code is 'IdKySo';
comment on column staging.model_signature.document_code is 'IdVanBan';
comment on column staging.model_signature.person_code is 'NguoiKyId: code of the signer';
comment on column staging.model_signature.signed_at is 'ThoiDiemKy';
comment on column staging.model_signature.certificate_kind_code is 'LoaiChungThu: ca_nhan, co_quan';
comment on column staging.model_signature.is_valid is 'HopLe';

create unlogged table staging.model_leader (
    _row bigint not null,
    _load_id bigint not null,
    _file text,
    _line bigint,
    _key text,
    _changed_at timestamptz,
    _first_seen_at timestamptz not null,
    _content_hash bigint,
    _unreadable jsonb,
    _unreadable_critical text,
    _shape_error text,
    person_code text,
    unit_code text,
    post_name text,
    leader_level_code text,
    from_date date,
    to_date date,
    has_signature boolean
);
comment on table staging.model_leader is 'Model: one post of a leader, in one full list; never holds rows itself';
comment on column staging.model_leader._row is 'Number of the row in this table; what Great Expectations calls its primary key';
comment on column staging.model_leader._load_id is 'Load that brought it';
comment on column staging.model_leader._file is 'Landing part or delivered file';
comment on column staging.model_leader._line is 'Line in that file, from 1';
comment on column staging.model_leader._key is 'Key of the record as delivered; null where it has no readable one';
comment on column staging.model_leader._changed_at is 'Change time; just before the T of the extract where it is missing or unreadable';
comment on column staging.model_leader._first_seen_at is 'T of the extract';
comment on column staging.model_leader._content_hash is 'Hash of the typed content, change time included';
comment on column staging.model_leader._unreadable is 'Fields that were present and could not be read, with what stood there; they count as missing';
comment on column staging.model_leader._unreadable_critical is 'Those among them whose unreadability is critical (K3)';
comment on column staging.model_leader._shape_error is 'List fields that are no list of objects (K2)';
comment on column staging.model_leader.person_code is 'NguoiId';
comment on column staging.model_leader.unit_code is 'MaDonVi';
comment on column staging.model_leader.post_name is 'ChucVu';
comment on column staging.model_leader.leader_level_code is 'CapLanhDao: cap_huyen, cap_phong, cap_xa';
comment on column staging.model_leader.from_date is 'TuNgay';
comment on column staging.model_leader.to_date is 'DenNgay, inclusive';
comment on column staging.model_leader.has_signature is 'DaCapChuKySo';

create unlogged table staging.model_payment (
    _row bigint not null,
    _load_id bigint not null,
    _file text,
    _line bigint,
    _key text,
    _changed_at timestamptz,
    _first_seen_at timestamptz not null,
    _content_hash bigint,
    _unreadable jsonb,
    _unreadable_critical text,
    _shape_error text,
    order_code text,
    transaction_code text,
    kind_code text,
    dossier_code text,
    procedure_code_full text,
    unit_code text,
    amount_vnd bigint,
    fee_vnd bigint,
    charge_vnd bigint,
    method_code text,
    channel_code smallint,
    status_code smallint,
    error_code text,
    bank_code text,
    paid_at timestamptz,
    is_time_shifted boolean,
    refunded_order_code text,
    receipt_number text,
    file_date date,
    file_revision integer
);
comment on table staging.model_payment is 'Model: one row of a day file of the payment log; never holds rows itself';
comment on column staging.model_payment._row is 'Number of the row in this table; what Great Expectations calls its primary key';
comment on column staging.model_payment._load_id is 'Load that brought it';
comment on column staging.model_payment._file is 'Landing part or delivered file';
comment on column staging.model_payment._line is 'Line in that file, from 1';
comment on column staging.model_payment._key is 'Key of the record as delivered; null where it has no readable one';
comment on column staging.model_payment._changed_at is 'Change time; just before the T of the extract where it is missing or unreadable';
comment on column staging.model_payment._first_seen_at is 'T of the extract';
comment on column staging.model_payment._content_hash is 'Hash of the typed content, change time included';
comment on column staging.model_payment._unreadable is 'Fields that were present and could not be read, with what stood there; they count as missing';
comment on column staging.model_payment._unreadable_critical is 'Those among them whose unreadability is critical (K3)';
comment on column staging.model_payment._shape_error is 'List fields that are no list of objects (K2)';
comment on column staging.model_payment.order_code is 'MaThamChieu';
comment on column staging.model_payment.transaction_code is 'MaGiaoDich; missing for a try that never reached the gateway';
comment on column staging.model_payment.kind_code is 'LoaiGiaoDich: PAY, REFUND';
comment on column staging.model_payment.dossier_code is 'MaHoSo';
comment on column staging.model_payment.procedure_code_full is 'MaTTHC';
comment on column staging.model_payment.unit_code is 'MaDonVi: collecting unit';
comment on column staging.model_payment.amount_vnd is 'SoTien';
comment on column staging.model_payment.fee_vnd is 'Phi';
comment on column staging.model_payment.charge_vnd is 'LePhi';
comment on column staging.model_payment.method_code is 'HinhThucThanhToan';
comment on column staging.model_payment.channel_code is 'KenhThanhToan';
comment on column staging.model_payment.status_code is 'TrangThaiGD: 1 success, 3 pending, 4 failed';
comment on column staging.model_payment.error_code is 'MaLoi';
comment on column staging.model_payment.bank_code is 'MaNganHang';
comment on column staging.model_payment.paid_at is 'ThoiGianGD, brought onto the file''s day where ± 12 hours do that';
comment on column staging.model_payment.is_time_shifted is 'Whether paid_at was shifted by 12 hours';
comment on column staging.model_payment.refunded_order_code is 'MaThamChieuGoc';
comment on column staging.model_payment.receipt_number is 'SoBienLai';
comment on column staging.model_payment.file_date is 'Day of the file';
comment on column staging.model_payment.file_revision is 'Revision of the file, 1 = the first';
