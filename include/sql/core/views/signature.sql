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
comment on view core.signature is 'One row a signature: its newest version, where that passes the checks';
comment on column core.signature.source_code is 'Source, as its profile is named';
comment on column core.signature.signature_code is 'IdKySo';
comment on column core.signature.document_code is 'IdVanBan';
comment on column core.signature.person_code is 'NguoiKyId: code of the signer';
comment on column core.signature.signed_at is 'ThoiDiemKy';
comment on column core.signature.certificate_kind_code is 'LoaiChungThu: ca_nhan, co_quan';
comment on column core.signature.is_valid is 'HopLe';
comment on column core.signature._changed_at is 'Change time of this version (docs/reference/indicators.md#21-three-clocks)';
comment on column core.signature._first_seen_at is 'T of the extract that delivered it (clock 3)';
comment on column core.signature._content_hash is 'Hash of the content; a version is stored once';
comment on column core.signature._load_id is 'Load that brought it';
