-- grain: one statement a change; declared figures (contracts/secondary.md) and the scorecard of all targets
-- source: core.declared_file, core.declared_figure_version (core/declared.py), core.declaration (include/reference/declarations.yaml)
-- traps: forward only; a later file of a unit and month supersedes the earlier one as a whole, so who is in force is decided by file

create unlogged table staging.model_declared_figure (
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
    unit_code text,
    month_start date,
    indicator_code text,
    numerator bigint,
    denominator bigint,
    proof_sign text,
    proof_date date,
    is_approved boolean,
    approved_date date,
    file_revision integer
);
comment on table staging.model_declared_figure is 'Model: one row of a declared workbook; never holds rows itself';
comment on column staging.model_declared_figure._row is 'Number of the row in this table; what Great Expectations calls its primary key';
comment on column staging.model_declared_figure._load_id is 'Load that brought it';
comment on column staging.model_declared_figure._file is 'Delivered file';
comment on column staging.model_declared_figure._line is 'Row of the sheet, from 1';
comment on column staging.model_declared_figure._key is 'MaDonVi, month and MaChiTieu';
comment on column staging.model_declared_figure._changed_at is 'T of the extract: a workbook has no change time of its own';
comment on column staging.model_declared_figure._first_seen_at is 'T of the extract';
comment on column staging.model_declared_figure._content_hash is 'Hash of the typed content';
comment on column staging.model_declared_figure._unreadable is 'Fields that were present and could not be read, with what stood there';
comment on column staging.model_declared_figure._unreadable_critical is 'Those among them whose unreadability is critical';
comment on column staging.model_declared_figure._shape_error is 'List fields that are no list of objects';
comment on column staging.model_declared_figure.unit_code is 'MaDonVi, from the file''s name';
comment on column staging.model_declared_figure.month_start is 'First day of the month in the file''s name';
comment on column staging.model_declared_figure.indicator_code is 'MaChiTieu';
comment on column staging.model_declared_figure.numerator is 'TuSo; missing = the row was left blank: nothing is declared';
comment on column staging.model_declared_figure.denominator is 'MauSo; missing for counts';
comment on column staging.model_declared_figure.proof_sign is 'CanCu: number and sign of the document that proves it';
comment on column staging.model_declared_figure.proof_date is 'NgayCanCu';
comment on column staging.model_declared_figure.is_approved is 'Whether NguoiDuyet is filled in; the name itself is not kept';
comment on column staging.model_declared_figure.approved_date is 'NgayDuyet';
comment on column staging.model_declared_figure.file_revision is 'N of _rN in the file''s name, else 1';

create table core.declaration (
    indicator_code text not null,
    unit_code text not null,
    form text not null,
    is_required boolean not null,
    reason text not null,
    constraint declaration_pk primary key (indicator_code, unit_code),
    constraint declaration_form_ck check (form in ('rate', 'count', 'score'))
);
comment on table core.declaration is 'One row an indicator and unit that declares it (include/reference/declarations.yaml), whatever the unit''s validity';
comment on column core.declaration.indicator_code is 'Indicator';
comment on column core.declaration.unit_code is 'Unit';
comment on column core.declaration.form is 'rate: TuSo of MauSo; count: TuSo alone; score: TuSo in hundredths over MauSo 100';
comment on column core.declaration.is_required is 'Whether the unit has to declare it; else it may, to be compared with the computed value';
comment on column core.declaration.reason is 'Why this unit declares it';

create table core.declared_file (
    source_code text not null,
    unit_code text not null,
    month_start date not null,
    file_revision integer not null,
    _first_seen_at timestamptz not null,
    file_name text not null,
    figure_count bigint not null,
    content_hash text not null,
    _load_id bigint not null,
    constraint declared_file_pk primary key (unit_code, month_start, file_revision, _first_seen_at, source_code)
);
comment on table core.declared_file is 'One row a delivered workbook of a unit and month that passed its checks; the highest (revision, T) is in force';
comment on column core.declared_file.source_code is 'Source';
comment on column core.declared_file.unit_code is 'Unit that declares';
comment on column core.declared_file.month_start is 'Month: its figures are the state since 1 January at the end of it';
comment on column core.declared_file.file_revision is 'N of _rN in the file''s name, else 1';
comment on column core.declared_file._first_seen_at is 'T of the extract that delivered it (clock 3)';
comment on column core.declared_file.file_name is 'Name as delivered';
comment on column core.declared_file.figure_count is 'Figures in it; rows left blank are none';
comment on column core.declared_file.content_hash is 'Hash of its figures: a file that says the same as the one before is stored once';
comment on column core.declared_file._load_id is 'Load that brought it';

