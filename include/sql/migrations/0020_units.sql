-- grain: one statement a change; units with dates: states, for whom a record counts, names that a publication keeps
-- source: include/reference/units.csv, units of the profiles, working_day_overrides.csv (cchc.reference_units, cchc.reference)
-- traps: core.unit keeps one row a unit, its newest state; what is asked as of a day D asks core.unit_span or core.unit_at.
--        core.unit_on_day is made by `cchc init`; functions that replace others say again whose rights they run with

create table core.unit_version (
    unit_code text not null,
    valid_from date not null,
    valid_to date,
    name text not null,
    level text not null,
    kind text not null,
    gso_code text,
    parent_code text,
    root_code text not null,
    note text,
    source_code text,
    constraint unit_version_pk primary key (unit_code, valid_from)
);
comment on table core.unit_version is 'One row a state of a unit: how it was called, of what level and kind, from which day to which; a rename or another level is a new row. core.unit has the newest';
comment on column core.unit_version.unit_code is 'Electronic identifier';
comment on column core.unit_version.valid_from is 'First day of this state';
comment on column core.unit_version.valid_to is 'Last day of this state, inclusive; null = open';
comment on column core.unit_version.name is 'Name';
comment on column core.unit_version.level is 'district, commune, ward, province, other';
comment on column core.unit_version.kind is 'district, office, public_service_unit, commune, ward, province, other';
comment on column core.unit_version.gso_code is 'Code of the statistics office';
comment on column core.unit_version.parent_code is 'Unit above';
comment on column core.unit_version.root_code is 'Top of its tree';
comment on column core.unit_version.note is 'What to know';
comment on column core.unit_version.source_code is 'Source whose profile brought it; null = the project''s own list';

-- what is stored so far is the only state that is known of each unit
insert into core.unit_version (
    unit_code, valid_from, valid_to, name, level, kind, gso_code, parent_code, root_code, note, source_code
)
select
    u.unit_code,
    u.valid_from,
    u.valid_to,
    u.name,
    u.level,
    u.kind,
    u.gso_code,
    u.parent_code,
    u.root_code,
    u.note,
    u.source_code
from core.unit as u;

alter table core.unit add column is_listed boolean not null default true;
comment on column core.unit.is_listed is 'Whether a list has it still; a unit that is taken out of its list ends, and stays here';
comment on table core.unit is 'One row an organisation unit, as its newest state in core.unit_version has it; identifiers of the demo are made up and say so';
comment on column core.unit.valid_from is 'First day of the unit';
comment on column core.unit.valid_to is 'Last day of the unit, inclusive; null = open';
comment on column core.unit.level is 'district, commune, ward, province, other';
comment on column core.unit.kind is 'district, office, public_service_unit, commune, ward, province, other';

create view core.unit_span as
with state as (
    select
        v.unit_code,
        v.name,
        v.level,
        v.kind,
        v.parent_code,
        v.root_code,
        v.valid_from,
        v.valid_to
    from core.unit_version as v
    union all
    select
        u.unit_code,
        u.name,
        u.level,
        u.kind,
        u.parent_code,
        u.root_code,
        u.valid_from,
        u.valid_to
    from core.unit as u
    where not exists (select 1 from core.unit_version as v where v.unit_code = u.unit_code)
)

select
    s.unit_code,
    case
        when row_number() over (partition by s.unit_code order by s.valid_from) = 1 then cast('-infinity' as date)
        else s.valid_from
    end as from_date,
    coalesce(lead(s.valid_from) over (partition by s.unit_code order by s.valid_from), cast('infinity' as date)) as before_date,
    s.name,
    s.level,
    s.kind,
    s.parent_code,
    s.root_code,
    s.valid_from,
    s.valid_to
