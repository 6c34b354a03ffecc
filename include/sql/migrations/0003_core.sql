-- grain: one statement a change; schema core: entities with their history, as delivered
-- source: staging tables, merged by cchc.core
-- traps: current views show the newest version of each key, and only where it passes the critical checks; no personal data

create table core.source (
    source_code text not null,
    name_vi text not null,
    zone text not null,
    constraint source_pk primary key (source_code)
);
comment on table core.source is 'One row a source, from its profile';
comment on column core.source.source_code is 'Source, as its profile is named';
comment on column core.source.name_vi is 'Name for people';
comment on column core.source.zone is 'Zone in which its local dates are judged';

create table core.waived_rule (
    source_code text not null,
    entity text not null,
    rule text not null,
    reason text not null,
    constraint waived_rule_pk primary key (source_code, entity, rule)
);
comment on table core.waived_rule is 'One row a rule that the records of a source cannot be asked to keep, from its profile';
comment on column core.waived_rule.source_code is 'Source';
comment on column core.waived_rule.entity is 'Entity';
comment on column core.waived_rule.rule is 'Rule';
comment on column core.waived_rule.reason is 'Why';

create table core.unit (
    unit_code text not null,
    gso_code text,
    name text not null,
    level text not null,
    kind text not null,
    parent_code text,
    root_code text not null,
    valid_from date not null,
    valid_to date,
    note text,
    source_code text,
    constraint unit_pk primary key (unit_code)
);
comment on table core.unit is 'One row an organisation unit; identifiers of the demo are made up and say so';
comment on column core.unit.unit_code is 'Electronic identifier';
comment on column core.unit.gso_code is 'Code of the statistics office, for communes and the district';
comment on column core.unit.name is 'Name';
comment on column core.unit.level is 'district, commune; later province, ward';
comment on column core.unit.kind is 'district, office, public_service_unit, commune';
comment on column core.unit.parent_code is 'Unit above';
comment on column core.unit.root_code is 'Top of its tree; indicators count the tree of the plan''s district';
comment on column core.unit.valid_from is 'First day';
comment on column core.unit.valid_to is 'Last day, inclusive; null = open';
comment on column core.unit.note is 'What to know';
comment on column core.unit.source_code is 'Source whose profile brought it; null = the project''s own list';

create table core.working_day (
    day date not null,
    is_working boolean not null,
    reason text,
    constraint working_day_pk primary key (day)
);
comment on table core.working_day is 'One row a day: whether the civil service works';
comment on column core.working_day.day is 'Day';
comment on column core.working_day.is_working is 'Whether it is a working day';
comment on column core.working_day.reason is 'Holiday, weekend, or the legal basis of an override';

create table core.dossier_version (
    source_code text not null,
    dossier_id bigint not null,
    dossier_code text not null,
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
    deleted_at timestamptz,
    _changed_at timestamptz not null,
    _first_seen_at timestamptz not null,
    _content_hash bigint,
    _failed_rules text[],
    _is_current boolean not null,
    _load_id bigint not null,
    constraint dossier_version_pk primary key (dossier_id, _changed_at, _first_seen_at)
);
create index dossier_version_current_ix on core.dossier_version (dossier_id) where _is_current;
create index dossier_version_code_ix on core.dossier_version (dossier_code) where _is_current;
comment on table core.dossier_version is 'One row a delivered version of a dossier: distinct content by change time and extract; append-only';
comment on column core.dossier_version.source_code is 'Source, as its profile is named';
comment on column core.dossier_version.dossier_id is 'Deterministic number of (source, dossier code)';
comment on column core.dossier_version.dossier_code is 'MaHoSo';
comment on column core.dossier_version.other_dossier_code is 'MaHoSoKhac: second code of the same dossier';
comment on column core.dossier_version.procedure_code_full is 'MaTTHC as delivered';
comment on column core.dossier_version.procedure_code is 'First d.dddddd of MaTTHC';
comment on column core.dossier_version.procedure_name is 'TenTTHC';
comment on column core.dossier_version.field_code is 'MaLinhVuc';
comment on column core.dossier_version.field_name is 'TenLinhVuc';
comment on column core.dossier_version.case_code is 'MaTruongHop';
comment on column core.dossier_version.processing_time is 'ThoiGianThucHien';
comment on column core.dossier_version.processing_time_unit is 'LoaiThoiGianThucHien: gio, ngay_lam_viec, ngay, thang';
comment on column core.dossier_version.service_level is 'MucDo: 2 information, 3 partly online, 4 fully online';
comment on column core.dossier_version.channel_code is 'KenhThucHien: 1 in person, 2 online, 3 public post';
comment on column core.dossier_version.applicant_kind_code is 'LoaiDoiTuong: 1 citizen, 2 enterprise, 3 state body, 4 other';
comment on column core.dossier_version.applicant_key is 'Keyed hash of the applicant''s identity number';
comment on column core.dossier_version.unit_code is 'MaDonVi: handling unit';
comment on column core.dossier_version.unit_name is 'DonViXuLy as delivered';
comment on column core.dossier_version.receiving_unit_code is 'MaDonViTiepNhan';
comment on column core.dossier_version.submitted_at is 'NgayNopHoSo';
comment on column core.dossier_version.received_at is 'NgayTiepNhan';
comment on column core.dossier_version.accept_due_at is 'HanTiepNhan';
comment on column core.dossier_version.due_at is 'NgayHenTra as this version has it';
comment on column core.dossier_version.processed_at is 'NgayKetThucXuLy';
comment on column core.dossier_version.returned_at is 'NgayTra';
comment on column core.dossier_version.refused_at is 'NgayTuChoi';
comment on column core.dossier_version.status_code is 'TrangThaiHoSo 1 to 10';
comment on column core.dossier_version.result_kind_code is 'LoaiKetQua: ket_qua, tra_lai, xin_rut, xin_loi; missing = ket_qua';
comment on column core.dossier_version.return_method_code is 'HinhThuc: 0 counter, 1 post';
comment on column core.dossier_version.submitted_on_code is 'NoiNopHoSo: 1 national portal, 2 provincial system';
comment on column core.dossier_version.has_digitized_part is 'HoSoCoThanhPhanSoHoa';
comment on column core.dossier_version.is_vneid_verified is 'TaiKhoanDuocXacThucVoiVNeID';
comment on column core.dossier_version.paid_online_code is 'DuocThanhToanTrucTuyen: 0 no, 1 national portal, 2 provincial gateway';
comment on column core.dossier_version.papers is 'Submitted papers: [{paper_code, path, is_deleted, is_digitized, reuse_code, is_from_store, replaced_by}]; path is a keyed hash';
comment on column core.dossier_version.fees is 'Fees: [{fee_code, fee_name, collected_code, amount_vnd, kind_code}]';
comment on column core.dossier_version.supplements is 'Supplement rounds: [{round_code, asked_at, received_back_at, due_before_at, due_after_at}]';
comment on column core.dossier_version.results is 'Results: [{paper_code, paper_name, path, is_signed}]; path is a keyed hash';
comment on column core.dossier_version.databases is 'Databases consulted: [{database_code}]';
comment on column core.dossier_version.owner_ids is 'Kinds of the applicant''s identity papers: [{kind_code}]';
comment on column core.dossier_version.origin_tag is 'LoaiDuLieuKetNoi';
comment on column core.dossier_version.apology_count is 'SoLanXinLoi';
comment on column core.dossier_version.deleted_at is 'DeletedOn';
comment on column core.dossier_version._changed_at is 'Change time of this version (clock 2 of indicators.md §1)';
comment on column core.dossier_version._first_seen_at is 'T of the extract that delivered it (clock 3)';
comment on column core.dossier_version._content_hash is 'Hash of the content; a version is stored once';
comment on column core.dossier_version._failed_rules is 'Critical rules that this version breaks: it is left out, and no earlier one takes its place; null = passes';
comment on column core.dossier_version._is_current is 'Whether it is the newest version of its key, by change time, then by delivery';
comment on column core.dossier_version._load_id is 'Load that brought it';

