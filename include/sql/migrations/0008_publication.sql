-- grain: one statement a change; published periods: what was said, by whom, on what knowledge; and what has changed since
-- source: cchc.indicators.publication, cchc.indicators.restatement
-- traps: forward only; rows of mart.publication* are never updated or deleted: a correction is another edition

create table mart.publication (
    publication_id bigint generated always as identity,
    plan_code text not null,
    period_kind text not null,
    period_start date not null,
    period_end date not null,
    edition integer not null,
    source_clocks jsonb not null,
    definitions jsonb not null,
    missing jsonb not null,
    findings jsonb not null,
    approval text not null,
    approved_by text not null,
    note text,
    published_at timestamptz not null,
    constraint publication_pk primary key (publication_id),
    constraint publication_edition_uq unique (plan_code, period_kind, period_start, edition),
    constraint publication_approval_ck check (approval in ('person', 'rule'))
);
comment on table mart.publication is 'One row an edition of a closed period; the highest edition is in force, the others stay readable. | Mỗi lần công bố của một kỳ một dòng.';
comment on column mart.publication.publication_id is 'Number of the publication | Số thứ tự';
comment on column mart.publication.plan_code is 'Plan | Kế hoạch';
comment on column mart.publication.period_kind is 'month, quarter, half_year, nine_months, year, report_month, report_quarter | Loại kỳ';
comment on column mart.publication.period_start is 'First day | Ngày đầu kỳ';
comment on column mart.publication.period_end is 'Day after the last (exclusive) | Ngày sau kỳ';
comment on column mart.publication.edition is '1 = first publication; each approved restatement adds one | Lần công bố';
comment on column mart.publication.source_clocks is 'T of each source when it was frozen: {source: time} | Thời điểm trích xuất của từng nguồn';
comment on column mart.publication.definitions is 'Version and SHA-256 of each indicator''s definition: {indicator: {version, sha256}} | Phiên bản định nghĩa chỉ tiêu';
comment on column mart.publication.missing is 'Units expected that had sent nothing: {coverage: [unit, …]}, as the approver saw it | Đơn vị chưa gửi số liệu';
comment on column mart.publication.findings is 'Findings of the period as the approver saw them: {finding: count} | Số phát hiện bất thường';
comment on column mart.publication.approval is 'person: somebody approved; rule: the configured rule did | Hình thức phê duyệt';
comment on column mart.publication.approved_by is 'Who approved: account, or the rule in words | Người phê duyệt';
comment on column mart.publication.note is 'Reason or remark of the approver | Ghi chú';
comment on column mart.publication.published_at is 'When it was frozen | Thời điểm công bố';

create table mart.publication_value (
    publication_id bigint not null,
    unit_code text not null,
    indicator_code text not null,
    basis text not null,
    formula_version integer not null,
    level text not null,
    numerator bigint,
    denominator bigint,
    value numeric,
    target numeric,
    status text,
    gap_count bigint,
    coverage numeric,
    is_provisional boolean not null,
    constraint publication_value_pk primary key (publication_id, unit_code, indicator_code, basis),
    constraint publication_value_fk foreign key (publication_id) references mart.publication (publication_id)
);
comment on table mart.publication_value is 'One row a published value: mart.indicator_value as it stood when the period was frozen. | Mỗi số liệu đã công bố một dòng.';
comment on column mart.publication_value.publication_id is 'Publication | Lần công bố';
comment on column mart.publication_value.unit_code is 'A unit, level:district, level:commune, or all | Đơn vị, cấp, hoặc toàn bộ';
comment on column mart.publication_value.indicator_code is 'Indicator | Chỉ tiêu';
comment on column mart.publication_value.basis is 'period, or year_to_date | Trong kỳ, hoặc lũy kế';
comment on column mart.publication_value.formula_version is 'Version of its formula | Phiên bản công thức';
comment on column mart.publication_value.level is 'Level of the scope | Cấp';
comment on column mart.publication_value.numerator is 'Numerator | Tử số';
comment on column mart.publication_value.denominator is 'Denominator; null for counts | Mẫu số';
comment on column mart.publication_value.value is 'Unrounded fraction | Giá trị';
comment on column mart.publication_value.target is 'Target as a fraction | Mục tiêu';
comment on column mart.publication_value.status is 'met, missed, on_pace, behind, no_data | Đánh giá';
comment on column mart.publication_value.gap_count is 'How many were missing to the target | Còn thiếu';
comment on column mart.publication_value.coverage is 'Units that had sent something / units expected | Độ phủ';
comment on column mart.publication_value.is_provisional is 'Whether it was provisional | Tạm tính';

