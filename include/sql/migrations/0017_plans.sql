-- grain: one statement a change; plans stand beside one another by their years, and one function judges every value
-- source: include/plans (indicators/plan_load.py), include/reference/indicators.yaml and declarations.yaml
-- traps: forward only; a period belongs to one plan (indicators/plan.py: place), so plan_code leaves the key of mart.indicator_value;
--        what one plan's refresh had taken from another's marks is marked again

create table core.plan (
    plan_code text not null,
    valid_from date not null,
    valid_to date not null,
    added_at timestamptz,
    ended_at timestamptz,
    constraint plan_pk primary key (plan_code),
    constraint plan_valid_ck check (valid_from <= valid_to)
);
comment on table core.plan is 'One row a plan: the years in which its targets hold';
comment on column core.plan.plan_code is 'Plan, as its files in include/plans are named';
comment on column core.plan.valid_from is 'First day on which it holds; it holds in the periods whose last day lies between its two days';
comment on column core.plan.valid_to is 'Last day on which it holds';
comment on column core.plan.added_at is 'When it was loaded first; null = before such times were kept';
comment on column core.plan.ended_at is 'When its files were found to be gone: it holds no more, what was published under it stays; null = in force';

insert into core.plan (plan_code, valid_from, valid_to)
select distinct
    t.plan_code,
    make_date(cast(right(t.plan_code, 4) as integer), 1, 1) as valid_from,
    make_date(cast(right(t.plan_code, 4) as integer), 12, 31) as valid_to
from core.plan_target as t
where t.plan_code ~ '_[0-9]{4}$';

alter table core.plan_target add column operator_text text;
alter table core.plan_target add column added_at timestamptz;
alter table core.plan_target add column ended_at timestamptz;
update core.plan_target set
    operator_text = operator,
    operator = case when kind <> 'direction' then operator when operator = 'down' then 'down' else 'up' end;
alter table core.plan_target alter column operator_text set not null;
comment on column core.plan_target.operator is '= and >=: the value reaches the target; up, down: it is above, or below, that of the same period of the year before';
comment on column core.plan_target.operator_text is 'The same as the plan''s file writes it: =, >=, up, above the same period of 2022';
comment on column core.plan_target.added_at is 'When it was loaded first; null = before such times were kept';
comment on column core.plan_target.ended_at is 'When it was found to be gone from the plan''s file: nothing is judged by it any more; null = in force';

create table core.plan_change (
    plan_code text not null,
    target_no text not null,
    level text not null,
    changed_at timestamptz not null,
    change text not null,
    before jsonb,
    after jsonb,
    constraint plan_change_pk primary key (plan_code, target_no, level, changed_at),
    constraint plan_change_change_ck check (change in ('added', 'changed', 'ended', 'restored'))
);
comment on table core.plan_change is 'One row a target of a loaded plan that `cchc init` found added, changed, ended or restored: what it said before and after';
comment on column core.plan_change.plan_code is 'Plan';
comment on column core.plan_change.target_no is 'Number of the cell';
comment on column core.plan_change.level is 'Level at which it stands';
comment on column core.plan_change.changed_at is 'When `cchc init` found it';
comment on column core.plan_change.change is 'added, changed, ended (gone from the file), restored (back in the file)';
comment on column core.plan_change.before is 'The columns that differ as they were; null for one that is added';
comment on column core.plan_change.after is 'The same as they are now; null for one that has ended';

alter table core.indicator add column definition_sha256 text;
alter table core.indicator add column ended_at timestamptz;
comment on column core.indicator.definition_sha256 is 'SHA-256 of what its number follows from: sources, kind, coverage and the SQL file without its comments; null = not yet known';
update core.indicator as i set ended_at = now()
where exists (select 1 from core.indicator as n where n.indicator_code = i.indicator_code and n.formula_version > i.formula_version);
comment on column core.indicator.ended_at is 'When another version took its place, or it was found to be gone from the catalogue: it is not computed any more; null = computed';

-- who declares what follows from the levels of a plan: each plan has a list of its own
alter table core.declaration drop constraint declaration_pk;
alter table core.declaration add column plan_code text;
create temporary table declaration_of_no_plan on commit drop as
select d.* from core.declaration as d;
delete from core.declaration where true;
insert into core.declaration (plan_code, indicator_code, unit_code, form, is_required, reason)
select
    p.plan_code,
    d.indicator_code,
    d.unit_code,
    d.form,
    d.is_required,
    d.reason