create view core.dossier as
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
comment on column core.dossier._changed_at is 'Change time of this version (clock 2 of indicators.md §1)';
comment on column core.dossier._first_seen_at is 'T of the extract that delivered it (clock 3)';
comment on column core.dossier._content_hash is 'Hash of the content; a version is stored once';
comment on column core.dossier._load_id is 'Load that brought it';

create table core.dossier_step_version (
    source_code text not null,
    step_id bigint not null,
    step_code text not null,
    dossier_id bigint not null,
    dossier_code text,
    done_at timestamptz,
    status_code smallint,
    node_code text,
    post_name text,
    unit_code text,
    action_name text,
    started_at timestamptz,
    step_due_at timestamptz,
    deleted_at timestamptz,
    _changed_at timestamptz not null,
    _first_seen_at timestamptz not null,
    _content_hash bigint,
    _failed_rules text[],
    _is_current boolean not null,
    _load_id bigint not null,
    constraint dossier_step_version_pk primary key (dossier_id, step_id, _changed_at, _first_seen_at)
);
create index dossier_step_version_current_ix on core.dossier_step_version (dossier_id) where _is_current;
create index dossier_step_version_paused_ix on core.dossier_step_version (dossier_id) where _is_current and status_code in (6, 8);
create index dossier_step_version_step_ix on core.dossier_step_version (step_id);
comment on table core.dossier_step_version is 'One row a delivered version of a step';
comment on column core.dossier_step_version.source_code is 'Source, as its profile is named';
comment on column core.dossier_step_version.step_id is 'Deterministic number of (source, step code)';
comment on column core.dossier_step_version.step_code is 'MaBuoc';
comment on column core.dossier_step_version.dossier_id is 'Dossier';
comment on column core.dossier_step_version.dossier_code is 'MaHoSo';
comment on column core.dossier_step_version.done_at is 'ThoiDiemXuLy';
comment on column core.dossier_step_version.status_code is 'TrangThai after the step; may be missing';
comment on column core.dossier_step_version.node_code is 'NodeQuyTrinh';
comment on column core.dossier_step_version.post_name is 'ChucDanh';
comment on column core.dossier_step_version.unit_code is 'MaDonVi';
comment on column core.dossier_step_version.action_name is 'ThaoTac';
comment on column core.dossier_step_version.started_at is 'NgayBatDau';
comment on column core.dossier_step_version.step_due_at is 'NgayKetThucTheoQuyDinh';
comment on column core.dossier_step_version.deleted_at is 'DeletedOn: the step is hidden';
comment on column core.dossier_step_version._changed_at is 'Change time of this version (clock 2 of indicators.md §1)';
comment on column core.dossier_step_version._first_seen_at is 'T of the extract that delivered it (clock 3)';
comment on column core.dossier_step_version._content_hash is 'Hash of the content; a version is stored once';
comment on column core.dossier_step_version._failed_rules is 'Critical rules that this version breaks: it is left out, and no earlier one takes its place; null = passes';
comment on column core.dossier_step_version._is_current is 'Whether it is the newest version of its key, by change time, then by delivery';
comment on column core.dossier_step_version._load_id is 'Load that brought it';

