-- grain: one statement a change; schema mart: what people read, and the plan it is judged by
-- source: core, derived by include/sql/mart and include/sql/indicators
-- traps: forward only; every table and column is commented in English and Vietnamese

create table core.indicator (
    indicator_code text not null,
    formula_version integer not null,
    name_vi text not null,
    name_en text not null,
    source_code text not null,
    kind text not null,
    coverage_code text,
    numerator_vi text not null,
    denominator_vi text not null,
    constraint indicator_pk primary key (indicator_code, formula_version)
);
comment on table core.indicator is 'One row an indicator and formula version: its definition (indicators.md §4)';
comment on column core.indicator.indicator_code is 'Code';
comment on column core.indicator.formula_version is 'Version of the formula; a published value keeps the one it was made with';
comment on column core.indicator.name_vi is 'Name for people';
comment on column core.indicator.name_en is 'English name';
comment on column core.indicator.source_code is 'Source whose T it follows';
comment on column core.indicator.kind is 'flow: counted over the period; stock: the state at its last day; count: a number without denominator';
comment on column core.indicator.coverage_code is 'How its coverage is counted; null = none (catalogues)';
comment on column core.indicator.numerator_vi is 'Numerator in words';
comment on column core.indicator.denominator_vi is 'Denominator in words';

create table core.plan_target (
    plan_code text not null,
    target_no text not null,
    target_order integer not null,
    section text not null,
    clause_vi text not null,
    indicator_code text not null,
    level text not null,
    operator text,
    target numeric,
    kind text not null,
    lead_agency text not null,
    how text not null,
    constraint plan_target_pk primary key (plan_code, target_no, level)
);
comment on table core.plan_target is 'One row a target cell of a plan';
comment on column core.plan_target.plan_code is 'Plan, as its file in include/plans is named';
comment on column core.plan_target.target_no is 'Number of the cell (T01 … D01 …)';
comment on column core.plan_target.target_order is 'Position in the plan';
comment on column core.plan_target.section is 'Section of the plan';
comment on column core.plan_target.clause_vi is 'Words of the plan';
comment on column core.plan_target.indicator_code is 'Indicator';
comment on column core.plan_target.level is 'all, district, commune: where the target stands';
comment on column core.plan_target.operator is '=, >=, or a direction';
comment on column core.plan_target.target is 'Target as a fraction; null for a direction';
comment on column core.plan_target.kind is 'flow, stock, milestone, direction';
comment on column core.plan_target.lead_agency is 'Office that answers for it';
comment on column core.plan_target.how is 'computed or declared';