from state as s;
comment on view core.unit_span is 'One row a state of a unit, with the days D on which it is asked for: before its first day a unit is as it begins, after its last as it ended';
comment on column core.unit_span.unit_code is 'Electronic identifier';
comment on column core.unit_span.from_date is 'First day on which it is asked for';
comment on column core.unit_span.before_date is 'Day after the last on which it is asked for';
comment on column core.unit_span.name is 'Name';
comment on column core.unit_span.level is 'Level';
comment on column core.unit_span.kind is 'Kind';
comment on column core.unit_span.parent_code is 'Unit above';
comment on column core.unit_span.root_code is 'Top of its tree';
comment on column core.unit_span.valid_from is 'First day of this state';
comment on column core.unit_span.valid_to is 'Last day of this state, inclusive; null = open';

create function core.unit_at(d date)
returns table (
    unit_code text,
    name text,
    level text,
    kind text,
    parent_code text,
    root_code text,
    is_founded boolean,
    is_valid boolean
)
language sql stable
as $$
select
    s.unit_code,
    s.name,
    s.level,
    s.kind,
    s.parent_code,
    s.root_code,
    s.valid_from <= d as is_founded,
    s.valid_from <= d and (s.valid_to is null or s.valid_to >= d) as is_valid
from core.unit_span as s
where s.from_date <= d and s.before_date > d
$$;
comment on function core.unit_at is 'One row a unit as it is on day D: name, level, kind, tree; is_founded: D is not before its first day; is_valid: it exists on D';

create table core.unit_on_day (
    unit_code text not null,
    from_date date not null,
    to_date date not null,
    counted_code text,
    constraint unit_on_day_pk primary key (unit_code, from_date)
);
create index unit_on_day_counted_ix on core.unit_on_day (counted_code);
comment on table core.unit_on_day is 'One row a unit and stretch of days: for whom the records count that name the unit and are dated in it. The unit itself while it exists, else its successor where there is exactly one, else nobody: in level and whole alone. Made by `cchc init`';
comment on column core.unit_on_day.unit_code is 'Unit that the record names';
comment on column core.unit_on_day.from_date is 'First day; 0001-01-01 = as early as can be';
comment on column core.unit_on_day.to_date is 'Last day, inclusive; 9999-12-31 = open';
comment on column core.unit_on_day.counted_code is 'Unit for which they count; null = in the level of the named unit and in the whole alone';

create function core.unit_scope(d date)
returns table (
    unit_code text,
    from_date date,
    to_date date,
    scope_code text,
    level text,
    root_code text
)
language sql stable
as $$
select
    o.unit_code,
    o.from_date,
    o.to_date,
    coalesce(o.counted_code, 'level:' || n.level) as scope_code,
    coalesce(c.level, n.level) as level,
    coalesce(c.root_code, n.root_code) as root_code
from core.unit_on_day as o
inner join core.unit_at(d) as n on o.unit_code = n.unit_code
left join core.unit_at(d) as c on o.counted_code = c.unit_code
$$;
comment on function core.unit_scope is 'One row a unit and stretch of days: the scope at which its records of those days count in a period with the last day D, a unit, or level:… where no unit stands for it; level and tree of that scope';

create function core.scope_member(d date, root text, compared_on date default null)
returns table (scope_code text, level text, unit_code text)
language sql stable
as $$
with unit as (
    select
        u.unit_code,
        u.level
    from core.unit_at(d) as u
    where u.root_code = root
)

select
    u.unit_code as scope_code,
    u.level,
    u.unit_code
from unit as u
union all
select
    u.unit_code as scope_code,
    u.level,
    o.unit_code
from core.unit_on_day as o
inner join unit as u on o.counted_code = u.unit_code
where
    o.unit_code <> u.unit_code
    and compared_on >= o.from_date
    and compared_on <= o.to_date
union all
select
    'level:' || u.level as scope_code,
    u.level,
    u.unit_code
from unit as u
union all
select distinct
    'level:' || u.level as scope_code,
    u.level,
    'level:' || u.level as unit_code
from unit as u
union all
select
    'all' as scope_code,
    'all' as level,
    u.unit_code
from unit as u
union all
select distinct
    'all' as scope_code,
    'all' as level,
    'level:' || u.level as unit_code