create view core.dossier_step as
select
    source_code,
    step_id,
    step_code,
    dossier_id,
    dossier_code,
    done_at,
    status_code,
    node_code,
    post_name,
    unit_code,
    action_name,
    started_at,
    step_due_at,
    deleted_at,
    _changed_at,
    _first_seen_at,
    _content_hash,
    _load_id
from core.dossier_step_version
where _is_current and _failed_rules is null;
comment on view core.dossier_step is 'One row a step, visible and hidden, as its newest version has it';
comment on column core.dossier_step.source_code is 'Source, as its profile is named';
comment on column core.dossier_step.step_id is 'Deterministic number of (source, step code)';
comment on column core.dossier_step.step_code is 'MaBuoc';
comment on column core.dossier_step.dossier_id is 'Dossier';
comment on column core.dossier_step.dossier_code is 'MaHoSo';
comment on column core.dossier_step.done_at is 'ThoiDiemXuLy';
comment on column core.dossier_step.status_code is 'TrangThai after the step; may be missing';
comment on column core.dossier_step.node_code is 'NodeQuyTrinh';
comment on column core.dossier_step.post_name is 'ChucDanh';
comment on column core.dossier_step.unit_code is 'MaDonVi';
comment on column core.dossier_step.action_name is 'ThaoTac';
comment on column core.dossier_step.started_at is 'NgayBatDau';
comment on column core.dossier_step.step_due_at is 'NgayKetThucTheoQuyDinh';
comment on column core.dossier_step.deleted_at is 'DeletedOn: the step is hidden';
comment on column core.dossier_step._changed_at is 'Change time of this version (clock 2 of indicators.md §1)';
comment on column core.dossier_step._first_seen_at is 'T of the extract that delivered it (clock 3)';
comment on column core.dossier_step._content_hash is 'Hash of the content; a version is stored once';
comment on column core.dossier_step._load_id is 'Load that brought it';

create view core.dossier_event as
select distinct on (dossier_id, date_trunc('minute', done_at), action_name, status_code)
    source_code,
    dossier_id,
    dossier_code,
    step_id,
    step_code,
    done_at,
    status_code,
    action_name,
    unit_code
from core.dossier_step
where deleted_at is null and done_at is not null
order by
    dossier_id, date_trunc('minute', done_at), action_name, status_code,
    done_at, step_code collate "C";
comment on view core.dossier_event is 'One row a visible step; of repeats of (dossier, minute, action, status) the earliest (indicators.md §3)';
comment on column core.dossier_event.source_code is 'Source';
comment on column core.dossier_event.dossier_id is 'Dossier';
comment on column core.dossier_event.dossier_code is 'MaHoSo';
comment on column core.dossier_event.step_id is 'Step';
comment on column core.dossier_event.step_code is 'MaBuoc';
comment on column core.dossier_event.done_at is 'Event time';
comment on column core.dossier_event.status_code is 'Status after the step';
comment on column core.dossier_event.action_name is 'Action';
comment on column core.dossier_event.unit_code is 'Unit';

create table core.assessment_version (
    source_code text not null,
    assessment_code text not null,
    dossier_code text,
    unit_code text,
    assessed_at timestamptz,
    rating_code text,
    _changed_at timestamptz not null,
    _first_seen_at timestamptz not null,
    _content_hash bigint,
    _failed_rules text[],
    _is_current boolean not null,
    _load_id bigint not null,
    constraint assessment_version_pk primary key (source_code, assessment_code, _changed_at, _first_seen_at)
);
create index assessment_version_current_ix on core.assessment_version (source_code, assessment_code) where _is_current;
comment on table core.assessment_version is 'One row a delivered version of one assessment of the service by an applicant';
comment on column core.assessment_version.source_code is 'Source, as its profile is named';
comment on column core.assessment_version.assessment_code is 'MaDanhGia';
comment on column core.assessment_version.dossier_code is 'MaHoSo or missing';
comment on column core.assessment_version.unit_code is 'MaDonVi';
comment on column core.assessment_version.assessed_at is 'ThoiGianDanhGia';
comment on column core.assessment_version.rating_code is 'DanhGia; missing = left empty';
comment on column core.assessment_version._changed_at is 'Change time of this version (clock 2 of indicators.md §1)';
comment on column core.assessment_version._first_seen_at is 'T of the extract that delivered it (clock 3)';
comment on column core.assessment_version._content_hash is 'Hash of the content; a version is stored once';
comment on column core.assessment_version._failed_rules is 'Critical rules that this version breaks: it is left out, and no earlier one takes its place; null = passes';
comment on column core.assessment_version._is_current is 'Whether it is the newest version of its key, by change time, then by delivery';
comment on column core.assessment_version._load_id is 'Load that brought it';

create view core.assessment as
select
    source_code,
    assessment_code,
    dossier_code,
    unit_code,
    assessed_at,
    rating_code,
    _changed_at,
    _first_seen_at,
    _content_hash,
    _load_id