create table mart.publication_item (
    publication_id bigint not null,
    unit_code text not null,
    indicator_code text not null,
    basis text not null,
    numerator_items text[] not null,
    other_items text[] not null,
    constraint publication_item_pk primary key (publication_id, unit_code, indicator_code, basis),
    constraint publication_item_fk foreign key (publication_id) references mart.publication (publication_id)
);
comment on table mart.publication_item is 'One row an indicator and unit of a publication: the very dossiers (payments, procedures …) that were counted. | Danh sách hồ sơ đã được tính.';
comment on column mart.publication_item.publication_id is 'Publication | Lần công bố';
comment on column mart.publication_item.unit_code is 'Unit | Đơn vị';
comment on column mart.publication_item.indicator_code is 'Indicator; open_dossier: the dossiers open at the end (form 06a, column 11) | Chỉ tiêu; open_dossier: hồ sơ đang giải quyết cuối kỳ';
comment on column mart.publication_item.basis is 'period, or year_to_date | Trong kỳ, hoặc lũy kế';
comment on column mart.publication_item.numerator_items is 'Items in numerator and denominator; of open_dossier those past due | Mục thuộc tử số; với open_dossier: quá hạn';
comment on column mart.publication_item.other_items is 'Items in the denominator alone | Mục chỉ thuộc mẫu số';

create table mart.publication_report (
    publication_id bigint not null,
    file_name text not null,
    path text not null,
    sha256 text not null,
    byte_count bigint not null,
    constraint publication_report_pk primary key (publication_id, file_name),
    constraint publication_report_fk foreign key (publication_id) references mart.publication (publication_id)
);
comment on table mart.publication_report is 'One row a report file frozen with a publication. | Mỗi tệp báo cáo kèm lần công bố một dòng.';
comment on column mart.publication_report.publication_id is 'Publication | Lần công bố';
comment on column mart.publication_report.file_name is 'Name of the file | Tên tệp';
comment on column mart.publication_report.path is 'Where it lies, below CCHC_HOME | Đường dẫn';
comment on column mart.publication_report.sha256 is 'SHA-256 of its bytes | Mã băm';
comment on column mart.publication_report.byte_count is 'Its size in bytes | Kích thước';

create table mart.restatement (
    restatement_id bigint generated always as identity,
    publication_id bigint not null,
    unit_code text not null,
    indicator_code text not null,
    basis text not null,
    level text not null,
    published_numerator bigint,
    published_denominator bigint,
    published_value numeric,
    published_status text,
    numerator bigint,
    denominator bigint,
    value numeric,
    status text,
    state text not null,
    source_clocks jsonb not null,
    found_at timestamptz not null,
    ended_at timestamptz,
    approved_by text,
    note text,
    republished_as bigint,
    constraint restatement_pk primary key (restatement_id),
    constraint restatement_publication_fk foreign key (publication_id) references mart.publication (publication_id),
    constraint restatement_republished_fk foreign key (republished_as) references mart.publication (publication_id),
    constraint restatement_state_ck check (state in ('open', 'approved', 'withdrawn'))
);
create unique index restatement_open_ux on mart.restatement (publication_id, unit_code, indicator_code, basis) where state = 'open';
comment on table mart.restatement is 'One row a published value that would be another one by what is known since. | Mỗi số liệu đã công bố nay có thay đổi một dòng.';
comment on column mart.restatement.restatement_id is 'Number of the restatement | Số thứ tự';
comment on column mart.restatement.publication_id is 'Publication whose value it concerns | Lần công bố bị điều chỉnh';
comment on column mart.restatement.unit_code is 'A unit, level:district, level:commune, or all | Đơn vị, cấp, hoặc toàn bộ';
comment on column mart.restatement.indicator_code is 'Indicator | Chỉ tiêu';
comment on column mart.restatement.basis is 'period, or year_to_date | Trong kỳ, hoặc lũy kế';
comment on column mart.restatement.level is 'Level of the scope | Cấp';
comment on column mart.restatement.published_numerator is 'Numerator as published | Tử số đã công bố';
comment on column mart.restatement.published_denominator is 'Denominator as published | Mẫu số đã công bố';
comment on column mart.restatement.published_value is 'Value as published | Giá trị đã công bố';
comment on column mart.restatement.published_status is 'Status as published | Đánh giá đã công bố';
comment on column mart.restatement.numerator is 'Numerator by what is known at source_clocks | Tử số mới';
comment on column mart.restatement.denominator is 'Denominator by what is known at source_clocks | Mẫu số mới';
comment on column mart.restatement.value is 'Value by what is known at source_clocks | Giá trị mới';
comment on column mart.restatement.status is 'Status by what is known at source_clocks | Đánh giá mới';
comment on column mart.restatement.state is 'open: waits for approval; approved: stands in another edition; withdrawn: the difference is gone | Trạng thái';
comment on column mart.restatement.source_clocks is 'T of each source when it was found | Thời điểm trích xuất khi phát hiện';
comment on column mart.restatement.found_at is 'When it was found, or last found otherwise | Thời điểm phát hiện';
comment on column mart.restatement.ended_at is 'When it was approved or withdrawn | Thời điểm kết thúc';
comment on column mart.restatement.approved_by is 'Who approved it | Người phê duyệt';
comment on column mart.restatement.note is 'Reason given on approval | Lý do';
comment on column mart.restatement.republished_as is 'Publication that carries the new value | Lần công bố mang giá trị mới';

