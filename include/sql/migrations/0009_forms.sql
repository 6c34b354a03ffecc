-- grain: one statement a change; form II.06a, findings, reconciliation of payments, scores of Decision 766
-- source: mart.dossier, core, ops.source_clock; indicators.md §6, §7
-- traps: forward only; functions are judged at T of the source's clock at the moment they are called, nothing is stored by them

create function core.period_end(period_kind text, period_start date)
returns date
language plpgsql immutable
as $$
declare
    months integer := case period_kind
        when 'month' then 1 when 'report_month' then 1 when 'quarter' then 3 when 'report_quarter' then 3
        when 'half_year' then 6 when 'nine_months' then 9 when 'year' then 12 end;
    first_month integer := extract(month from period_start) - case when period_kind = 'report_quarter' then 12 else 1 end;
    first_day integer := case when period_kind like 'report%' then 15 else 1 end;
begin
    if months is null then
        raise exception '% is no kind of period; use month, quarter, half_year, nine_months, year, report_month, report_quarter', period_kind;
    end if;
    if period_start is null
        or extract(day from period_start) <> first_day
        or (period_kind in ('quarter', 'report_quarter', 'half_year') and first_month % months <> 0)
        or (period_kind in ('nine_months', 'year') and first_month <> 0) then
        raise exception 'no % begins on %', period_kind, period_start;
    end if;
    return cast(period_start + make_interval(months => months) as date);
end
$$;
comment on function core.period_end is 'Day after the last day of a period; an unknown kind or first day is an error | Ngày sau kỳ';

create function core.dossier_open_at(source text, j timestamptz, d date)
returns table (
    dossier_id bigint,
    dossier_code text,
    unit_code text,
    field_code text,
    due_date date,
    is_paused boolean,
    paused_since_date date,
    is_past_due boolean
)
language sql stable
as $$
with opened as (
    select o.dossier_id, o.dossier_code, o.unit_code, o.field_code, s.zone
    from mart.dossier as o
    inner join core.source as s on o.source_code = s.source_code
    where
        o.source_code = source
        and o.is_counted
        and o.received_at < j
        and (o.finished_at is null or o.finished_at >= j)
),

due as (
    select distinct on (o.dossier_id)
        o.dossier_id,
        cast(u.due_at at time zone o.zone as date) as due_date
    from opened as o
    inner join core.dossier_due as u on o.dossier_id = u.dossier_id and u.valid_after < j
    order by o.dossier_id asc, u.valid_after desc
),

round_pause as (
    select o.dossier_id, min(r.asked_at) as since_at
    from opened as o
    inner join core.dossier_supplement as r on o.dossier_id = r.dossier_id
    where r.asked_at < j and (r.received_back_at is null or r.received_back_at >= j)
    group by o.dossier_id
),

candidate as (
    select distinct o.dossier_id
    from core.dossier_step as p
    inner join opened as o on p.dossier_id = o.dossier_id
    where p.status_code in (6, 8) and p.deleted_at is null
),

distinct_step as (
    select distinct on (s.dossier_id, date_trunc('minute', s.done_at), s.action_name, s.status_code)
        s.dossier_id, s.step_code, s.done_at, s.status_code
    from core.dossier_step as s
    inner join candidate as c on s.dossier_id = c.dossier_id
    where s.deleted_at is null and s.done_at is not null
    order by
        s.dossier_id asc, date_trunc('minute', s.done_at) asc, s.action_name asc, s.status_code asc,
        s.done_at asc, s.step_code collate "C" asc
),

event as (
    select
        e.dossier_id,
        e.done_at,
        e.status_code,
        row_number() over (partition by e.dossier_id order by e.done_at, e.step_code collate "C") as position,
        row_number() over (partition by e.dossier_id, e.status_code order by e.done_at, e.step_code collate "C") as position_of_status,
        row_number() over (partition by e.dossier_id order by e.done_at desc, e.step_code collate "C" desc) as position_from_last
    from distinct_step as e
    where e.status_code is not null and e.done_at < j
),

last_event as (
    select e.dossier_id, e.status_code, e.position - e.position_of_status as run
    from event as e
    where e.position_from_last = 1 and e.status_code in (6, 8)
),