from core.assessment_version
where _is_current and _failed_rules is null;
comment on view core.assessment is 'One row a assessment: its newest version, where that passes the checks';
comment on column core.assessment.source_code is 'Source, as its profile is named';
comment on column core.assessment.assessment_code is 'MaDanhGia';
comment on column core.assessment.dossier_code is 'MaHoSo or missing';
comment on column core.assessment.unit_code is 'MaDonVi';
comment on column core.assessment.assessed_at is 'ThoiGianDanhGia';
comment on column core.assessment.rating_code is 'DanhGia; missing = left empty';
comment on column core.assessment._changed_at is 'Change time of this version (clock 2 of indicators.md §1)';
comment on column core.assessment._first_seen_at is 'T of the extract that delivered it (clock 3)';
comment on column core.assessment._content_hash is 'Hash of the content; a version is stored once';
comment on column core.assessment._load_id is 'Load that brought it';

create table core.document_version (
    source_code text not null,
    document_code text not null,
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
    dossier_code text,
    _changed_at timestamptz not null,
    _first_seen_at timestamptz not null,
    _content_hash bigint,
    _failed_rules text[],
    _is_current boolean not null,
    _load_id bigint not null,
    constraint document_version_pk primary key (source_code, document_code, _changed_at, _first_seen_at)
);
create index document_version_current_ix on core.document_version (source_code, document_code) where _is_current;
comment on table core.document_version is 'One row a delivered version of one document of the document management system';
comment on column core.document_version.source_code is 'Source, as its profile is named';
comment on column core.document_version.document_code is 'IdVanBan';
comment on column core.document_version.direction_code is 'ChieuVanBan: den, di';
comment on column core.document_version.document_sign is 'SoKyHieu';
comment on column core.document_version.issued_date is 'NgayBanHanh';
comment on column core.document_version.document_type_code is 'LoaiVanBan';
comment on column core.document_version.issuing_unit_code is 'MaDonViBanHanh';
comment on column core.document_version.handling_unit_code is 'MaDonViXuLy';
comment on column core.document_version.urgency_code is 'DoKhan';
comment on column core.document_version.secrecy_code is 'DoMat: always thuong here';
comment on column core.document_version.arrived_at is 'NgayDen';
comment on column core.document_version.due_at is 'HanXuLy';
comment on column core.document_version.done_at is 'NgayHoanThanh';
comment on column core.document_version.is_handled_online is 'XuLyTrenMang';
comment on column core.document_version.is_digitally_signed is 'KySo';
comment on column core.document_version.dossier_code is 'MaHoSoLienQuan';
comment on column core.document_version._changed_at is 'Change time of this version (clock 2 of indicators.md §1)';
comment on column core.document_version._first_seen_at is 'T of the extract that delivered it (clock 3)';
comment on column core.document_version._content_hash is 'Hash of the content; a version is stored once';
comment on column core.document_version._failed_rules is 'Critical rules that this version breaks: it is left out, and no earlier one takes its place; null = passes';
comment on column core.document_version._is_current is 'Whether it is the newest version of its key, by change time, then by delivery';
comment on column core.document_version._load_id is 'Load that brought it';

create view core.document as
select
    source_code,
    document_code,
    direction_code,
    document_sign,
    issued_date,
    document_type_code,
    issuing_unit_code,
    handling_unit_code,
    urgency_code,
    secrecy_code,
    arrived_at,
    due_at,
    done_at,
    is_handled_online,
    is_digitally_signed,
    dossier_code,
    _changed_at,
    _first_seen_at,
    _content_hash,
    _load_id
from core.document_version
where _is_current and _failed_rules is null;
comment on view core.document is 'One row a document: its newest version, where that passes the checks';
comment on column core.document.source_code is 'Source, as its profile is named';
comment on column core.document.document_code is 'IdVanBan';
comment on column core.document.direction_code is 'ChieuVanBan: den, di';
comment on column core.document.document_sign is 'SoKyHieu';
comment on column core.document.issued_date is 'NgayBanHanh';
comment on column core.document.document_type_code is 'LoaiVanBan';
comment on column core.document.issuing_unit_code is 'MaDonViBanHanh';
comment on column core.document.handling_unit_code is 'MaDonViXuLy';
comment on column core.document.urgency_code is 'DoKhan';
comment on column core.document.secrecy_code is 'DoMat: always thuong here';
comment on column core.document.arrived_at is 'NgayDen';
comment on column core.document.due_at is 'HanXuLy';
comment on column core.document.done_at is 'NgayHoanThanh';
comment on column core.document.is_handled_online is 'XuLyTrenMang';
comment on column core.document.is_digitally_signed is 'KySo';
comment on column core.document.dossier_code is 'MaHoSoLienQuan';
comment on column core.document._changed_at is 'Change time of this version (clock 2 of indicators.md §1)';
comment on column core.document._first_seen_at is 'T of the extract that delivered it (clock 3)';
comment on column core.document._content_hash is 'Hash of the content; a version is stored once';
comment on column core.document._load_id is 'Load that brought it';