from unit as u
$$;
comment on function core.scope_member is 'One row a scope and a code that counts in it: which units make up a unit, a level and the whole of a tree on day D. What counts at no unit stands under its level''s own code. compared_on: the D of a period that is compared with this one; a unit stands for those, too, whose place it has taken by then';

-- of which kind and level a unit is on the days on which it has to declare
alter table core.declaration add column kinds text[];
alter table core.declaration add column levels text[];
comment on column core.declaration.kinds is 'Kinds of unit that have it: it holds on the days on which the unit is of one of them; null = of any';
comment on column core.declaration.levels is 'Levels of unit that have it, likewise; null = of any';

alter table core.working_day add column is_decided boolean not null default false;
comment on column core.working_day.is_decided is 'Whether a line of working_day_overrides.csv judges the day; else the calendar of public holidays does';

create or replace function core.declared_coverage_at(source text, plan text, last_day date, known timestamptz, root text)
returns table (indicator_code text, scope_code text, coverage numeric)
language sql stable
as $$
with unit as (
    select
        u.unit_code,
        u.level,
        u.kind
    from core.unit_at(declared_coverage_at.last_day) as u
    where u.is_valid
),

-- a figure of a unit whose place another has taken by D is that unit's
sent as (
    select distinct
        f.indicator_code,
        coalesce(o.counted_code, f.unit_code) as unit_code
    from core.declared_figure_at(source, cast(date_trunc('month', declared_coverage_at.last_day) as date), known) as f
    left join core.unit_on_day as o
        on
            f.unit_code = o.unit_code
            and o.from_date <= declared_coverage_at.last_day
            and o.to_date >= declared_coverage_at.last_day
)

select
    d.indicator_code,
    m.scope_code,
    avg(case when f.unit_code is null then 0 else 1 end) as coverage
from core.declaration as d
inner join unit as u on d.unit_code = u.unit_code
inner join core.scope_member(declared_coverage_at.last_day, root) as m on u.unit_code = m.unit_code
left join sent as f on d.indicator_code = f.indicator_code and d.unit_code = f.unit_code
where
    d.plan_code = plan
    and d.is_required
    and (d.kinds is null or u.kind = any(d.kinds))
    and (d.levels is null or u.level = any(d.levels))
group by d.indicator_code, m.scope_code
$$;
comment on function core.declared_coverage_at is 'One row a declared indicator and scope with a unit that has to declare it: units that declared in the month of a day ÷ units that exist on that day, are of a kind and level that have to, and are asked, as known at T';

create table mart.publication_unit (
    publication_id bigint not null,
    unit_code text not null,
    name text not null,
    level text not null,
    kind text not null,
    constraint publication_unit_pk primary key (publication_id, unit_code),
    constraint publication_unit_fk foreign key (publication_id) references mart.publication (publication_id)
);
comment on table mart.publication_unit is 'One row a unit of a publication, as it was called when the period was frozen. | Tên đơn vị tại thời điểm công bố.';
comment on column mart.publication_unit.publication_id is 'Publication | Lần công bố';
comment on column mart.publication_unit.unit_code is 'Unit | Đơn vị';
comment on column mart.publication_unit.name is 'Its name then | Tên khi công bố';
comment on column mart.publication_unit.level is 'Its level at D then | Cấp';
comment on column mart.publication_unit.kind is 'Its kind at D then | Loại đơn vị';

-- editions that were published before: the names of now are those with which they were published, as far as anybody knows
insert into mart.publication_unit (publication_id, unit_code, name, level, kind)
select distinct
    p.publication_id,
    u.unit_code,
    u.name,
    u.level,
    u.kind
from mart.publication as p
inner join mart.publication_value as v on p.publication_id = v.publication_id
inner join core.unit as u on v.unit_code = u.unit_code;

