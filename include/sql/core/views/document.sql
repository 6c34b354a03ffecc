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
comment on column core.document._changed_at is 'Change time of this version (docs/reference/indicators.md#21-three-clocks)';
comment on column core.document._first_seen_at is 'T of the extract that delivered it (clock 3)';
comment on column core.document._content_hash is 'Hash of the content; a version is stored once';
comment on column core.document._load_id is 'Load that brought it';