step_pause as (
    select e.dossier_id, min(e.done_at) as since_at
    from event as e
    inner join last_event as l
        on e.dossier_id = l.dossier_id and e.status_code = l.status_code and e.position - e.position_of_status = l.run
    group by e.dossier_id
),

judged as (
    select
        o.dossier_id,
        o.dossier_code,
        o.unit_code,
        o.field_code,
        u.due_date,
        r.dossier_id is not null or t.dossier_id is not null as is_paused,
        cast(least(r.since_at, t.since_at) at time zone o.zone as date) as paused_since_date
    from opened as o
    left join due as u on o.dossier_id = u.dossier_id
    left join round_pause as r on o.dossier_id = r.dossier_id
    left join step_pause as t on o.dossier_id = t.dossier_id
)

select
    g.dossier_id,
    g.dossier_code,
    g.unit_code,
    g.field_code,
    g.due_date,
    g.is_paused,
    g.paused_since_date,
    coalesce(g.due_date < case when g.is_paused then g.paused_since_date else d end, false) as is_past_due
from judged as g
$$;
comment on function core.dossier_open_at is 'One row a dossier open at J, judged on day D (indicators.md §3); the rows that mart.dossier_open keeps for computed periods';

create function mart.form_06a_dossier(period_kind text, period_start date, scope text default 'all', source text default 'one_stop')
returns table (
    level text,
    unit_code text,
    field_code text,
    field_name text,
    dossier_code text,
    channel text,
    is_carried_over boolean,
    state text,
    is_returned boolean,
    is_without_due boolean
)
language sql stable
as $$
with bound as (
    select
        cast(cast(form_06a_dossier.period_start as timestamp) at time zone 'Asia/Ho_Chi_Minh' as timestamptz) as start_at,
        least(
            cast(core.period_end(form_06a_dossier.period_kind, form_06a_dossier.period_start) as timestamp) at time zone 'Asia/Ho_Chi_Minh',
            c.known_at
        ) as end_at
    from ops.source_clock as c
    where c.source_code = form_06a_dossier.source
),

-- a period that starts at or after T has no value
started as (
    select
        b.start_at,
        b.end_at,
        cast((b.end_at - interval '1 microsecond') at time zone 'Asia/Ho_Chi_Minh' as date) as last_day
    from bound as b
    where b.start_at < b.end_at
),

finished as (
    select
        d.dossier_id,
        case
            when d.outcome = 'returned' then 'on_time'
            else coalesce(d.timeliness, 'on_time')
        end as state,
        d.outcome = 'returned' as is_returned,
        d.outcome <> 'returned' and d.due_date is null as is_without_due
    from started as s
    inner join mart.dossier as d
        on d.source_code = form_06a_dossier.source and d.is_counted and d.finished_at >= s.start_at and d.finished_at < s.end_at
),

unfinished as (
    select
        o.dossier_id,
        case when o.is_past_due then 'open_past_due' else 'open_in_time' end as state,
        false as is_returned,
        false as is_without_due
    from started as s
    cross join lateral core.dossier_open_at(form_06a_dossier.source, s.end_at, s.last_day) as o
),

counted as (
    select * from finished
    union all
    select * from unfinished
),

placed as (
    select
        u.level,
        d.unit_code,
        d.field_code,
        first_value(d.field_name) over (
            partition by d.field_code order by (d.field_name is null), d._changed_at desc, d.dossier_code collate "C"
        ) as field_name,
        d.dossier_code,
        d.channel,
        d.received_at < s.start_at as is_carried_over,
        p.state,
        p.is_returned,
        p.is_without_due
    from started as s
    cross join counted as p
    inner join mart.dossier as d on p.dossier_id = d.dossier_id
    inner join core.unit as u on d.unit_code = u.unit_code
)

select p.*
from placed as p
where
    form_06a_dossier.scope = 'all'
    or p.unit_code = form_06a_dossier.scope
    or 'level:' || p.level = form_06a_dossier.scope
$$;
comment on function mart.form_06a_dossier is 'One row a dossier that form II.06a counts in a period and scope, with where it counts: what stands behind each cell | Hồ sơ trong biểu II.06a';