create function core.unit_in_period(period_kind text, period_start date, d date, as_published boolean)
returns table (
    unit_code text,
    name text,
    level text,
    kind text,
    root_code text,
    is_founded boolean,
    is_valid boolean,
    has_existed boolean
)
language sql stable
as $$
with latest as (
    select p.publication_id
    from mart.publication as p
    left join core.plan as h on p.plan_code = h.plan_code and p.period_end - 1 between h.valid_from and h.valid_to
    where
        unit_in_period.as_published
        and p.period_kind = unit_in_period.period_kind
        and p.period_start = unit_in_period.period_start
    -- of a period that was published under two plans, what the plan that holds in it has published (as mart.published_value)
    order by h.plan_code is not null desc, p.edition desc, p.publication_id desc
    limit 1
)

select
    u.unit_code,
    coalesce(n.name, u.name) as name,
    u.level,
    u.kind,
    u.root_code,
    u.is_founded,
    u.is_valid,
    w.valid_from <= d and (w.valid_to is null or w.valid_to >= unit_in_period.period_start) as has_existed
from core.unit_at(d) as u
inner join core.unit as w on u.unit_code = w.unit_code
left join latest as l on true
left join mart.publication_unit as n on l.publication_id = n.publication_id and u.unit_code = n.unit_code
$$;
comment on function core.unit_in_period is 'One row a unit as a paper of a period calls it: by the name with which the period was published (where as_published), else by that of its last day D; has_existed: on any day of the period up to D';

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
    -- many offices number their papers alike: the unit's own paper first
    order by (d.issuing_unit_code is not distinct from f.unit_code) desc, d.document_code asc
    limit 1
) as proof on true;
comment on column mart.declared_figure.unit_name is 'Its name at the end of the month | Tên đơn vị';
comment on column mart.declared_figure.level is 'Its level at the end of the month | Cấp';

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
        else coalesce(u.name, c.unit_code)
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
    -- a unit that has taken the place of others is compared with all of them together
    case
        when merged.numerator is null then year_before.shown
        when i.kind = 'count' then coalesce(year_before.numerator, 0) + merged.numerator
        when i.kind = 'score'
            then round(
                (coalesce(year_before.numerator, 0) + merged.numerator)
                / nullif(coalesce(year_before.denominator, 0) + coalesce(merged.denominator, 0), 0), 2
            )
        else round(
            (coalesce(year_before.numerator, 0) + merged.numerator) * 100
            / nullif(coalesce(year_before.denominator, 0) + coalesce(merged.denominator, 0), 0), 2
        )
    end as year_before_value,
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
                inner join core.unit_span as du on dn.unit_code = du.unit_code and du.valid_from <= c.period_end - 1
                where
                    dn.plan_code = c.plan_code
                    and dn.indicator_code = c.indicator_code
                    and dn.is_required
                    and (dn.kinds is null or du.kind = any(dn.kinds))
                    and (dn.levels is null or du.level = any(dn.levels))
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
left join core.unit_span as u
    on
        c.unit_code = u.unit_code
        and u.from_date <= least(
            c.period_end - 1, cast((clock.known_at - interval '1 microsecond') at time zone 'Asia/Ho_Chi_Minh' as date)
        )
        and u.before_date > least(
            c.period_end - 1, cast((clock.known_at - interval '1 microsecond') at time zone 'Asia/Ho_Chi_Minh' as date)
        )
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
    -- whose it is on D: that of the unit that declares, else of its successor, else of its level alone
    inner join core.unit_on_day as fo on f.unit_code = fo.unit_code and fo.from_date <= least(c.period_end - 1, declared_clock.last_day) and fo.to_date >= least(c.period_end - 1, declared_clock.last_day)
    inner join core.unit_span as fu
        on
            coalesce(fo.counted_code, fo.unit_code) = fu.unit_code
            and fu.from_date <= least(c.period_end - 1, declared_clock.last_day)
            and fu.before_date > least(c.period_end - 1, declared_clock.last_day)
    where
        f.indicator_code = c.indicator_code
        and f.month_start = cast(date_trunc('month', least(c.period_end - 1, declared_clock.last_day)) as date)
        and c.unit_code in ('all', 'level:' || fu.level, fo.counted_code)
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
        and year_before.basis = 'period'