create table mart.dossier (
    dossier_id bigint not null,
    source_code text not null,
    dossier_code text not null,
    other_dossier_code text,
    unit_code text,
    receiving_unit_code text,
    procedure_code text,
    procedure_name text,
    field_code text,
    field_name text,
    channel text not null,
    applicant_kind_code smallint,
    service_level smallint,
    status_code smallint,
    submitted_at timestamptz,
    received_at timestamptz,
    received_date date,
    finished_at timestamptz,
    finished_date date,
    outcome text,
    due_at timestamptz,
    due_date date,
    first_due_at timestamptz,
    first_due_date date,
    timeliness text,
    first_timeliness text,
    is_digitized boolean not null,
    has_signed_result boolean not null,
    supplement_count integer not null,
    apology_count integer,
    paid_online_code smallint,
    is_counted boolean not null,
    left_out_reason text,
    left_out_rules text[],
    deleted_at timestamptz,
    _changed_at timestamptz not null,
    _first_seen_at timestamptz not null,
    _load_id bigint not null,
    constraint dossier_pk primary key (dossier_id)
);
create index dossier_received_ix on mart.dossier (source_code, received_at) where is_counted;
create index dossier_finished_ix on mart.dossier (source_code, finished_at) where is_counted;
create index dossier_code_ix on mart.dossier (dossier_code);
comment on table mart.dossier is 'One row a dossier: its facts as of the source''s T, without personal data. | Mỗi hồ sơ một dòng, không có dữ liệu cá nhân.';
comment on column mart.dossier.dossier_id is 'Number of the dossier';
comment on column mart.dossier.source_code is 'Source';
comment on column mart.dossier.dossier_code is 'MaHoSo | Mã hồ sơ';
comment on column mart.dossier.other_dossier_code is 'MaHoSoKhac | Mã hồ sơ khác';
comment on column mart.dossier.unit_code is 'Handling unit | Đơn vị xử lý';
comment on column mart.dossier.receiving_unit_code is 'Receiving unit | Đơn vị tiếp nhận';
comment on column mart.dossier.procedure_code is 'Procedure d.dddddd | Mã thủ tục';
comment on column mart.dossier.procedure_name is 'Its name | Tên thủ tục';
comment on column mart.dossier.field_code is 'Field | Mã lĩnh vực';
comment on column mart.dossier.field_name is 'Its name | Tên lĩnh vực';
comment on column mart.dossier.channel is 'online, post, in_person | Kênh nộp';
comment on column mart.dossier.applicant_kind_code is '1 citizen, 2 enterprise, 3 state body, 4 other | Đối tượng';
comment on column mart.dossier.service_level is 'Online level at submission: 2, 3, 4 | Mức độ dịch vụ';
comment on column mart.dossier.status_code is 'TrangThaiHoSo as it stands | Trạng thái hiện tại';
comment on column mart.dossier.submitted_at is 'Submitted | Ngày nộp';
comment on column mart.dossier.received_at is 'Officially accepted | Ngày tiếp nhận';
comment on column mart.dossier.received_date is 'Its local date | Ngày tiếp nhận (theo ngày)';
comment on column mart.dossier.finished_at is 'Finished at (indicators.md §3); null = open | Ngày kết thúc xử lý';
comment on column mart.dossier.finished_date is 'Its local date | Ngày kết thúc (theo ngày)';
comment on column mart.dossier.outcome is 'resolved, returned, stopped; null = open | Kết quả: giải quyết, trả lại, dừng';
comment on column mart.dossier.due_at is 'Due: of a finished dossier as it stood at the end of the finish day, of an open one as it stands | Ngày hẹn trả';
comment on column mart.dossier.due_date is 'Its local date | Ngày hẹn trả (theo ngày)';
comment on column mart.dossier.first_due_at is 'First due | Ngày hẹn trả đầu tiên';
comment on column mart.dossier.first_due_date is 'Its local date | Ngày hẹn trả đầu tiên (theo ngày)';
comment on column mart.dossier.timeliness is 'Of a finished dossier: early, on_time, late; null = open or without a due | Sớm, đúng, trễ hạn';
comment on column mart.dossier.first_timeliness is 'The same against the first due | Như trên, theo ngày hẹn đầu tiên';
comment on column mart.dossier.is_digitized is 'At least one paper digitised, with a file | Có thành phần hồ sơ được số hóa';
comment on column mart.dossier.has_signed_result is 'At least one signed electronic result that is no submitted paper | Có kết quả điện tử ký số';
comment on column mart.dossier.supplement_count is 'Supplement rounds | Số lần yêu cầu bổ sung';
comment on column mart.dossier.apology_count is 'Apology letters | Số lần xin lỗi';
comment on column mart.dossier.paid_online_code is '0 no, 1 national portal, 2 provincial gateway | Thanh toán trực tuyến';
comment on column mart.dossier.is_counted is 'Whether it counts in indicators | Được tính vào chỉ tiêu';
comment on column mart.dossier.left_out_reason is 'Why not: deleted, critical (rules), not_received | Lý do không tính';
comment on column mart.dossier.left_out_rules is 'Critical rules that its newest version breaks | Quy tắc vi phạm';
comment on column mart.dossier.deleted_at is 'When it was deleted, or the extract that found it gone | Thời điểm bị xóa';
comment on column mart.dossier._changed_at is 'Change time of the newest version | Lần sửa cuối';
comment on column mart.dossier._first_seen_at is 'T of the extract that delivered it | Lần trích xuất';
comment on column mart.dossier._load_id is 'Load that brought it (ops.load) | Lần nạp';

create table mart.dossier_open (
    source_code text not null,
    as_of_date date not null,
    dossier_id bigint not null,
    dossier_code text not null,
    unit_code text,
    field_code text,
    due_date date,
    is_paused boolean not null,
    paused_since_date date,
    is_past_due boolean not null,
    constraint dossier_open_pk primary key (source_code, as_of_date, dossier_id)
);
comment on table mart.dossier_open is 'One row a dossier open at the end of a computed period. | Mỗi hồ sơ chưa giải quyết tại cuối kỳ một dòng.';
comment on column mart.dossier_open.source_code is 'Source';
comment on column mart.dossier_open.as_of_date is 'D: last day judged | Ngày cuối kỳ';
comment on column mart.dossier_open.dossier_id is 'Dossier';
comment on column mart.dossier_open.dossier_code is 'MaHoSo | Mã hồ sơ';
comment on column mart.dossier_open.unit_code is 'Handling unit | Đơn vị xử lý';
comment on column mart.dossier_open.field_code is 'Field | Lĩnh vực';
comment on column mart.dossier_open.due_date is 'Due as it stood at J, local date | Ngày hẹn trả khi đó';
comment on column mart.dossier_open.is_paused is 'Paused at D | Tạm dừng';
comment on column mart.dossier_open.paused_since_date is 'Local date on which that pause began | Tạm dừng từ ngày';
comment on column mart.dossier_open.is_past_due is 'Past due at D | Quá hạn';