create table core.declared_figure_version (
    source_code text not null,
    unit_code text not null,
    month_start date not null,
    indicator_code text not null,
    numerator bigint not null,
    denominator bigint,
    proof_sign text,
    proof_date date,
    is_approved boolean not null,
    approved_date date,
    file_revision integer not null,
    file_name text not null,
    file_line bigint not null,
    _first_seen_at timestamptz not null,
    _content_hash bigint,
    _load_id bigint not null,
    constraint declared_figure_version_pk
    primary key (unit_code, month_start, indicator_code, file_revision, _first_seen_at, source_code),
    constraint declared_figure_version_numerator_ck check (numerator >= 0),
    constraint declared_figure_version_denominator_ck check (denominator >= 0)
);
create index declared_figure_version_month_ix on core.declared_figure_version (month_start, indicator_code);
comment on table core.declared_figure_version is 'One row a declared figure of each delivered file, superseded ones too';
comment on column core.declared_figure_version.source_code is 'Source';
comment on column core.declared_figure_version.unit_code is 'Unit that declares';
comment on column core.declared_figure_version.month_start is 'Month: the state since 1 January at the end of it';
comment on column core.declared_figure_version.indicator_code is 'MaChiTieu';
comment on column core.declared_figure_version.numerator is 'TuSo';
comment on column core.declared_figure_version.denominator is 'MauSo; null for counts';
comment on column core.declared_figure_version.proof_sign is 'CanCu: number and sign of the document that proves it';
comment on column core.declared_figure_version.proof_date is 'NgayCanCu';
comment on column core.declared_figure_version.is_approved is 'Whether an approver is named; without one it is provisional. The name is not kept';
comment on column core.declared_figure_version.approved_date is 'NgayDuyet';
comment on column core.declared_figure_version.file_revision is 'Revision of the file';
comment on column core.declared_figure_version.file_name is 'File';
comment on column core.declared_figure_version.file_line is 'Row of its sheet';
comment on column core.declared_figure_version._first_seen_at is 'T of the extract that delivered it (clock 3)';
comment on column core.declared_figure_version._content_hash is 'Hash of the content';
comment on column core.declared_figure_version._load_id is 'Load that brought it';