create function mart.form_06a(period_kind text, period_start date, scope text default 'all', source text default 'one_stop')
returns table (
    level text,
    field_code text,
    field_name text,
    received_count bigint,
    received_online_count bigint,
    received_otherwise_count bigint,
    carried_over_count bigint,
    finished_count bigint,
    early_count bigint,
    on_time_count bigint,
    late_count bigint,
    open_count bigint,
    open_in_time_count bigint,
    open_past_due_count bigint,
    returned_count bigint,
    without_due_count bigint
)
language sql stable
as $$
select
    d.level,
    d.field_code,
    d.field_name,
    count(*) as received_count,
    count(*) filter (where not d.is_carried_over and d.channel = 'online') as received_online_count,
    count(*) filter (where not d.is_carried_over and d.channel <> 'online') as received_otherwise_count,
    count(*) filter (where d.is_carried_over) as carried_over_count,
    count(*) filter (where d.state in ('early', 'on_time', 'late')) as finished_count,
    count(*) filter (where d.state = 'early') as early_count,
    count(*) filter (where d.state = 'on_time') as on_time_count,
    count(*) filter (where d.state = 'late') as late_count,
    count(*) filter (where d.state in ('open_in_time', 'open_past_due')) as open_count,
    count(*) filter (where d.state = 'open_in_time') as open_in_time_count,
    count(*) filter (where d.state = 'open_past_due') as open_past_due_count,
    count(*) filter (where d.is_returned) as returned_count,
    count(*) filter (where d.is_without_due) as without_due_count
from mart.form_06a_dossier(form_06a.period_kind, form_06a.period_start, form_06a.scope, form_06a.source) as d
group by d.level, d.field_code, d.field_name
order by d.level desc, d.field_name collate "C" nulls last, d.field_code collate "C" nulls last
$$;
comment on function mart.form_06a is 'Form II.06a/VPCP/KSTT at T of now: rows by field within level; columns 3 to 13 in their order, then the footnotes n returned and n without a due (indicators.md §6) | Biểu II.06a: theo lĩnh vực trong từng cấp';

-- mart.finding, the view over include/sql/findings, is made by `cchc init` from those files (cchc.findings)
create table core.finding_kind (
    finding_code text not null,
    finding_order integer not null,
    source_code text not null,
    name_vi text not null,
    name_en text not null,
    meaning_vi text not null,
    constraint finding_kind_pk primary key (finding_code)
);
comment on table core.finding_kind is 'One row a kind of finding, from include/reference/findings.yaml | Loại phát hiện';
comment on column core.finding_kind.finding_code is 'Code, and the file of include/sql/findings | Mã';
comment on column core.finding_kind.finding_order is 'Its place in lists | Thứ tự';
comment on column core.finding_kind.source_code is 'Source that it is about | Nguồn';
comment on column core.finding_kind.name_vi is 'Name for people | Tên';
comment on column core.finding_kind.name_en is 'English name | Tên tiếng Anh';
comment on column core.finding_kind.meaning_vi is 'What it means | Ý nghĩa';

create index payment_version_dossier_ix on core.payment_version (dossier_code) where _is_current;
create index dossier_other_code_ix on mart.dossier (other_dossier_code) where other_dossier_code is not null;

create view mart.payment_reconciliation as
with log as (
    select
        c.source_code,
        c.known_at,
        (select o.known_at from ops.source_clock as o where o.source_code = 'one_stop') as dossiers_known_at
    from ops.source_clock as c
    where c.source_code = 'payments'
),

attempt as (
    select
        p.*,
        coalesce(p.order_code, p._key) as order_key,
        p.kind_code = 'PAY' and p.status_code = 1 as is_success
    from core.payment as p
    inner join log as l on p.source_code = l.source_code
    where p.kind_code = 'PAY'
),

refund as (
    select
        p.source_code,
        p.refunded_order_code as order_key,
        sum(p.amount_vnd) as refunded_vnd
    from core.payment as p
    where p.kind_code = 'REFUND' and p.status_code = 1 and p.refunded_order_code is not null
    group by p.source_code, p.refunded_order_code
),