from declaration_of_no_plan as d
cross join core.plan as p;
alter table core.declaration alter column plan_code set not null;
alter table core.declaration add constraint declaration_pk primary key (plan_code, indicator_code, unit_code);
comment on table core.declaration is 'One row a plan, indicator and unit that declares it (include/reference/declarations.yaml, crossed with the levels of the plan), whatever the unit''s validity';
comment on column core.declaration.plan_code is 'Plan in whose periods the unit declares it';

alter table mart.indicator_value add column no_target_reason text;
comment on column mart.indicator_value.plan_code is 'Plan that the period belongs to: the one that holds on its last day; where none does, the nearest later one, else the nearest earlier one | Kế hoạch của kỳ';
comment on column mart.indicator_value.target is 'Target as a fraction, where one stands and its plan holds | Mục tiêu';
comment on column mart.indicator_value.status is 'met, missed, on_pace, behind, no_data; null where no target stands or no plan holds | Đánh giá';
comment on column mart.indicator_value.no_target_reason is 'no plan holds: the last day of the period lies in the years of no plan; it is measured, not judged | Vì sao không đánh giá';

-- a period was computed under each plan that CCHC_PLAN had named, and a mark was consumed by one of them: all of it is computed once more
insert into ops.dirty_month (source_code, month_start, reason, marked_at)
select distinct
    i.source_code,
    cast(date_trunc('month', least(v.period_end - 1, cast((k.known_at - interval '1 microsecond') at time zone 'Asia/Ho_Chi_Minh' as date))) as date) as month_start,
    'each period belongs to one plan' as reason,
    now() as marked_at
from mart.indicator_value as v
inner join core.indicator as i on v.indicator_code = i.indicator_code and v.formula_version = i.formula_version
inner join ops.source_clock as k on i.source_code = k.source_code
where (select count(distinct w.plan_code) from mart.indicator_value as w) > 1
on conflict (source_code, month_start) do nothing;

delete from mart.indicator_value as v
using (
    select
        w.ctid as row_id,
        row_number() over (
            partition by w.unit_code, w.indicator_code, w.period_kind, w.period_start, w.basis, w.formula_version
            order by
                w.period_end - 1 between p.valid_from and p.valid_to desc nulls last,
                p.valid_from > w.period_end - 1 desc nulls last,
                abs(p.valid_from - w.period_end) asc nulls last,
                w.plan_code asc
        ) as position
    from mart.indicator_value as w
    left join core.plan as p on w.plan_code = p.plan_code
) as placed
where v.ctid = placed.row_id and placed.position > 1;

alter table mart.indicator_value drop constraint indicator_value_pk;
alter table mart.indicator_value add constraint indicator_value_pk primary key (unit_code, indicator_code, period_kind, period_start, basis, formula_version);

alter table mart.publication_value add column no_target_reason text;
comment on column mart.publication_value.no_target_reason is 'no plan holds: measured, not judged | Vì sao không đánh giá';
comment on column mart.publication.plan_code is 'Plan that the period belonged to when it was published | Kế hoạch của kỳ khi công bố';

create or replace view mart.published_value as
with latest as (
    select
        p.*,
        row_number() over (
            partition by p.period_kind, p.period_start order by h.plan_code is not null desc, p.edition desc, p.publication_id desc
        ) as position
    from mart.publication as p
    -- a period that was published under two plans: what the plan that holds in it has published
    left join core.plan as h on p.plan_code = h.plan_code and p.period_end - 1 between h.valid_from and h.valid_to
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
    r.restatement_id is not null as is_restated,
    v.no_target_reason
from latest as p
inner join mart.publication_value as v on p.publication_id = v.publication_id
left join mart.restatement as r
    on
        v.publication_id = r.publication_id and v.unit_code = r.unit_code and v.indicator_code = r.indicator_code
        and v.basis = r.basis and r.state = 'open'
where p.position = 1;
comment on column mart.published_value.plan_code is 'Plan that the period belonged to when it was published | Kế hoạch của kỳ khi công bố';
comment on column mart.published_value.no_target_reason is 'no plan holds: measured, not judged | Vì sao không đánh giá';

create or replace view mart.scorecard as
with value as not materialized (
    select
        v.*,
        case i.kind when 'count' then v.value when 'score' then round(v.value, 2) else round(v.value * 100, 2) end as shown
    from mart.indicator_value as v
    inner join core.indicator as i on v.indicator_code = i.indicator_code and v.formula_version = i.formula_version
    -- of several versions of a formula the one that is computed; of an indicator that is not computed any more what is there
    where
        i.ended_at is null
        or not exists (select 1 from core.indicator as n where n.indicator_code = i.indicator_code and n.ended_at is null)
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
    inner join core.plan_target as t on s.plan_code = t.plan_code and t.level in ('all', s.level) and t.ended_at is null
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
        where t.plan_code = v.plan_code and t.indicator_code = v.indicator_code and t.level in ('all', v.level) and t.ended_at is null
    )
),