create table mart.indicator_value (
    plan_code text not null,
    indicator_code text not null,
    formula_version integer not null,
    unit_code text not null,
    level text not null,
    period_kind text not null,
    period_start date not null,
    period_end date not null,
    basis text not null,
    numerator bigint,
    denominator bigint,
    value numeric,
    target numeric,
    status text,
    gap_count bigint,
    coverage numeric,
    is_provisional boolean not null,
    computed_at timestamptz not null,
    constraint indicator_value_pk primary key (unit_code, indicator_code, period_kind, period_start, basis, plan_code, formula_version)
);
create index indicator_value_period_ix on mart.indicator_value (period_kind, period_start);
comment on table mart.indicator_value is 'One row an indicator, scope, period and basis. | Mỗi chỉ tiêu, phạm vi, kỳ và cách tính một dòng.';
comment on column mart.indicator_value.plan_code is 'Plan whose targets it is judged by | Kế hoạch';
comment on column mart.indicator_value.indicator_code is 'Indicator | Chỉ tiêu';
comment on column mart.indicator_value.formula_version is 'Version of its formula | Phiên bản công thức';
comment on column mart.indicator_value.unit_code is 'A unit, level:district, level:commune, or all for the whole | Đơn vị, cấp, hoặc toàn bộ';
comment on column mart.indicator_value.level is 'Level of the scope: district, commune, all | Cấp';
comment on column mart.indicator_value.period_kind is 'month, quarter, half_year, nine_months, year, report_month, report_quarter | Loại kỳ';
comment on column mart.indicator_value.period_start is 'First day of the period | Ngày đầu kỳ';
comment on column mart.indicator_value.period_end is 'Day after its last day (exclusive) | Ngày sau kỳ';
comment on column mart.indicator_value.basis is 'period, or year_to_date | Trong kỳ, hoặc lũy kế từ đầu năm';
comment on column mart.indicator_value.numerator is 'Numerator | Tử số';
comment on column mart.indicator_value.denominator is 'Denominator; null for counts | Mẫu số';
comment on column mart.indicator_value.value is 'numerator / denominator, unrounded fraction; the numerator for counts; null where the denominator is 0 | Giá trị';
comment on column mart.indicator_value.target is 'Target as a fraction, where one stands | Mục tiêu';
comment on column mart.indicator_value.status is 'met, missed, on_pace, behind, no_data; null where no target stands | Đánh giá';
comment on column mart.indicator_value.gap_count is 'How many are missing to the target | Còn thiếu';
comment on column mart.indicator_value.coverage is 'Units that sent something / units expected | Độ phủ nguồn';
comment on column mart.indicator_value.is_provisional is 'Coverage below 1, or the period is not over at T | Số liệu tạm tính';
comment on column mart.indicator_value.computed_at is 'When the row got these values | Thời điểm tính';

-- Procedures and leaders come as full lists (indicators.md §1.6): which keys exist, their dates and status from the newest
-- list by T; flags and level, for each key, from the newest list fetched at or before J, else from the oldest that has it.
-- The clock `known` replays an earlier T.

create function core.procedure_at(source text, j timestamptz, known timestamptz)
returns table (
    procedure_code text,
    unit_code text,
    valid_from date,
    valid_to date,
    listed_valid_to date,
    status_code text,
    decision_date date,
    published_date date,
    procedure_name text,
    field_code text,
    service_level smallint,
    is_online_eligible boolean,
    has_fee boolean,
    has_online_payment boolean,
    yields_document boolean,
    is_certification boolean,
    has_sample_dossier boolean,
    is_synced_to_portal boolean
)
language sql stable
as $$
with fetched as (
    select
        l.list_hash,
        max(l.fetched_at) as last_at,
        min(l.fetched_at) as first_at,
        max(l.fetched_at) filter (where l.fetched_at <= j) as last_at_j
    from core.procedure_list as l
    where l.source_code = source and l.fetched_at <= known
    group by l.list_hash
),