left join lateral (
    select
        sum(b.numerator) as numerator,
        sum(b.denominator) as denominator
    from core.unit_on_day as o
    inner join value as b on o.unit_code = b.unit_code
    where
        o.counted_code = p.unit_code
        and o.unit_code <> p.unit_code
        and o.from_date <= least(
            c.period_end - 1, cast((clock.known_at - interval '1 microsecond') at time zone 'Asia/Ho_Chi_Minh' as date)
        )
        and o.to_date >= least(
            c.period_end - 1, cast((clock.known_at - interval '1 microsecond') at time zone 'Asia/Ho_Chi_Minh' as date)
        )
        and b.indicator_code = p.indicator_code
        and b.formula_version = p.formula_version
        and b.period_kind = p.period_kind
        and b.period_start = cast(p.period_start - interval '1 year' as date)
        and b.basis = 'period'
) as merged on true;
comment on column mart.scorecard.unit_name is 'Its name on the last day of the period, as far as T reaches | Tên đơn vị';
comment on column mart.scorecard.year_before_value is 'The same of the period a year before; of a unit that has taken the place of others, of all of them together | Cùng kỳ năm trước';

create or replace function mart.form_06a_dossier(period_kind text, period_start date, scope text default 'all', source text default 'one_stop')
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
language sql stable security definer
set search_path = pg_catalog, pg_temp
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
        coalesce(o.level, u.level) as level,
        coalesce(o.scope_code, d.unit_code) as unit_code,
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
    inner join core.unit_at(s.last_day) as u on d.unit_code = u.unit_code
    left join core.unit_scope(s.last_day) as o
        on d.unit_code = o.unit_code and d.received_date >= o.from_date and d.received_date <= o.to_date
)

select p.*
from placed as p
where
    form_06a_dossier.scope = 'all'
    or p.unit_code = form_06a_dossier.scope
    or 'level:' || p.level = form_06a_dossier.scope
$$;
comment on function mart.form_06a_dossier is 'One row a dossier that form II.06a counts in a period and scope, with where it counts: what stands behind each cell | Hồ sơ trong biểu II.06a
period_kind: month, quarter, half_year, nine_months, year, report_month, report_quarter | Loại kỳ
period_start: First day of the period | Ngày đầu kỳ
scope: A unit, level:district, level:commune, or all | Đơn vị, cấp, hoặc toàn bộ
source: Source of the dossiers | Nguồn dữ liệu
level: district, commune | Cấp
unit_code: Unit for which it counts: the handling unit, its successor where that did not exist on the day of the reception, or level:… where there is none | Đơn vị được tính
field_code: Field | Mã lĩnh vực
field_name: Its name, as the newest dossier of the field has it | Tên lĩnh vực
dossier_code: MaHoSo | Mã hồ sơ
channel: online, post, in_person | Kênh nộp
is_carried_over: Received before the period (column 6) | Từ kỳ trước
state: early, on_time, late; open_in_time, open_past_due | Trước hạn, đúng hạn, quá hạn; đang giải quyết
is_returned: Ended without a result for the applicant, counted as on time | Trả lại, được tính đúng hạn
is_without_due: Finished without a due, counted as on time | Không có hạn, được tính đúng hạn';

create or replace view mart.score_766_total as
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
            u.kind = 'commune' and w.valid_from < t.period_end and (w.valid_to is null or w.valid_to >= t.period_start), false
        ) and t.points is not null as is_ranked
    from total as t
    left join core.unit_span as u on t.unit_code = u.unit_code and u.from_date <= t.period_end - 1 and u.before_date > t.period_end - 1
    left join core.unit as w on t.unit_code = w.unit_code
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
comment on column mart.score_766_total.commune_rank is 'Rank among the communes that existed on any day of the period, by points, equal ones share it; null for others | Hạng';