orders as (
    select
        a.source_code,
        a.order_key,
        min(a.unit_code) as unit_code,
        min(a.dossier_code) as dossier_code,
        coalesce(min(a.paid_at) filter (where a.is_success), min(a.paid_at)) as paid_at,
        max(a.paid_at) filter (where a.status_code = 3) as pending_at,
        count(*) filter (where a.is_success and a.amount_vnd > 0) as success_count,
        bool_or(a.is_success) as has_success,
        coalesce(sum(a.amount_vnd) filter (where a.is_success), 0) as paid_vnd,
        count(a.receipt_number) filter (where a.is_success and a.amount_vnd > 0) as receipt_count,
        bool_and(a.method_code = 'mien-phi') filter (where a.is_success) as is_exempt,
        string_agg(distinct a.receipt_number, ', ') filter (where a.is_success) as receipt_numbers
    from attempt as a
    group by a.source_code, a.order_key
    having bool_or(a.is_success) or bool_or(a.status_code = 3)
),

-- the dossier of an order: by MaHoSo, else by MaHoSoKhac
placed as (
    select
        o.*,
        coalesce(
            (select d.dossier_id from mart.dossier as d where d.dossier_code = o.dossier_code order by d.dossier_id limit 1),
            (select d.dossier_id from mart.dossier as d where d.other_dossier_code = o.dossier_code order by d.dossier_id limit 1)
        ) as dossier_id
    from orders as o
),

fee as (
    select
        v.dossier_id,
        sum(cast(f.item ->> 'amount_vnd' as bigint)) as fee_vnd
    from core.dossier_version as v
    cross join lateral jsonb_array_elements(v.fees) as f (item)
    where v._is_current and v.fees is not null
    group by v.dossier_id
),

-- a dossier may be paid in several orders: at reception, at a supplement, at return
summed as (
    select
        p.*,
        coalesce(r.refunded_vnd, 0) as refunded_vnd,
        sum(p.paid_vnd - case when p.success_count > 1 then p.paid_vnd - p.paid_vnd / p.success_count else 0 end)
            filter (where coalesce(r.refunded_vnd, 0) < p.paid_vnd or p.paid_vnd = 0)
            over (partition by p.dossier_id) as dossier_paid_vnd,
        bool_or(coalesce(p.is_exempt, false)) over (partition by p.dossier_id) as is_dossier_exempt
    from placed as p
    left join refund as r on p.source_code = r.source_code and p.order_key = r.order_key
),

judged as (
    select
        s.source_code,
        s.order_key as order_code,
        coalesce(d.dossier_code, s.dossier_code) as dossier_code,
        s.unit_code,
        cast(s.paid_at at time zone 'Asia/Ho_Chi_Minh' as date) as day,
        case when d.dossier_id is not null then coalesce(f.fee_vnd, 0) end as fee_vnd,
        cast(s.paid_vnd as bigint) as paid_vnd,
        cast(s.refunded_vnd as bigint) as refunded_vnd,
        cast(s.success_count as integer) as success_count,
        s.receipt_numbers,
        s.success_count > s.receipt_count as is_receipt_missing,
        case
            when s.paid_vnd > 0 and s.refunded_vnd >= s.paid_vnd then 'refunded'
            when s.success_count > 1 then 'duplicate_success'
            when not s.has_success and s.pending_at < l.known_at - interval '3 days' then 'pending_over_3_days'
            when not s.has_success then 'pending'
            when s.dossier_id is null and s.paid_at < l.dossiers_known_at then 'transaction_without_dossier'
            when s.dossier_id is null then 'pending'
            when s.is_dossier_exempt or s.dossier_paid_vnd = coalesce(f.fee_vnd, 0) then 'matched'
            else 'amount_differs'
        end as state
    from summed as s
    inner join log as l on s.source_code = l.source_code
    left join mart.dossier as d on s.dossier_id = d.dossier_id
    left join fee as f on s.dossier_id = f.dossier_id
),

unpaid as (
    select
        l.source_code,
        cast(null as text) as order_code,
        d.dossier_code,
        d.unit_code,
        d.received_date as day,
        coalesce(f.fee_vnd, 0) as fee_vnd,
        cast(0 as bigint) as paid_vnd,
        cast(0 as bigint) as refunded_vnd,
        0 as success_count,
        cast(null as text) as receipt_numbers,
        false as is_receipt_missing,
        'paid_without_transaction' as state
    from log as l
    cross join mart.dossier as d
    left join fee as f on d.dossier_id = f.dossier_id
    where
        d.is_counted
        and d.paid_online_code in (1, 2)
        and exists (
            select 1
            from core.payment_day as y
            where
                y.source_code = l.source_code
                and y.file_date = cast(coalesce(d.submitted_at, d.received_at) at time zone 'Asia/Ho_Chi_Minh' as date)
        )
        and not exists (
            select 1
            from core.payment as p
            where
                p.kind_code = 'PAY' and p.status_code = 1 and p.amount_vnd > 0
                and p.dossier_code in (d.dossier_code, d.other_dossier_code)
        )
)