item as (
    select i.*, f.last_at, f.first_at, f.last_at_j
    from fetched as f
    inner join core.procedure_list_item as i on i.list_hash = f.list_hash
),

newest as (
    select distinct on (item._key) item.*
    from item
    order by item._key asc, item.last_at desc
),

flagged as (
    select distinct on (item._key) item.*
    from item
    order by item._key asc, item.last_at_j desc nulls last, item.first_at asc
)

select
    n.procedure_code,
    n.unit_code,
    n.valid_from,
    least(
        n.valid_to,
        (
            select cast(min(l.fetched_at) at time zone 'Asia/Ho_Chi_Minh' as date) - 1
            from core.procedure_list as l
            where l.source_code = source and l.fetched_at <= known and l.fetched_at > n.last_at
        )
    ) as valid_to,
    n.valid_to as listed_valid_to,
    n.status_code,
    n.decision_date,
    n.published_date,
    n.procedure_name,
    n.field_code,
    f.service_level,
    f.is_online_eligible,
    f.has_fee,
    f.has_online_payment,
    f.yields_document,
    f.is_certification,
    f.has_sample_dossier,
    f.is_synced_to_portal
from newest as n
inner join flagged as f on f._key = n._key
where n._failed_rules is null
$$;
comment on function core.procedure_at is 'Every version of a procedure at a unit: existence and dates as known at T, flags as of J';

create function core.procedure_in_force(source text, d date, j timestamptz, known timestamptz)
returns table (
    procedure_code text,
    unit_code text,
    published_date date,
    procedure_name text,
    service_level smallint,
    is_online_eligible boolean,
    has_fee boolean,
    has_online_payment boolean,
    has_sample_dossier boolean,
    is_synced_to_portal boolean
)
language sql stable
as $$
select distinct on (p.unit_code, p.procedure_code)
    p.procedure_code,
    p.unit_code,
    p.published_date,
    p.procedure_name,
    p.service_level,
    p.is_online_eligible,
    p.has_fee,
    p.has_online_payment,
    p.has_sample_dossier,
    p.is_synced_to_portal
from core.procedure_at(source, j, known) as p
-- a unit that is not valid at D has no stock (indicators.md §2)
inner join core.unit as u on p.unit_code = u.unit_code and u.valid_from <= d and (u.valid_to is null or u.valid_to >= d)
where
    p.valid_from <= d
    and (p.valid_to is null or p.valid_to >= d)
    and not (p.status_code is not distinct from 'bai_bo' and p.listed_valid_to is null)
    and p.procedure_code is not null
order by p.unit_code asc, p.procedure_code asc, p.valid_from desc
$$;
comment on function core.procedure_in_force is 'One row a procedure in force at a unit on day D (indicators.md §3, in force at D)';

create function core.leader_in_post(source text, d date, known timestamptz)
returns table (
    person_code text,
    unit_code text,
    post_name text,
    from_date date,
    to_date date
)
language sql stable
as $$
with fetched as (
    select l.list_hash, max(l.fetched_at) as last_at
    from core.leader_list as l
    where l.source_code = source and l.fetched_at <= known
    group by l.list_hash
),

newest as (
    select distinct on (i._key) i.*, f.last_at
    from fetched as f
    inner join core.leader_list_item as i on i.list_hash = f.list_hash
    order by i._key asc, f.last_at desc
),

ended as (
    select
        n.person_code,
        n.unit_code,
        n.post_name,
        n.from_date,
        least(
            n.to_date,
            (
                select cast(min(l.fetched_at) at time zone 'Asia/Ho_Chi_Minh' as date) - 1
                from core.leader_list as l
                where l.source_code = source and l.fetched_at <= known and l.fetched_at > n.last_at
            )
        ) as to_date
    from newest as n
    where n._failed_rules is null
)

select e.person_code, e.unit_code, e.post_name, e.from_date, e.to_date
from ended as e
inner join core.unit as u on e.unit_code = u.unit_code and u.valid_from <= d and (u.valid_to is null or u.valid_to >= d)
where e.from_date <= d and (e.to_date is null or e.to_date >= d)
$$;
comment on function core.leader_in_post is 'One row a post of a leader held on day D, as known at T';

create view core.procedure as
select
    clock.source_code,
    p.*
from ops.source_clock as clock
cross join lateral core.procedure_at(clock.source_code, clock.known_at, clock.known_at) as p;
comment on view core.procedure is 'One row a version of a procedure at a unit, as known now (effective-dated)';

