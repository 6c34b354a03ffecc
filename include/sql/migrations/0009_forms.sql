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
    cross join (select * from finished union all select * from unfinished) as p
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