select * from judged
union all
select * from unpaid;
comment on view mart.payment_reconciliation is 'One row an order of the payment log (a request with its tries) that succeeded or is pending, and one a dossier that says it was paid online without one: fees, payments, receipts | Đối soát thanh toán';
comment on column mart.payment_reconciliation.source_code is 'Payment log | Nguồn';
comment on column mart.payment_reconciliation.order_code is 'MaThamChieu; the key of a row without one; null for a dossier without a transaction | Mã tham chiếu';
comment on column mart.payment_reconciliation.dossier_code is 'MaHoSo | Mã hồ sơ';
comment on column mart.payment_reconciliation.unit_code is 'Collecting unit; handling unit of a dossier without a transaction | Đơn vị';
comment on column mart.payment_reconciliation.day is 'Local date of the first success, else of the first try; else of the reception | Ngày';
comment on column mart.payment_reconciliation.fee_vnd is 'Fees of the dossier; null where it is not known | Phí, lệ phí của hồ sơ';
comment on column mart.payment_reconciliation.paid_vnd is 'Successful payments of the order | Số tiền đã trả';
comment on column mart.payment_reconciliation.refunded_vnd is 'Given back | Số tiền hoàn';
comment on column mart.payment_reconciliation.success_count is 'Successful payments above 0 | Số lần thành công';
comment on column mart.payment_reconciliation.receipt_numbers is 'Receipts | Số biên lai';
comment on column mart.payment_reconciliation.is_receipt_missing is 'A success above 0 without a receipt | Thiếu biên lai';
comment on column mart.payment_reconciliation.state is 'matched, amount_differs, paid_without_transaction, transaction_without_dossier, duplicate_success, pending_over_3_days, refunded; pending: young, or its dossier may still come | Trạng thái';

create table mart.score_766 (
    period_kind text not null,
    period_start date not null,
    period_end date not null,
    unit_code text not null,
    level text not null,
    formula_version integer not null,
    part_code text not null,
    part_order integer not null,
    group_code text not null,
    group_name_vi text not null,
    name_vi text not null,
    formula text not null,
    full_at numeric,
    source text,
    numerator bigint,
    denominator bigint,
    ratio numeric,
    max_points numeric not null,
    points numeric,
    missing_reason text,
    known_at timestamptz,
    computed_at timestamptz not null,
    publication text,
    constraint score_766_pk primary key (unit_code, period_kind, period_start, formula_version, part_code)
);
create index score_766_period_ix on mart.score_766 (period_kind, period_start);
comment on table mart.score_766 is 'One row a part of the Decision-766 score, scope, period and formula version; a published one is never recomputed | Điểm theo Quyết định 766/QĐ-TTg';
comment on column mart.score_766.period_kind is 'month, quarter, half_year, nine_months, year, report_month, report_quarter | Loại kỳ';
comment on column mart.score_766.period_start is 'First day of the period | Ngày đầu kỳ';
comment on column mart.score_766.period_end is 'Day after its last day (exclusive) | Ngày sau kỳ';
comment on column mart.score_766.unit_code is 'A unit, level:district, level:commune, or all | Đơn vị, cấp, hoặc toàn bộ';
comment on column mart.score_766.level is 'Level of the scope: district, commune, all | Cấp';
comment on column mart.score_766.formula_version is 'Version of include/reference/decision_766.yaml in force at the end of the period | Phiên bản công thức';
comment on column mart.score_766.part_code is 'Part | Chỉ số thành phần';
comment on column mart.score_766.part_order is 'Its place | Thứ tự';
comment on column mart.score_766.group_code is 'Group | Nhóm';
comment on column mart.score_766.group_name_vi is 'Name of the group | Tên nhóm';
comment on column mart.score_766.name_vi is 'Name of the part | Tên chỉ số';
comment on column mart.score_766.formula is 'linear: points = ratio × max; full_at: full points at a share, linear below | Cách tính';
comment on column mart.score_766.full_at is 'Share at which points are full | Mức đạt điểm tối đa';
comment on column mart.score_766.source is 'Indicator, or SQL file of include/sql/scores; null = this district has no source | Nguồn số liệu';
comment on column mart.score_766.numerator is 'Numerator | Tử số';
comment on column mart.score_766.denominator is 'Denominator | Mẫu số';
comment on column mart.score_766.ratio is 'numerator / denominator, unrounded | Tỷ lệ';
comment on column mart.score_766.max_points is 'Full points | Điểm tối đa';
comment on column mart.score_766.points is 'Points, unrounded; null = missing, never 0 | Điểm';
comment on column mart.score_766.missing_reason is 'Why there are no points: no_source, no_cases | Lý do không có điểm';
comment on column mart.score_766.known_at is 'T of the source of the counts; of an indicator, when it was computed | Thời điểm số liệu';
comment on column mart.score_766.computed_at is 'When the row got these values | Thời điểm tính';
comment on column mart.score_766.publication is 'Publication that froze the row; null = may be recomputed | Lần công bố';

