-- grain: one row for each unit, month and indicator: the declared figure in force, with its proof
-- source: core.declared_figure, core.unit_span, core.document_version, core.document_sign_key
-- traps: the unit is named as on the last day of the month; of several papers with one number and date the unit's own is the proof

create or replace view mart.declared_figure as
select
    f.unit_code,
    u.name as unit_name,
    u.level,
    f.month_start,
    f.indicator_code,
    f.numerator,
    f.denominator,
    coalesce(cast(f.numerator as numeric) / nullif(f.denominator, 0), case when f.denominator is null then f.numerator end) as value,
    f.is_approved,
    f.approved_date,
    f.proof_sign,
    f.proof_date,
    proof.document_code is not null as is_proven,
    proof.document_code as proof_document_code,
    f.file_name,
    f.file_line,
    f.file_revision,
    f._first_seen_at as first_seen_at
from core.declared_figure as f
-- by the last day of the month: the figure is the state at its end
inner join core.unit_span as u
    on
        f.unit_code = u.unit_code
        and u.from_date <= cast(f.month_start + interval '1 month' as date) - 1
        and u.before_date > cast(f.month_start + interval '1 month' as date) - 1
left join lateral (
    select d.document_code
    from core.document_version as d
    where
        d._is_current
        and d._failed_rules is null
        and core.document_sign_key(d.document_sign) = core.document_sign_key(f.proof_sign)
        and d.issued_date = f.proof_date
    -- several offices use the same numbers for their papers, so the unit's own paper comes first
    order by (d.issuing_unit_code is not distinct from f.unit_code) desc, d.document_code asc
    limit 1
) as proof on true;
comment on view mart.declared_figure is 'One row a declared figure in force, with its proof as the document system knows it now | Số liệu tự khai đang có hiệu lực';
comment on column mart.declared_figure.unit_code is 'Unit that declares | Đơn vị khai';
comment on column mart.declared_figure.unit_name is 'Its name at the end of the month | Tên đơn vị';
comment on column mart.declared_figure.level is 'Its level at the end of the month | Cấp';
comment on column mart.declared_figure.month_start is 'Month: the state since 1 January at the end of it | Tháng (lũy kế từ đầu năm)';
comment on column mart.declared_figure.indicator_code is 'Indicator | Mã chỉ tiêu';
comment on column mart.declared_figure.numerator is 'TuSo | Tử số';
comment on column mart.declared_figure.denominator is 'MauSo; null for counts | Mẫu số';
comment on column mart.declared_figure.value is 'TuSo over MauSo, unrounded; counts: TuSo | Giá trị';
comment on column mart.declared_figure.is_approved is 'Whether an approver is named; else provisional | Đã duyệt';
comment on column mart.declared_figure.approved_date is 'NgayDuyet | Ngày duyệt';
comment on column mart.declared_figure.proof_sign is 'CanCu | Số, ký hiệu văn bản căn cứ';
comment on column mart.declared_figure.proof_date is 'NgayCanCu | Ngày văn bản căn cứ';
comment on column mart.declared_figure.is_proven is 'Whether the document system has a document of that sign and date | Có văn bản chứng minh';
comment on column mart.declared_figure.proof_document_code is 'IdVanBan of that document | Mã văn bản';
comment on column mart.declared_figure.file_name is 'Workbook | Tệp';
comment on column mart.declared_figure.file_line is 'Row of its sheet | Dòng';
comment on column mart.declared_figure.file_revision is 'Revision of the workbook | Lần gửi';
comment on column mart.declared_figure.first_seen_at is 'T of the extract that brought it | Lần nạp';