create table core.work_file_version (
    source_code text not null,
    work_file_code text not null,
    unit_code text,
    level_code text,
    opened_at timestamptz,
    closed_at timestamptz,
    handling_code text,
    secrecy_code text,
    is_special boolean,
    _changed_at timestamptz not null,
    _first_seen_at timestamptz not null,
    _content_hash bigint,
    _failed_rules text[],
    _is_current boolean not null,
    _load_id bigint not null,
    constraint work_file_version_pk primary key (source_code, work_file_code, _changed_at, _first_seen_at)
);
create index work_file_version_current_ix on core.work_file_version (source_code, work_file_code) where _is_current;
comment on table core.work_file_version is 'One row a delivered version of one work file (hồ sơ công việc)';
comment on column core.work_file_version.source_code is 'Source, as its profile is named';
comment on column core.work_file_version.work_file_code is 'IdHoSoCongViec';
comment on column core.work_file_version.unit_code is 'MaDonVi';
comment on column core.work_file_version.level_code is 'CapDonVi: huyen, xa';
comment on column core.work_file_version.opened_at is 'NgayMo';
comment on column core.work_file_version.closed_at is 'NgayDong';
comment on column core.work_file_version.handling_code is 'HinhThucXuLy: dien_tu, giay, ket_hop';
comment on column core.work_file_version.secrecy_code is 'DoMat: always thuong here';
comment on column core.work_file_version.is_special is 'DacThu';
comment on column core.work_file_version._changed_at is 'Change time of this version (clock 2 of indicators.md §1)';
comment on column core.work_file_version._first_seen_at is 'T of the extract that delivered it (clock 3)';
comment on column core.work_file_version._content_hash is 'Hash of the content; a version is stored once';
comment on column core.work_file_version._failed_rules is 'Critical rules that this version breaks: it is left out, and no earlier one takes its place; null = passes';
comment on column core.work_file_version._is_current is 'Whether it is the newest version of its key, by change time, then by delivery';
comment on column core.work_file_version._load_id is 'Load that brought it';

create view core.work_file as
select
    source_code,
    work_file_code,
    unit_code,
    level_code,
    opened_at,
    closed_at,
    handling_code,
    secrecy_code,
    is_special,
    _changed_at,
    _first_seen_at,
    _content_hash,
    _load_id
from core.work_file_version
where _is_current and _failed_rules is null;
comment on view core.work_file is 'One row a work file: its newest version, where that passes the checks';
comment on column core.work_file.source_code is 'Source, as its profile is named';
comment on column core.work_file.work_file_code is 'IdHoSoCongViec';
comment on column core.work_file.unit_code is 'MaDonVi';
comment on column core.work_file.level_code is 'CapDonVi: huyen, xa';
comment on column core.work_file.opened_at is 'NgayMo';
comment on column core.work_file.closed_at is 'NgayDong';
comment on column core.work_file.handling_code is 'HinhThucXuLy: dien_tu, giay, ket_hop';
comment on column core.work_file.secrecy_code is 'DoMat: always thuong here';
comment on column core.work_file.is_special is 'DacThu';
comment on column core.work_file._changed_at is 'Change time of this version (clock 2 of indicators.md §1)';
comment on column core.work_file._first_seen_at is 'T of the extract that delivered it (clock 3)';
comment on column core.work_file._content_hash is 'Hash of the content; a version is stored once';
comment on column core.work_file._load_id is 'Load that brought it';

create table core.signature_version (
    source_code text not null,
    signature_code text not null,
    document_code text,
    person_code text,
    signed_at timestamptz,
    certificate_kind_code text,
    is_valid boolean,
    _changed_at timestamptz not null,
    _first_seen_at timestamptz not null,
    _content_hash bigint,
    _failed_rules text[],
    _is_current boolean not null,
    _load_id bigint not null,
    constraint signature_version_pk primary key (source_code, signature_code, _changed_at, _first_seen_at)
);
create index signature_version_current_ix on core.signature_version (source_code, signature_code) where _is_current;
comment on table core.signature_version is 'One row a delivered version of one digital signature';
comment on column core.signature_version.source_code is 'Source, as its profile is named';
comment on column core.signature_version.signature_code is 'IdKySo';
comment on column core.signature_version.document_code is 'IdVanBan';
comment on column core.signature_version.person_code is 'NguoiKyId: code of the signer';
comment on column core.signature_version.signed_at is 'ThoiDiemKy';
comment on column core.signature_version.certificate_kind_code is 'LoaiChungThu: ca_nhan, co_quan';
comment on column core.signature_version.is_valid is 'HopLe';
comment on column core.signature_version._changed_at is 'Change time of this version (clock 2 of indicators.md §1)';
comment on column core.signature_version._first_seen_at is 'T of the extract that delivered it (clock 3)';
comment on column core.signature_version._content_hash is 'Hash of the content; a version is stored once';
comment on column core.signature_version._failed_rules is 'Critical rules that this version breaks: it is left out, and no earlier one takes its place; null = passes';
comment on column core.signature_version._is_current is 'Whether it is the newest version of its key, by change time, then by delivery';
comment on column core.signature_version._load_id is 'Load that brought it';

create view core.signature as
select
    source_code,
    signature_code,
    document_code,
    person_code,
    signed_at,
    certificate_kind_code,
    is_valid,
    _changed_at,
    _first_seen_at,
    _content_hash,
    _load_id
from core.signature_version
where _is_current and _failed_rules is null;
comment on view core.signature is 'One row a signature: its newest version, where that passes the checks';
comment on column core.signature.source_code is 'Source, as its profile is named';
comment on column core.signature.signature_code is 'IdKySo';
comment on column core.signature.document_code is 'IdVanBan';
comment on column core.signature.person_code is 'NguoiKyId: code of the signer';
comment on column core.signature.signed_at is 'ThoiDiemKy';
comment on column core.signature.certificate_kind_code is 'LoaiChungThu: ca_nhan, co_quan';
comment on column core.signature.is_valid is 'HopLe';
comment on column core.signature._changed_at is 'Change time of this version (clock 2 of indicators.md §1)';
comment on column core.signature._first_seen_at is 'T of the extract that delivered it (clock 3)';
comment on column core.signature._content_hash is 'Hash of the content; a version is stored once';
comment on column core.signature._load_id is 'Load that brought it';

