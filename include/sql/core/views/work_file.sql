-- grain: one row for each work file: its newest version, where that passes the checks
-- source: core.work_file_version, core.duplicate_record
-- traps: only the newest version of a key; if it breaks a critical rule, the key is missing here, and no earlier version takes its
--        place

create or replace view core.work_file as
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
where
    _is_current
    and _failed_rules is null
    and not exists (
        select 1
        from core.duplicate_record as d
        where d.model = 'work_file' and d.source_code = work_file_version.source_code and d.key = work_file_version.work_file_code
    );
comment on view core.work_file is 'One row a work file: its newest version, where that passes the checks | Mỗi hồ sơ công việc một dòng: phiên bản mới nhất, nếu đạt kiểm tra';
comment on column core.work_file.source_code is 'Source, as its profile is named | Nguồn dữ liệu, theo tên hồ sơ cấu hình';
comment on column core.work_file.work_file_code is 'Code of the work file (IdHoSoCongViec) | Mã hồ sơ công việc';
comment on column core.work_file.unit_code is 'Unit (MaDonVi) | Đơn vị';
comment on column core.work_file.level_code is 'Level of the unit (CapDonVi): huyen district, xa commune | Cấp đơn vị: huyện, xã';
comment on column core.work_file.opened_at is 'Opened (NgayMo) | Thời điểm mở';
comment on column core.work_file.closed_at is 'Closed (NgayDong) | Thời điểm đóng';
comment on column core.work_file.handling_code is 'How it is handled (HinhThucXuLy): dien_tu electronic, giay paper, ket_hop both | Hình thức xử lý: điện tử, giấy, kết hợp';
comment on column core.work_file.secrecy_code is 'Secrecy (DoMat): always thuong here, secret ones never come | Độ mật: ở đây luôn là thường';
comment on column core.work_file.is_special is 'Exempt from electronic handling (DacThu) | Đặc thù';
comment on column core.work_file._changed_at is 'Change time of this version (docs/reference/indicators.md#21-three-clocks) | Thời điểm thay đổi của phiên bản';
comment on column core.work_file._first_seen_at is 'T of the extract that delivered it (clock 3) | Mốc T của lần trích xuất đã nhận';
comment on column core.work_file._content_hash is 'Hash of the content; a version is stored once | Mã băm nội dung; mỗi phiên bản chỉ lưu một lần';
comment on column core.work_file._load_id is 'Load that brought it | Lần nạp đã nhận';