create view mart.score_766_total as
with total as (
    select
        s.period_kind,
        s.period_start,
        s.period_end,
        s.unit_code,
        s.level,
        s.formula_version,
        sum(s.points) as points,
        coalesce(sum(s.max_points) filter (where s.points is not null), 0) as max_points,
        sum(s.max_points) as full_points,
        string_agg(s.part_code, ', ' order by s.part_order) filter (where s.points is null) as missing_parts,
        max(s.publication) as publication
    from mart.score_766 as s
    group by s.period_kind, s.period_start, s.period_end, s.unit_code, s.level, s.formula_version
),

named as (
    select
        t.*,
        coalesce(
            u.name, case t.unit_code when 'all' then 'Toàn huyện' when 'level:district' then 'Cấp huyện' when 'level:commune' then 'Cấp xã' end
        ) as unit_name,
        coalesce(
            u.kind = 'commune' and u.valid_from < t.period_end and (u.valid_to is null or u.valid_to >= t.period_end - 1), false
        ) and t.points is not null as is_ranked
    from total as t
    left join core.unit as u on t.unit_code = u.unit_code
)

select
    n.period_kind,
    n.period_start,
    n.period_end,
    n.unit_code,
    n.unit_name,
    n.level,
    n.formula_version,
    n.points,
    n.max_points,
    n.full_points,
    n.missing_parts,
    n.publication,
    case
        when n.is_ranked
            then rank() over (partition by n.period_kind, n.period_start, n.formula_version, n.is_ranked order by n.points desc)
    end as commune_rank
from named as n;
comment on view mart.score_766_total is 'One row a scope and period: total of the parts that have points, what could be had of them, what is missing, and the rank of a commune | Tổng điểm và xếp hạng cấp xã';
comment on column mart.score_766_total.period_kind is 'Kind of period | Loại kỳ';
comment on column mart.score_766_total.period_start is 'First day | Ngày đầu kỳ';
comment on column mart.score_766_total.period_end is 'Day after the last (exclusive) | Ngày sau kỳ';
comment on column mart.score_766_total.unit_code is 'Scope | Phạm vi';
comment on column mart.score_766_total.unit_name is 'Its name | Tên';
comment on column mart.score_766_total.level is 'Level | Cấp';
comment on column mart.score_766_total.formula_version is 'Version of the formula | Phiên bản công thức';
comment on column mart.score_766_total.points is 'Sum of the points; null where no part has any | Tổng điểm';
comment on column mart.score_766_total.max_points is 'Full points of the parts that have points | Điểm tối đa của các chỉ số có số liệu';
comment on column mart.score_766_total.full_points is 'Full points of all parts: 100 | Điểm tối đa';
comment on column mart.score_766_total.missing_parts is 'Parts without points | Chỉ số chưa có số liệu';
comment on column mart.score_766_total.publication is 'Publication that froze it | Lần công bố';
comment on column mart.score_766_total.commune_rank is 'Rank among the communes by points, equal ones share it; null for others | Hạng';