create table core.payment_version (
    source_code text not null,
    _key text not null,
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
    file_date date not null,
    file_revision integer not null,
    _changed_at timestamptz not null,
    _first_seen_at timestamptz not null,
    _content_hash bigint,
    _failed_rules text[],
    _is_current boolean not null,
    _load_id bigint not null,
    constraint payment_version_pk primary key (source_code, file_date, file_revision, _key, _first_seen_at)
);
create index payment_version_key_ix on core.payment_version (source_code, _key);
comment on table core.payment_version is 'One row a row of a delivered day file; the highest valid revision of a day replaces the whole day';
comment on column core.payment_version.source_code is 'Source, as its profile is named';
comment on column core.payment_version._key is 'Key of the record as delivered';
comment on column core.payment_version.order_code is 'MaThamChieu';
comment on column core.payment_version.transaction_code is 'MaGiaoDich; missing for a try that never reached the gateway';
comment on column core.payment_version.kind_code is 'LoaiGiaoDich: PAY, REFUND';
comment on column core.payment_version.dossier_code is 'MaHoSo';
comment on column core.payment_version.procedure_code_full is 'MaTTHC';
comment on column core.payment_version.unit_code is 'MaDonVi: collecting unit';
comment on column core.payment_version.amount_vnd is 'SoTien';
comment on column core.payment_version.fee_vnd is 'Phi';
comment on column core.payment_version.charge_vnd is 'LePhi';
comment on column core.payment_version.method_code is 'HinhThucThanhToan';
comment on column core.payment_version.channel_code is 'KenhThanhToan';
comment on column core.payment_version.status_code is 'TrangThaiGD: 1 success, 3 pending, 4 failed';
comment on column core.payment_version.error_code is 'MaLoi';
comment on column core.payment_version.bank_code is 'MaNganHang';
comment on column core.payment_version.paid_at is 'ThoiGianGD, brought onto the file''s day where ± 12 hours do that';
comment on column core.payment_version.is_time_shifted is 'Whether paid_at was shifted by 12 hours';
comment on column core.payment_version.refunded_order_code is 'MaThamChieuGoc';
comment on column core.payment_version.receipt_number is 'SoBienLai';
comment on column core.payment_version.file_date is 'Day of the file';
comment on column core.payment_version.file_revision is 'Revision of the file, 1 = the first';
comment on column core.payment_version._changed_at is 'Change time of this version (clock 2 of indicators.md §1)';
comment on column core.payment_version._first_seen_at is 'T of the extract that delivered it (clock 3)';
comment on column core.payment_version._content_hash is 'Hash of the content; a version is stored once';
comment on column core.payment_version._failed_rules is 'Critical rules that this version breaks: it is left out, and no earlier one takes its place; null = passes';
comment on column core.payment_version._is_current is 'Whether it is the newest version of its key, by change time, then by delivery';
comment on column core.payment_version._load_id is 'Load that brought it';

create view core.payment as
select
    source_code,
    _key,
    order_code,
    transaction_code,
    kind_code,
    dossier_code,
    procedure_code_full,
    unit_code,
    amount_vnd,
    fee_vnd,
    charge_vnd,
    method_code,
    channel_code,
    status_code,
    error_code,
    bank_code,
    paid_at,
    is_time_shifted,
    refunded_order_code,
    receipt_number,
    file_date,
    file_revision,
    _changed_at,
    _first_seen_at,
    _content_hash,
    _load_id
from core.payment_version
where _is_current and _failed_rules is null;
comment on view core.payment is 'One row a payment transaction of the files in force; one key in two days: the later day';
comment on column core.payment.source_code is 'Source, as its profile is named';
comment on column core.payment._key is 'Key of the record as delivered';
comment on column core.payment.order_code is 'MaThamChieu';
comment on column core.payment.transaction_code is 'MaGiaoDich; missing for a try that never reached the gateway';
comment on column core.payment.kind_code is 'LoaiGiaoDich: PAY, REFUND';
comment on column core.payment.dossier_code is 'MaHoSo';
comment on column core.payment.procedure_code_full is 'MaTTHC';
comment on column core.payment.unit_code is 'MaDonVi: collecting unit';
comment on column core.payment.amount_vnd is 'SoTien';
comment on column core.payment.fee_vnd is 'Phi';
comment on column core.payment.charge_vnd is 'LePhi';
comment on column core.payment.method_code is 'HinhThucThanhToan';
comment on column core.payment.channel_code is 'KenhThanhToan';
comment on column core.payment.status_code is 'TrangThaiGD: 1 success, 3 pending, 4 failed';
comment on column core.payment.error_code is 'MaLoi';
comment on column core.payment.bank_code is 'MaNganHang';
comment on column core.payment.paid_at is 'ThoiGianGD, brought onto the file''s day where ± 12 hours do that';
comment on column core.payment.is_time_shifted is 'Whether paid_at was shifted by 12 hours';
comment on column core.payment.refunded_order_code is 'MaThamChieuGoc';
comment on column core.payment.receipt_number is 'SoBienLai';
comment on column core.payment.file_date is 'Day of the file';
comment on column core.payment.file_revision is 'Revision of the file, 1 = the first';
comment on column core.payment._changed_at is 'Change time of this version (clock 2 of indicators.md §1)';
comment on column core.payment._first_seen_at is 'T of the extract that delivered it (clock 3)';
comment on column core.payment._content_hash is 'Hash of the content; a version is stored once';
comment on column core.payment._load_id is 'Load that brought it';

