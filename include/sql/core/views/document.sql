-- grain: one row for each document: its newest version, where that passes the checks
-- source: core.document_version
-- traps: only the newest version of a key; if it breaks a critical rule, the key is missing here, and no earlier version takes its
--        place

create or replace view core.document as
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
comment on view core.document is 'One row a document: its newest version, where that passes the checks | Mỗi văn bản một dòng: phiên bản mới nhất, nếu đạt kiểm tra';
comment on column core.document.source_code is 'Source, as its profile is named | Nguồn dữ liệu, theo tên hồ sơ cấu hình';
comment on column core.document.document_code is 'Code of the document (IdVanBan) | Mã văn bản';
comment on column core.document.direction_code is 'Direction (ChieuVanBan): den incoming, di outgoing | Chiều văn bản: đến, đi';
comment on column core.document.document_sign is 'Number and sign (SoKyHieu) | Số, ký hiệu';
comment on column core.document.issued_date is 'Day of issue (NgayBanHanh) | Ngày ban hành';
comment on column core.document.document_type_code is 'Kind of document (LoaiVanBan), as Decree 30/2020 abbreviates it | Loại văn bản, viết tắt theo Nghị định 30/2020';
comment on column core.document.issuing_unit_code is 'Unit that issued it (MaDonViBanHanh) | Đơn vị ban hành';
comment on column core.document.handling_unit_code is 'Unit that handles it (MaDonViXuLy) | Đơn vị xử lý';
comment on column core.document.urgency_code is 'Urgency (DoKhan) | Độ khẩn';
comment on column core.document.secrecy_code is 'Secrecy (DoMat): always thuong here, secret ones never come | Độ mật: ở đây luôn là thường';
comment on column core.document.arrived_at is 'Moment of arrival (NgayDen) | Thời điểm đến';
comment on column core.document.due_at is 'Due (HanXuLy) | Hạn xử lý';
comment on column core.document.done_at is 'Moment it was done (NgayHoanThanh) | Thời điểm hoàn thành';
comment on column core.document.is_handled_online is 'Whether it is handled online (XuLyTrenMang) | Xử lý trên môi trường mạng';
comment on column core.document.is_digitally_signed is 'Whether it is digitally signed (KySo) | Có ký số';
comment on column core.document.dossier_code is 'Dossier that it belongs to (MaHoSoLienQuan) | Mã hồ sơ liên quan';
comment on column core.document._changed_at is 'Change time of this version (docs/reference/indicators.md#21-three-clocks) | Thời điểm thay đổi của phiên bản';
comment on column core.document._first_seen_at is 'T of the extract that delivered it (clock 3) | Mốc T của lần trích xuất đã nhận';
comment on column core.document._content_hash is 'Hash of the content; a version is stored once | Mã băm nội dung; mỗi phiên bản chỉ lưu một lần';
comment on column core.document._load_id is 'Load that brought it | Lần nạp đã nhận';