create view core.leader as
with newest as (
    select
        l.source_code,
        l.list_hash,
        row_number() over (partition by l.source_code order by l.fetched_at desc) as rank
    from core.leader_list as l
)

select
    n.source_code,
    i.person_code,
    i.unit_code,
    i.post_name,
    i.leader_level_code,
    i.from_date,
    i.to_date,
    i.has_signature
from newest as n
inner join core.leader_list_item as i on n.list_hash = i.list_hash
where n.rank = 1 and i._failed_rules is null;
comment on view core.leader is 'One row a post of a leader in the newest list';

create function core.procedure_span(source text, j timestamptz, known timestamptz)
returns table (
    procedure_code text,
    unit_code text,
    from_date date,
    before_date date,
    yields_document boolean,
    is_certification boolean
)
language sql stable
as $$
with version as (
    select distinct on (p.unit_code, p.procedure_code, p.valid_from) p.*
    from core.procedure_at(source, j, known) as p
    where p.procedure_code is not null
    order by p.unit_code asc, p.procedure_code asc, p.valid_from asc, p.listed_valid_to desc nulls first
),

placed as (
    select
        v.*,
        row_number() over (partition by v.unit_code, v.procedure_code order by v.valid_from) as position,
        lead(v.valid_from) over (partition by v.unit_code, v.procedure_code order by v.valid_from) as next_from
    from version as v
)

select
    p.procedure_code,
    p.unit_code,
    case when p.position = 1 then cast('-infinity' as date) else p.valid_from end as from_date,
    coalesce(p.next_from, cast('infinity' as date)) as before_date,
    p.yields_document,
    p.is_certification
from placed as p
$$;
comment on function core.procedure_span is 'The procedure of a dossier (indicators.md §3): the version with the greatest HieuLucTu <= day of reception, else the oldest';

create view mart.left_out as
select
    d.source_code,
    d.dossier_code,
    d.unit_code,
    d.received_date,
    d.left_out_reason,
    d.left_out_rules,
    d.deleted_at
from mart.dossier as d
where not d.is_counted;
comment on view mart.left_out is 'One row a dossier that no indicator counts, with the reason | Hồ sơ không được tính vào chỉ tiêu và lý do';
comment on column mart.left_out.source_code is 'Source | Nguồn';
comment on column mart.left_out.dossier_code is 'MaHoSo | Mã hồ sơ';
comment on column mart.left_out.unit_code is 'Handling unit | Đơn vị xử lý';
comment on column mart.left_out.received_date is 'Received | Ngày tiếp nhận';
comment on column mart.left_out.left_out_reason is 'deleted, critical, not_received | Lý do';
comment on column mart.left_out.left_out_rules is 'Critical rules broken | Quy tắc vi phạm';
comment on column mart.left_out.deleted_at is 'When deleted | Thời điểm xóa';

create view mart.source_coverage as
select
    v.indicator_code,
    v.unit_code,
    v.period_kind,
    v.period_start,
    v.basis,
    v.coverage
from mart.indicator_value as v
where v.coverage is not null;
comment on view mart.source_coverage is 'One row an indicator, scope, period: share of the expected units whose data came | Độ phủ nguồn';
comment on column mart.source_coverage.indicator_code is 'Indicator | Chỉ tiêu';
comment on column mart.source_coverage.unit_code is 'Scope | Phạm vi';
comment on column mart.source_coverage.period_kind is 'Kind of period | Loại kỳ';
comment on column mart.source_coverage.period_start is 'First day | Ngày đầu kỳ';
comment on column mart.source_coverage.basis is 'period or year_to_date | Cách tính';
comment on column mart.source_coverage.coverage is 'Units that sent something / units expected | Độ phủ';

create view mart.scorecard as
with value as (
    select
        v.*,
        case when i.kind = 'count' then v.value else round(v.value * 100, 2) end as shown
    from mart.indicator_value as v
    inner join core.indicator as i on v.indicator_code = i.indicator_code and v.formula_version = i.formula_version
)