defined as not materialized (
    select distinct on (i.indicator_code) i.*
    from core.indicator as i
    order by i.indicator_code asc, i.ended_at is null desc, i.formula_version desc
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
    case when holding.plan_code is not null then round(coalesce(y.target, c.planned_target) * 100, 2) end as target_percent,
    case when holding.plan_code is not null then coalesce(y.status, case when c.target_no is not null then 'no_data' end) end as status,
    case case when holding.plan_code is not null then coalesce(y.status, case when c.target_no is not null then 'no_data' end) end
        when 'met' then 'Đạt'
        when 'missed' then 'Chưa đạt'
        when 'on_pace' then 'Đúng tiến độ'
        when 'behind' then 'Chậm tiến độ'
        when 'no_data' then 'Chưa có số liệu'
    end as status_vi,
    case when holding.plan_code is not null then y.gap_count end as gap_count,
    round(p.coverage * 100, 2) as coverage_percent,
    coalesce(p.is_provisional, true) as is_provisional,
    i.kind as indicator_kind,
    c.lead_agency,
    y.computed_at,
    case
        when y.status <> 'no_data' or (y.status is null and c.target_no is null) then null
        -- where no plan holds nothing is judged: only what has no value asks for a reason
        when holding.plan_code is null and y.value is not null then null
        when i.indicator_code is null then 'Chưa có cách tính cho chỉ tiêu này'
        when clock.known_at is null then 'Chưa nạp nguồn ' || coalesce(s.name_vi, i.source_code)
        when y.unit_code is null then 'Kỳ này chưa được tính từ nguồn ' || coalesce(s.name_vi, i.source_code)
        when y.no_target_reason is not null and y.value is not null then 'Kỳ này chưa được đánh giá theo kế hoạch mới, cần tính lại'
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
                    dn.plan_code = c.plan_code
                    and dn.indicator_code = c.indicator_code
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
    c.target_level,
    case when holding.plan_code is null then 'no plan holds' end as no_target_reason,
    case when holding.plan_code is null then 'Không có kế hoạch nào áp dụng cho kỳ này: chỉ đo, không đánh giá' end as no_target_reason_vi
from cell as c
-- the plan that gives the period its place holds in it only where its years hold the last day
left join core.plan as holding
    on c.plan_code = holding.plan_code and c.period_end - 1 between holding.valid_from and holding.valid_to
left join value as p
    on
        c.indicator_code = p.indicator_code and c.unit_code = p.unit_code
        and c.period_kind = p.period_kind and c.period_start = p.period_start and p.basis = 'period'
left join value as y
    on
        p.indicator_code = y.indicator_code and p.unit_code = y.unit_code and p.formula_version = y.formula_version
        and p.period_kind = y.period_kind and p.period_start = y.period_start
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
        and p.formula_version = last_period.formula_version
        and p.period_kind = last_period.period_kind
        and last_period.period_start = cast(
            p.period_start - make_interval(
                months => case p.period_kind
                    when 'month' then 1 when 'report_month' then 1 when 'quarter' then 3 when 'report_quarter' then 3 when 'half_year' then 6 else 12
                end
            ) as date
        )
        and last_period.basis = 'period'
left join value as year_before
    on
        p.indicator_code = year_before.indicator_code and p.unit_code = year_before.unit_code
        and p.formula_version = year_before.formula_version
        and p.period_kind = year_before.period_kind
        and year_before.period_start = cast(p.period_start - interval '1 year' as date)
        and year_before.basis = 'period';
comment on column mart.scorecard.plan_code is 'Plan that the period belongs to; where none holds, the one in whose order its indicators stand | Kế hoạch của kỳ';
comment on column mart.scorecard.target_percent is 'Target in percent; null where no plan holds | Mục tiêu %';
comment on column mart.scorecard.status is 'met, missed, on_pace, behind, no_data; null where no target stands or no plan holds | Đánh giá (mã)';
comment on column mart.scorecard.no_target_reason is 'no plan holds: the last day of the period lies in the years of no plan; it is measured, not judged | Vì sao không đánh giá';
comment on column mart.scorecard.no_target_reason_vi is 'The same in words | Vì sao không đánh giá, bằng lời';

create function core.judged_status(
    target_kind text,
    operator text,
    target numeric,
    numerator numeric,
    denominator numeric,
    numerator_before numeric,
    denominator_before numeric,
    last_day date,
    year_start date,
    year_end date
)
returns text
language sql immutable parallel safe
as $$
select
    case
        when target_kind is null then null
        when numerator is null or denominator is null then 'no_data'
        when target_kind = 'direction' and (numerator_before is null or denominator_before is null) then 'no_data'
        when target_kind = 'direction' and operator = 'down' and numerator * denominator_before < numerator_before * denominator then 'met'
        when target_kind = 'direction' and operator = 'up' and numerator * denominator_before > numerator_before * denominator then 'met'
        when target_kind = 'direction' then 'missed'
        when numerator >= target * denominator then 'met'
        when target_kind <> 'milestone' or last_day >= year_end then 'missed'
        -- a running period of the year to come: nothing of that year's target is due yet
        when last_day < year_start then 'on_pace'
        when
            numerator * 12 * extract(day from date_trunc('month', last_day) + interval '1 month' - interval '1 day')
            >= target * denominator * (
                (extract(month from last_day) - 1) * extract(day from date_trunc('month', last_day) + interval '1 month' - interval '1 day')
                + extract(day from last_day)
            )
            then 'on_pace'
        else 'behind'
    end
$$;
comment on function core.judged_status is 'Status of a value by its target: met, missed, on_pace, behind, no_data; null without a target. Exact: fractions are compared by multiplying out
target_kind: flow, stock, milestone, direction; null where no target stands
operator: of a direction: up, down
target: Target as a fraction; null for a direction
numerator: Numerator that decides; null where nothing is known
denominator: Denominator that decides; 1 for a count, null where there is no value
numerator_before: The same of the same period a year before, for a direction; null where that is not known
denominator_before: Its denominator
last_day: Last day judged (D)
year_start: First day on which the plan holds
year_end: Last day on which it holds: until then a milestone is not missed';

create function core.declared_coverage_at(source text, plan text, last_day date, known timestamptz, root text)
returns table (indicator_code text, scope_code text, coverage numeric)
language sql stable
as $$
with unit as (
    select u.unit_code, u.level
    from core.unit as u
    where
        u.root_code = root
        and u.valid_from <= declared_coverage_at.last_day
        and (u.valid_to is null or u.valid_to >= declared_coverage_at.last_day)
),

-- which units make up a scope
member as (
    select u.unit_code as scope_code, u.unit_code
    from unit as u
    union all
    select 'level:' || u.level as scope_code, u.unit_code
    from unit as u
    union all
    select 'all' as scope_code, u.unit_code
    from unit as u
),

figure as (
    select f.indicator_code, f.unit_code
    from core.declared_figure_at(source, cast(date_trunc('month', declared_coverage_at.last_day) as date), known) as f
)

select
    d.indicator_code,
    m.scope_code,
    avg(case when f.unit_code is null then 0 else 1 end) as coverage
from core.declaration as d
inner join member as m on d.unit_code = m.unit_code
left join figure as f on d.indicator_code = f.indicator_code and d.unit_code = f.unit_code
where d.plan_code = plan and d.is_required
group by d.indicator_code, m.scope_code
$$;
comment on function core.declared_coverage_at is 'One row a declared indicator and scope with a unit that has to declare it: units that declared in the month of a day ÷ units valid on that day that have to, as known at T';