create table mart.restatement_item (
    restatement_id bigint not null,
    unit_code text not null,
    item text not null,
    change text not null,
    reason text not null,
    constraint restatement_item_pk primary key (restatement_id, unit_code, item, change),
    constraint restatement_item_fk foreign key (restatement_id) references mart.restatement (restatement_id) on delete cascade,
    constraint restatement_item_change_ck check (change in ('added', 'removed', 'numerator_gained', 'numerator_lost'))
);
comment on table mart.restatement_item is 'One row a dossier (payment, procedure …) behind the difference of a restatement. | Hồ sơ tạo nên chênh lệch.';
comment on column mart.restatement_item.restatement_id is 'Restatement | Điều chỉnh';
comment on column mart.restatement_item.unit_code is 'Unit where it is counted | Đơn vị';
comment on column mart.restatement_item.item is 'What is counted: MaHoSo, key of a payment, procedure … | Mã hồ sơ (hoặc mã mục được tính)';
comment on column mart.restatement_item.change is 'added, removed: counted now, or then; numerator_gained, numerator_lost: counted both times, on the other side | Thay đổi';
comment on column mart.restatement_item.reason is 'late: delivered only after the publication; changed, deleted, left_out; reference: the catalogue or another source changed | Lý do';

create view mart.published_value as
with latest as (
    select
        p.*,
        row_number() over (partition by p.plan_code, p.period_kind, p.period_start order by p.edition desc) as position
    from mart.publication as p
)

select
    p.publication_id,
    p.plan_code,
    p.period_kind,
    p.period_start,
    p.period_end,
    p.edition,
    p.published_at,
    p.approved_by,
    v.indicator_code,
    v.formula_version,
    v.unit_code,
    v.level,
    v.basis,
    v.numerator,
    v.denominator,
    v.value,
    v.target,
    v.status,
    v.gap_count,
    v.coverage,
    v.is_provisional,
    r.restatement_id is not null as is_restated
from latest as p
inner join mart.publication_value as v on p.publication_id = v.publication_id
left join mart.restatement as r
    on
        v.publication_id = r.publication_id and v.unit_code = r.unit_code and v.indicator_code = r.indicator_code
        and v.basis = r.basis and r.state = 'open'
where p.position = 1;
comment on view mart.published_value is 'One row a value in force of a published period: never changes but by another edition. | Số liệu công bố đang có hiệu lực.';
comment on column mart.published_value.publication_id is 'Publication | Lần công bố';
comment on column mart.published_value.plan_code is 'Plan | Kế hoạch';
comment on column mart.published_value.period_kind is 'Kind of period | Loại kỳ';
comment on column mart.published_value.period_start is 'First day | Ngày đầu kỳ';
comment on column mart.published_value.period_end is 'Day after the last (exclusive) | Ngày sau kỳ';
comment on column mart.published_value.edition is 'Edition in force | Lần công bố';
comment on column mart.published_value.published_at is 'When frozen | Thời điểm công bố';
comment on column mart.published_value.approved_by is 'Who approved | Người phê duyệt';
comment on column mart.published_value.indicator_code is 'Indicator | Chỉ tiêu';
comment on column mart.published_value.formula_version is 'Version of its formula | Phiên bản công thức';
comment on column mart.published_value.unit_code is 'Scope | Phạm vi';
comment on column mart.published_value.level is 'Level of the scope | Cấp';
comment on column mart.published_value.basis is 'period, or year_to_date | Trong kỳ, hoặc lũy kế';
comment on column mart.published_value.numerator is 'Numerator | Tử số';
comment on column mart.published_value.denominator is 'Denominator | Mẫu số';
comment on column mart.published_value.value is 'Unrounded fraction | Giá trị';
comment on column mart.published_value.target is 'Target | Mục tiêu';
comment on column mart.published_value.status is 'Status | Đánh giá';
comment on column mart.published_value.gap_count is 'How many were missing to the target | Còn thiếu';
comment on column mart.published_value.coverage is 'Coverage | Độ phủ';
comment on column mart.published_value.is_provisional is 'Whether it was provisional | Tạm tính';
comment on column mart.published_value.is_restated is 'Whether an open restatement says otherwise by now | Có thay đổi sau công bố';