select
    p.plan_code,
    t.target_no,
    t.target_order,
    t.section,
    t.clause_vi,
    p.indicator_code,
    i.name_vi,
    p.unit_code,
    case p.unit_code
        when 'all' then 'Toàn huyện'
        when 'level:district' then 'Cấp huyện'
        when 'level:commune' then 'Cấp xã'
        else u.name
    end as unit_name,
    p.level,
    p.period_kind,
    p.period_start,
    p.period_end,
    p.numerator as period_numerator,
    p.denominator as period_denominator,
    p.shown as period_value,
    y.numerator as year_numerator,
    y.denominator as year_denominator,
    y.shown as year_value,
    last_period.shown as last_period_value,
    year_before.shown as year_before_value,
    round(y.target * 100, 2) as target_percent,
    y.status,
    case y.status
        when 'met' then 'Đạt'
        when 'missed' then 'Chưa đạt'
        when 'on_pace' then 'Đúng tiến độ'
        when 'behind' then 'Chậm tiến độ'
        when 'no_data' then 'Chưa có số liệu'
    end as status_vi,
    y.gap_count,
    round(p.coverage * 100, 2) as coverage_percent,
    p.is_provisional,
    i.kind as indicator_kind,
    t.lead_agency,
    y.computed_at
from value as p
inner join core.indicator as i on p.indicator_code = i.indicator_code and p.formula_version = i.formula_version
inner join value as y
    on
        p.indicator_code = y.indicator_code and p.unit_code = y.unit_code and p.formula_version = y.formula_version
        and p.plan_code = y.plan_code and p.period_kind = y.period_kind and p.period_start = y.period_start
        and y.basis = 'year_to_date'
left join core.unit as u on p.unit_code = u.unit_code
left join core.plan_target as t
    on p.plan_code = t.plan_code and p.indicator_code = t.indicator_code and t.level in ('all', p.level)
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
        and year_before.basis = 'period'
where p.basis = 'period';
comment on view mart.scorecard is 'One row an indicator, scope and period, for people: both bases side by side, the period before, the year before | Bảng điểm chỉ tiêu';
comment on column mart.scorecard.plan_code is 'Plan | Kế hoạch';
comment on column mart.scorecard.target_no is 'Number of the target | Số chỉ tiêu';
comment on column mart.scorecard.target_order is 'Its position in the plan | Thứ tự trong kế hoạch';
comment on column mart.scorecard.section is 'Section of the plan | Mục';
comment on column mart.scorecard.clause_vi is 'Words of the plan | Nội dung trong kế hoạch';
comment on column mart.scorecard.indicator_code is 'Indicator | Mã chỉ tiêu';
comment on column mart.scorecard.name_vi is 'Its name | Tên chỉ tiêu';
comment on column mart.scorecard.unit_code is 'Scope | Phạm vi';
comment on column mart.scorecard.unit_name is 'Its name | Tên đơn vị';
comment on column mart.scorecard.level is 'Level | Cấp';
comment on column mart.scorecard.period_kind is 'Kind of period | Loại kỳ';
comment on column mart.scorecard.period_start is 'First day | Ngày đầu kỳ';
comment on column mart.scorecard.period_end is 'Day after the last (exclusive) | Ngày sau kỳ';
comment on column mart.scorecard.period_numerator is 'Numerator in the period | Tử số trong kỳ';
comment on column mart.scorecard.period_denominator is 'Denominator in the period | Mẫu số trong kỳ';
comment on column mart.scorecard.period_value is 'Percent (counts: number) in the period | Tỷ lệ % trong kỳ';
comment on column mart.scorecard.year_numerator is 'Numerator, year to date | Tử số lũy kế';
comment on column mart.scorecard.year_denominator is 'Denominator, year to date | Mẫu số lũy kế';
comment on column mart.scorecard.year_value is 'Percent (counts: number), year to date | Tỷ lệ % lũy kế';
comment on column mart.scorecard.last_period_value is 'The same of the period before | Kỳ trước';
comment on column mart.scorecard.year_before_value is 'The same of the period a year before | Cùng kỳ năm trước';
comment on column mart.scorecard.target_percent is 'Target in percent | Mục tiêu %';
comment on column mart.scorecard.status is 'met, missed, on_pace, behind, no_data | Đánh giá (mã)';
comment on column mart.scorecard.status_vi is 'The same in Vietnamese | Đánh giá';
comment on column mart.scorecard.gap_count is 'How many are missing to the target, year to date | Còn thiếu';
comment on column mart.scorecard.coverage_percent is 'Coverage of the source in the period | Độ phủ nguồn %';
comment on column mart.scorecard.is_provisional is 'Provisional | Tạm tính';
comment on column mart.scorecard.indicator_kind is 'flow, stock, count | Loại chỉ tiêu';
comment on column mart.scorecard.lead_agency is 'Office that answers for it | Cơ quan chủ trì';
comment on column mart.scorecard.computed_at is 'When computed | Thời điểm tính';