create table core.payment_day (
    source_code text not null,
    file_date date not null,
    file_revision integer not null,
    _first_seen_at timestamptz not null,
    file_name text not null,
    row_count bigint not null,
    amount_vnd bigint not null,
    _load_id bigint not null,
    constraint payment_day_pk primary key (source_code, file_date, file_revision, _first_seen_at)
);
comment on table core.payment_day is 'One row a valid day file of the payment log';
comment on column core.payment_day.source_code is 'Source';
comment on column core.payment_day.file_date is 'Day of the file';
comment on column core.payment_day.file_revision is 'Revision, 1 = the first; the highest is in force';
comment on column core.payment_day._first_seen_at is 'T of the extract that delivered it';
comment on column core.payment_day.file_name is 'Name as delivered';
comment on column core.payment_day.row_count is 'Rows, by manifest and trailer';
comment on column core.payment_day.amount_vnd is 'Sum of the successful PAY rows, by manifest and trailer';
comment on column core.payment_day._load_id is 'Load';

create table core.procedure_list_item (
    list_hash text not null,
    _key text not null,
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
    status_code text,
    _failed_rules text[],
    constraint procedure_list_item_pk primary key (list_hash, _key)
);
comment on table core.procedure_list_item is 'One row one version of a procedure at a unit, in one full list; equal lists are stored once';
comment on column core.procedure_list_item.list_hash is 'List this item stands in';
comment on column core.procedure_list_item._key is 'Key of the record as delivered';
comment on column core.procedure_list_item.procedure_code_full is 'MaTTHC as delivered';
comment on column core.procedure_list_item.procedure_code is 'First d.dddddd of MaTTHC';
comment on column core.procedure_list_item.procedure_name is 'TenTTHC';
comment on column core.procedure_list_item.field_code is 'MaLinhVuc';
comment on column core.procedure_list_item.field_name is 'TenLinhVuc';
comment on column core.procedure_list_item.performing_level_code is 'CapThucHien: huyen, xa';
comment on column core.procedure_list_item.unit_code is 'MaDonVi: unit it applies to';
comment on column core.procedure_list_item.service_level is 'MucDo 2, 3, 4';
comment on column core.procedure_list_item.is_online_eligible is 'DuDieuKienTrucTuyen';
comment on column core.procedure_list_item.processing_time is 'ThoiGianGiaiQuyet';
comment on column core.procedure_list_item.processing_time_unit is 'LoaiThoiGianThucHien';
comment on column core.procedure_list_item.has_fee is 'CoPhiLePhi';
comment on column core.procedure_list_item.has_online_payment is 'ThanhToanTrucTuyen';
comment on column core.procedure_list_item.yields_document is 'CoKetQuaGiayTo';
comment on column core.procedure_list_item.is_certification is 'LaChungThuc';
comment on column core.procedure_list_item.has_sample_dossier is 'CoHoSoMau';
comment on column core.procedure_list_item.decision_date is 'NgayQuyetDinhCongBo';
comment on column core.procedure_list_item.published_date is 'NgayCongKhai';
comment on column core.procedure_list_item.is_synced_to_portal is 'DaDongBoCongTinh';
comment on column core.procedure_list_item.edition is 'PhienBan';
comment on column core.procedure_list_item.valid_from is 'HieuLucTu';
comment on column core.procedure_list_item.valid_to is 'HieuLucDen, inclusive';
comment on column core.procedure_list_item.status_code is 'TrangThai: cong_khai, bai_bo';
comment on column core.procedure_list_item._failed_rules is 'Rules that the item breaks; null = passes';

create table core.procedure_list (
    source_code text not null,
    fetched_at timestamptz not null,
    list_hash text not null,
    _load_id bigint not null,
    constraint procedure_list_pk primary key (source_code, fetched_at)
);
comment on table core.procedure_list is 'One row a full list as fetched';
comment on column core.procedure_list.source_code is 'Source';
comment on column core.procedure_list.fetched_at is 'T of its extract: a list counts as fetched then';
comment on column core.procedure_list.list_hash is 'Its content: items of core.procedure_list_item';
comment on column core.procedure_list._load_id is 'Load';

create table core.leader_list_item (
    list_hash text not null,
    _key text not null,
    person_code text,
    unit_code text,
    post_name text,
    leader_level_code text,
    from_date date,
    to_date date,
    has_signature boolean,
    _failed_rules text[],
    constraint leader_list_item_pk primary key (list_hash, _key)
);
comment on table core.leader_list_item is 'One row one post of a leader, in one full list; equal lists are stored once';
comment on column core.leader_list_item.list_hash is 'List this item stands in';
comment on column core.leader_list_item._key is 'Key of the record as delivered';
comment on column core.leader_list_item.person_code is 'NguoiId';
comment on column core.leader_list_item.unit_code is 'MaDonVi';
comment on column core.leader_list_item.post_name is 'ChucVu';
comment on column core.leader_list_item.leader_level_code is 'CapLanhDao: cap_huyen, cap_phong, cap_xa';
comment on column core.leader_list_item.from_date is 'TuNgay';
comment on column core.leader_list_item.to_date is 'DenNgay, inclusive';
comment on column core.leader_list_item.has_signature is 'DaCapChuKySo';
comment on column core.leader_list_item._failed_rules is 'Rules that the item breaks; null = passes';

