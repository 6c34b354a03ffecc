-- grain: one row for each unit, month and indicator: the figure of the newest file
-- source: core.declared_file, core.declared_figure_version, ops.source_clock
-- traps: a newer file replaces the whole earlier one, including figures that it leaves out; files after known_at do not count, which
--        matters when the past is computed again

create or replace view core.declared_figure as
with in_force as (
    select distinct on (f.source_code, f.unit_code, f.month_start)
        f.source_code,
        f.unit_code,
        f.month_start,
        f.file_revision,
        f._first_seen_at
    from core.declared_file as f
    -- always true, except when the past is computed again: then known_at is before some of the files
    inner join ops.source_clock as c on f.source_code = c.source_code and f._first_seen_at <= c.known_at
    order by f.source_code asc, f.unit_code asc, f.month_start asc, f.file_revision desc, f._first_seen_at desc
)

select
    v.source_code,
    v.unit_code,
    v.month_start,
    v.indicator_code,
    v.numerator,
    v.denominator,
    v.proof_sign,
    v.proof_date,
    v.is_approved,
    v.approved_date,
    v.file_revision,
    v.file_name,
    v.file_line,
    v._first_seen_at,
    v._load_id
from in_force as f
inner join core.declared_figure_version as v
    on
        f.unit_code = v.unit_code and f.month_start = v.month_start and f.file_revision = v.file_revision
        and f._first_seen_at = v._first_seen_at and f.source_code = v.source_code;
comment on view core.declared_figure is 'One row a declared figure in force: of the newest file of its unit and month | Mỗi số liệu tự khai đang có hiệu lực một dòng, của tệp mới nhất';
comment on column core.declared_figure.source_code is 'Source | Nguồn dữ liệu';
comment on column core.declared_figure.unit_code is 'Unit that declares | Đơn vị khai';
comment on column core.declared_figure.month_start is 'Month: the state since 1 January at the end of it | Tháng: lũy kế từ 01/01 đến cuối tháng';
comment on column core.declared_figure.indicator_code is 'Indicator (MaChiTieu) | Mã chỉ tiêu';
comment on column core.declared_figure.numerator is 'Numerator (TuSo) | Tử số';
comment on column core.declared_figure.denominator is 'Denominator (MauSo); null for counts | Mẫu số; trống với số lượng';
comment on column core.declared_figure.proof_sign is 'Number and sign of the document that proves it (CanCu) | Số, ký hiệu văn bản căn cứ';
comment on column core.declared_figure.proof_date is 'Date of that document (NgayCanCu) | Ngày văn bản căn cứ';
comment on column core.declared_figure.is_approved is 'Whether an approver is named | Có người duyệt';
comment on column core.declared_figure.approved_date is 'Date of the approval (NgayDuyet) | Ngày duyệt';
comment on column core.declared_figure.file_revision is 'Revision of the file | Lần sửa của tệp';
comment on column core.declared_figure.file_name is 'File | Tệp';
comment on column core.declared_figure.file_line is 'Row of its sheet | Dòng trong trang tính';
comment on column core.declared_figure._first_seen_at is 'T of the extract that delivered it (clock 3) | Mốc T của lần trích xuất đã nhận';
comment on column core.declared_figure._load_id is 'Load that brought it | Lần nạp đã nhận';