create view core.declared_figure as
with in_force as (
    select distinct on (f.source_code, f.unit_code, f.month_start)
        f.source_code,
        f.unit_code,
        f.month_start,
        f.file_revision,
        f._first_seen_at
    from core.declared_file as f
    -- always so, but where the past is replayed: then the clock stands earlier than some of the files
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
comment on view core.declared_figure is 'One row a declared figure in force: of the newest file of its unit and month';
comment on column core.declared_figure.source_code is 'Source';
comment on column core.declared_figure.unit_code is 'Unit that declares';
comment on column core.declared_figure.month_start is 'Month: the state since 1 January at the end of it';
comment on column core.declared_figure.indicator_code is 'MaChiTieu';
comment on column core.declared_figure.numerator is 'TuSo';
comment on column core.declared_figure.denominator is 'MauSo; null for counts';
comment on column core.declared_figure.proof_sign is 'CanCu';
comment on column core.declared_figure.proof_date is 'NgayCanCu';
comment on column core.declared_figure.is_approved is 'Whether an approver is named';
comment on column core.declared_figure.approved_date is 'NgayDuyet';
comment on column core.declared_figure.file_revision is 'Revision of the file';
comment on column core.declared_figure.file_name is 'File';
comment on column core.declared_figure.file_line is 'Row of its sheet';
comment on column core.declared_figure._first_seen_at is 'T of the extract that delivered it (clock 3)';
comment on column core.declared_figure._load_id is 'Load that brought it';

create function core.declared_figure_at(source text, month date, known timestamptz)
returns table (
    unit_code text,
    indicator_code text,
    numerator bigint,
    denominator bigint,
    is_approved boolean,
    file_name text,
    file_line bigint,
    file_revision integer,
    first_seen_at timestamptz
)
language sql stable
as $$
with in_force as (
    select distinct on (f.unit_code) f.unit_code, f.file_revision, f._first_seen_at
    from core.declared_file as f
    where f.source_code = source and f.month_start = month and f._first_seen_at <= known
    order by f.unit_code asc, f.file_revision desc, f._first_seen_at desc
)

select v.unit_code, v.indicator_code, v.numerator, v.denominator, v.is_approved, v.file_name, v.file_line, v.file_revision, v._first_seen_at
from in_force as f
inner join core.declared_figure_version as v
    on v.unit_code = f.unit_code and v.month_start = month and v.file_revision = f.file_revision
    and v._first_seen_at = f._first_seen_at and v.source_code = source
$$;
comment on function core.declared_figure_at is 'One row a declared figure of a month, of the files in force as known at T';

-- a sign is written in many ways: NFD, spaces, small letters, the Icelandic Ð for Đ, a dash for a hyphen.
-- lower() knows ASCII alone where the database's locale is C, so the Vietnamese capitals are translated by name.
create function core.document_sign_key(sign text)
returns text
language sql immutable strict parallel safe
as $$
select nullif(
    translate(
        lower(regexp_replace(normalize(sign), '[[:space:]\u00A0\u200B]+', '', 'g')),
        'ĐÐðÀÁẢÃẠĂẰẮẲẴẶÂẦẤẨẪẬÈÉẺẼẸÊỀẾỂỄỆÌÍỈĨỊÒÓỎÕỌÔỒỐỔỖỘƠỜỚỞỠỢÙÚỦŨỤƯỪỨỬỮỰỲÝỶỸỴ‐‑‒–—−',
        'đđđàáảãạăằắẳẵặâầấẩẫậèéẻẽẹêềếểễệìíỉĩịòóỏõọôồốổỗộơờớởỡợùúủũụưừứửữựỳýỷỹỵ------'
    ),
    ''
)
$$;
comment on function core.document_sign_key is 'Number and sign of a document as it is compared: NFC, without spaces, in small letters';

create index document_version_sign_ix on core.document_version (core.document_sign_key(document_sign), issued_date) where _is_current;

create view mart.declared_figure as
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
inner join core.unit as u on f.unit_code = u.unit_code
left join lateral (
    select d.document_code
    from core.document_version as d
    where
        d._is_current
        and d._failed_rules is null
        and core.document_sign_key(d.document_sign) = core.document_sign_key(f.proof_sign)
        and d.issued_date = f.proof_date
    -- many offices number their papers alike: the unit's own paper first
    order by (d.issuing_unit_code is not distinct from f.unit_code) desc, d.document_code asc
    limit 1
) as proof on true;
comment on view mart.declared_figure is 'One row a declared figure in force, with its proof as the document system knows it now | Số liệu tự khai đang có hiệu lực';
comment on column mart.declared_figure.unit_code is 'Unit that declares | Đơn vị khai';
comment on column mart.declared_figure.unit_name is 'Its name | Tên đơn vị';
comment on column mart.declared_figure.level is 'Its level | Cấp';
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

create or replace view mart.scorecard as
with value as not materialized (
    select
        v.*,
        case i.kind when 'count' then v.value when 'score' then round(v.value, 2) else round(v.value * 100, 2) end as shown
    from mart.indicator_value as v
    inner join core.indicator as i on v.indicator_code = i.indicator_code and v.formula_version = i.formula_version
),

-- what was computed at all: every target is shown at each scope of each such period, with or without a value
scope as not materialized (
    select distinct
        v.plan_code,
        v.period_kind,
        v.period_start,
        v.period_end,
        v.unit_code,
        v.level
    from mart.indicator_value as v
),

-- the month of D, whose files are looked at: D is cut at the T of the declared figures
declared_clock as not materialized (
    select cast((k.known_at - interval '1 microsecond') at time zone 'Asia/Ho_Chi_Minh' as date) as last_day
    from ops.source_clock as k
    where k.source_code = 'declared'
),

cell as not materialized (
    select
        s.*,
        t.indicator_code,
        t.target_no,
        t.target_order,
        t.section,
        t.clause_vi,
        t.target as planned_target,
        t.lead_agency,
        t.level as target_level
    from scope as s
    inner join core.plan_target as t on s.plan_code = t.plan_code and t.level in ('all', s.level)
    union all
    select distinct
        v.plan_code,
        v.period_kind,
        v.period_start,
        v.period_end,
        v.unit_code,
        v.level,
        v.indicator_code,
        cast(null as text) as target_no,
        cast(null as integer) as target_order,
        cast(null as text) as section,
        cast(null as text) as clause_vi,
        cast(null as numeric) as planned_target,
        cast(null as text) as lead_agency,
        cast(null as text) as target_level
    from mart.indicator_value as v
    where not exists (
        select 1 from core.plan_target as t
        where t.plan_code = v.plan_code and t.indicator_code = v.indicator_code and t.level in ('all', v.level)
    )
),

defined as not materialized (
    select distinct on (i.indicator_code) i.*
    from core.indicator as i
    order by i.indicator_code asc, i.formula_version desc
)

select
    c.plan_code,
    c.target_no,
    c.target_order,
    c.section,
    c.clause_vi,
    c.indicator_code,
    coalesce(i.name_vi, c.clause_vi) as name_vi,
    c.unit_code,
    case c.unit_code
        when 'all' then 'Toàn huyện'
        when 'level:district' then 'Cấp huyện'
        when 'level:commune' then 'Cấp xã'
        else u.name
    end as unit_name,
    c.level,
    c.period_kind,
    c.period_start,
    c.period_end,
    p.numerator as period_numerator,
    p.denominator as period_denominator,
    p.shown as period_value,
    y.numerator as year_numerator,
    y.denominator as year_denominator,
    y.shown as year_value,
    last_period.shown as last_period_value,
    year_before.shown as year_before_value,
    round(coalesce(y.target, c.planned_target) * 100, 2) as target_percent,
    coalesce(y.status, case when c.target_no is not null then 'no_data' end) as status,
    case coalesce(y.status, case when c.target_no is not null then 'no_data' end)
        when 'met' then 'Đạt'
        when 'missed' then 'Chưa đạt'
        when 'on_pace' then 'Đúng tiến độ'
        when 'behind' then 'Chậm tiến độ'
        when 'no_data' then 'Chưa có số liệu'
    end as status_vi,
    y.gap_count,
    round(p.coverage * 100, 2) as coverage_percent,
    coalesce(p.is_provisional, true) as is_provisional,
    i.kind as indicator_kind,
    c.lead_agency,
    y.computed_at,
    case
        when y.status <> 'no_data' or (y.status is null and c.target_no is null) then null
        when i.indicator_code is null then 'Chưa có cách tính cho chỉ tiêu này'
        when clock.known_at is null then 'Chưa nạp nguồn ' || coalesce(s.name_vi, i.source_code)
        when y.unit_code is null then 'Kỳ này chưa được tính từ nguồn ' || coalesce(s.name_vi, i.source_code)
        when y.value is not null then 'Chưa có số liệu cùng kỳ năm trước để so sánh'
        when y.numerator is null and i.source_code = 'declared'
            then (
                select
                    case
                        when count(*) = 0 then 'Phạm vi này không phải khai chỉ tiêu này'
                        when count(*) <= 3
                            then 'Chưa có số liệu tự khai tháng ' || to_char(cast(date_trunc('month', least(c.period_end - 1, declared_clock.last_day)) as date), 'MM/YYYY') || ' của '
                                || string_agg(du.name, ', ' order by du.unit_code)
                        else 'Chưa có số liệu tự khai tháng ' || to_char(cast(date_trunc('month', least(c.period_end - 1, declared_clock.last_day)) as date), 'MM/YYYY') || ' của ' || count(*) || ' đơn vị'
                    end
                from core.declaration as dn
                inner join core.unit as du on dn.unit_code = du.unit_code
                where
                    dn.indicator_code = c.indicator_code
                    and dn.is_required
                    and du.valid_from <= c.period_end - 1
                    and (du.valid_to is null or du.valid_to >= c.period_end - 1)
                    and c.unit_code in ('all', 'level:' || du.level, du.unit_code)
            )
        else 'Mẫu số bằng 0: ' || coalesce(i.denominator_vi, '')
    end || '; hỏi ' || coalesce(c.lead_agency, 'Văn phòng HĐND-UBND') as no_data_reason_vi,
    declared.numerator as declared_numerator,
    declared.denominator as declared_denominator,
    declared.shown as declared_value,
    -- a file is the state since 1 January: it is compared with the year to date
    case when i.source_code <> 'declared' then declared.shown - y.shown end as declared_difference,
    declared.is_proven as declared_is_proven,
    declared.unit_count as declared_unit_count,
    c.target_level
from cell as c
left join value as p
    on
        c.plan_code = p.plan_code and c.indicator_code = p.indicator_code and c.unit_code = p.unit_code
        and c.period_kind = p.period_kind and c.period_start = p.period_start and p.basis = 'period'
left join value as y
    on
        p.indicator_code = y.indicator_code and p.unit_code = y.unit_code and p.formula_version = y.formula_version
        and p.plan_code = y.plan_code and p.period_kind = y.period_kind and p.period_start = y.period_start
        and y.basis = 'year_to_date'
left join defined as newest on c.indicator_code = newest.indicator_code
left join core.indicator as i
    on c.indicator_code = i.indicator_code and i.formula_version = coalesce(p.formula_version, newest.formula_version)
left join core.source as s on i.source_code = s.source_code
left join ops.source_clock as clock on i.source_code = clock.source_code
left join declared_clock on true
left join core.unit as u on c.unit_code = u.unit_code
left join lateral (
    select
        cast(sum(f.numerator) as bigint) as numerator,
        cast(sum(f.denominator) as bigint) as denominator,
        case
            when i.kind = 'count' then sum(f.numerator)
            when i.kind = 'score' then round(sum(f.numerator) / nullif(sum(f.denominator), 0), 2)
            else round(sum(f.numerator) * 100 / nullif(sum(f.denominator), 0), 2)
        end as shown,
        bool_and(f.is_proven) as is_proven,
        nullif(count(*), 0) as unit_count
    from mart.declared_figure as f
    where
        f.indicator_code = c.indicator_code
        and f.month_start = cast(date_trunc('month', least(c.period_end - 1, declared_clock.last_day)) as date)
        and c.unit_code in ('all', 'level:' || f.level, f.unit_code)
) as declared on true
left join value as last_period
    on
        p.indicator_code = last_period.indicator_code and p.unit_code = last_period.unit_code
        and p.formula_version = last_period.formula_version and p.plan_code = last_period.plan_code
        and p.period_kind = last_period.period_kind and p.period_start = last_period.period_end
        and last_period.basis = 'period'
left join value as year_before
    on
        p.indicator_code = year_before.indicator_code and p.unit_code = year_before.unit_code
        and p.formula_version = year_before.formula_version and p.plan_code = year_before.plan_code
        and p.period_kind = year_before.period_kind
        and year_before.period_start = cast(p.period_start - interval '1 year' as date)
        and year_before.basis = 'period';
comment on view mart.scorecard is 'One row a target (or an indicator without one), scope and period, for people: both bases side by side, the period before, the year before; targets without a value too | Bảng điểm chỉ tiêu';
comment on column mart.scorecard.indicator_kind is 'flow, stock, count, score (points) | Loại chỉ tiêu';
comment on column mart.scorecard.no_data_reason_vi is 'Why there is no value, and whom to ask | Lý do chưa có số liệu và nơi cần hỏi';
comment on column mart.scorecard.declared_numerator is 'TuSo as the units declared it (state since 1 January, month of the last day) | Tử số tự khai';
comment on column mart.scorecard.declared_denominator is 'MauSo as declared | Mẫu số tự khai';
comment on column mart.scorecard.declared_value is 'Percent (counts, scores: number) as declared | Tỷ lệ % tự khai';
comment on column mart.scorecard.declared_difference is 'Declared less computed, year to date, in percentage points; null for indicators that are only declared | Chênh lệch tự khai so với tính toán';
comment on column mart.scorecard.declared_is_proven is 'Whether every declared figure behind it has its document in the document system | Có đủ văn bản chứng minh';
comment on column mart.scorecard.declared_unit_count is 'Units that declared it: the declared figure speaks of them alone | Số đơn vị đã khai';
comment on column mart.scorecard.target_level is 'Where the target stands: all, district, commune | Cấp áp dụng mục tiêu';
