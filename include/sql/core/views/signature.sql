-- grain: one row for each signature on a document: its newest version, where that passes the checks
-- source: core.signature_version
-- traps: only the newest version of a key; if it breaks a critical rule, the key is missing here, and no earlier version takes its
--        place

create or replace view core.signature as
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
comment on view core.signature is 'One row a signature: its newest version, where that passes the checks | Mỗi chữ ký số một dòng: phiên bản mới nhất, nếu đạt kiểm tra';
comment on column core.signature.source_code is 'Source, as its profile is named | Nguồn dữ liệu, theo tên hồ sơ cấu hình';
comment on column core.signature.signature_code is 'Code of the signature (IdKySo) | Mã chữ ký';
comment on column core.signature.document_code is 'Code of the document (IdVanBan) | Mã văn bản';
comment on column core.signature.person_code is 'Code of the signer (NguoiKyId) | Mã người ký';
comment on column core.signature.signed_at is 'Moment of the signature (ThoiDiemKy) | Thời điểm ký';
comment on column core.signature.certificate_kind_code is 'Kind of certificate (LoaiChungThu): ca_nhan of a person, co_quan of an office | Loại chứng thư: cá nhân, cơ quan';
comment on column core.signature.is_valid is 'Whether it is valid (HopLe) | Hợp lệ';
comment on column core.signature._changed_at is 'Change time of this version (docs/reference/indicators.md#21-three-clocks) | Thời điểm thay đổi của phiên bản';
comment on column core.signature._first_seen_at is 'T of the extract that delivered it (clock 3) | Mốc T của lần trích xuất đã nhận';
comment on column core.signature._content_hash is 'Hash of the content; a version is stored once | Mã băm nội dung; mỗi phiên bản chỉ lưu một lần';
comment on column core.signature._load_id is 'Load that brought it | Lần nạp đã nhận';