create table core.leader_list (
    source_code text not null,
    fetched_at timestamptz not null,
    list_hash text not null,
    _load_id bigint not null,
    constraint leader_list_pk primary key (source_code, fetched_at)
);
comment on table core.leader_list is 'One row a full list as fetched';
comment on column core.leader_list.source_code is 'Source';
comment on column core.leader_list.fetched_at is 'T of its extract: a list counts as fetched then';
comment on column core.leader_list.list_hash is 'Its content: items of core.leader_list_item';
comment on column core.leader_list._load_id is 'Load';

create table core.dossier_key_month (
    source_code text not null,
    month_start date not null,
    asked_at timestamptz not null,
    constraint dossier_key_month_pk primary key (source_code, month_start)
);
comment on table core.dossier_key_month is 'One row a month: when its key list was asked last';
comment on column core.dossier_key_month.source_code is 'Source';
comment on column core.dossier_key_month.month_start is 'First day of the month of reception';
comment on column core.dossier_key_month.asked_at is 'T of the newest extract that asked';

create table core.dossier_key (
    dossier_id bigint not null,
    source_code text not null,
    month_start date not null,
    deleted_at timestamptz,
    _first_seen_at timestamptz not null,
    _ended_at timestamptz,
    constraint dossier_key_pk primary key (dossier_id, month_start, _first_seen_at)
);
create index dossier_key_month_ix on core.dossier_key (source_code, month_start) where _ended_at is null;
comment on table core.dossier_key is 'One row a dossier in the key list of a month, as long as the answers said the same';
comment on column core.dossier_key.dossier_id is 'Dossier';
comment on column core.dossier_key.source_code is 'Source';
comment on column core.dossier_key.month_start is 'Month that was asked';
comment on column core.dossier_key.deleted_at is 'DeletedOn of the answer';
comment on column core.dossier_key._first_seen_at is 'T of the first extract with this answer';
comment on column core.dossier_key._ended_at is 'T of the first extract with another answer; null = in force';

create table core.dossier_supplement (
    dossier_id bigint not null,
    round_number integer not null,
    source_code text not null,
    round_code text,
    asked_at timestamptz,
    received_back_at timestamptz,
    due_before_at timestamptz,
    due_after_at timestamptz,
    constraint dossier_supplement_pk primary key (dossier_id, round_number)
);
comment on table core.dossier_supplement is 'One row a supplement round of a dossier, as its newest version has it';
comment on column core.dossier_supplement.dossier_id is 'Dossier';
comment on column core.dossier_supplement.round_number is 'Position in the record, from 1';
comment on column core.dossier_supplement.source_code is 'Source';
comment on column core.dossier_supplement.round_code is 'HoSoBoSungId';
comment on column core.dossier_supplement.asked_at is 'NgayBoSung';
comment on column core.dossier_supplement.received_back_at is 'NgayTiepNhanBoSung';
comment on column core.dossier_supplement.due_before_at is 'NgayHenTraTruoc';
comment on column core.dossier_supplement.due_after_at is 'NgayHenTraMoi';

create table core.dossier_due (
    dossier_id bigint not null,
    valid_after timestamptz not null,
    source_code text not null,
    due_at timestamptz,
    constraint dossier_due_pk primary key (dossier_id, valid_after)
);
comment on table core.dossier_due is 'One row a stretch of time with one due: for a moment X, the row with the greatest valid_after < X (indicators.md §3, due)';
comment on column core.dossier_due.dossier_id is 'Dossier';
comment on column core.dossier_due.valid_after is 'The due holds for moments after this one (exclusive), up to the next row''s (inclusive)';
comment on column core.dossier_due.source_code is 'Source';
comment on column core.dossier_due.due_at is 'Due in that stretch; null = none';

create unlogged table staging.model_dossier_key (
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
    month_start date,
    deleted_at timestamptz
);
comment on table staging.model_dossier_key is 'Model: one key in the answer of one month of the key lists; never holds rows itself';
comment on column staging.model_dossier_key._row is 'Number of the row in this table; what Great Expectations calls its primary key';
comment on column staging.model_dossier_key._load_id is 'Load that brought it';
comment on column staging.model_dossier_key._file is 'Landing part or delivered file';
comment on column staging.model_dossier_key._line is 'Line in that file, from 1';
comment on column staging.model_dossier_key._key is 'Key of the record as delivered; null where it has no readable one';
comment on column staging.model_dossier_key._changed_at is 'Change time; just before the T of the extract where it is missing or unreadable';
comment on column staging.model_dossier_key._first_seen_at is 'T of the extract';
comment on column staging.model_dossier_key._content_hash is 'Hash of the typed content, change time included';
comment on column staging.model_dossier_key._unreadable is 'Fields that were present and could not be read, with what stood there; they count as missing';
comment on column staging.model_dossier_key._unreadable_critical is 'Those among them whose unreadability is critical (K3)';
comment on column staging.model_dossier_key._shape_error is 'List fields that are no list of objects (K2)';
comment on column staging.model_dossier_key.dossier_id is 'Deterministic number of (source, dossier code)';
comment on column staging.model_dossier_key.dossier_code is 'MaHoSo';
comment on column staging.model_dossier_key.month_start is 'First day of the month that was asked';
comment on column staging.model_dossier_key.deleted_at is 'DeletedOn';
