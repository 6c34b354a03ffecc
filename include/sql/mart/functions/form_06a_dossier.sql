-- grain: one row for each dossier that form II.06a counts in a period and scope, with where it counts
-- source: mart.dossier, core.dossier_open_at, core.unit_at, core.unit_scope, core.role_clock, core.authority
-- traps: a field has a name in each level (the procedures of the district and of the communes are listed apart), so the newest name is
--        looked for within the level. Readers without rights on core call it, so it runs with the rights of its owner and a fixed
--        search_path. A period that starts at or after T has no rows. PostgreSQL stores no comments on arguments and columns, so they
--        are in the comment on the function, a line each

create or replace function mart.form_06a_dossier(period_kind text, period_start date, scope text default 'all', source text default null)
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
        c.source_code,
        cast(cast(form_06a_dossier.period_start as timestamp) at time zone (select a.zone from core.authority as a) as timestamptz) as start_at,
        least(
            cast(core.period_end(form_06a_dossier.period_kind, form_06a_dossier.period_start) as timestamp) at time zone (select a.zone from core.authority as a),
            c.known_at
        ) as end_at
    from core.role_clock as c
    where
        c.role = 'dossiers'
        and c.root_code = coalesce(
            (select u.root_code from core.unit as u where u.unit_code = form_06a_dossier.scope),
            (select a.root_code from core.authority as a)
        )
        and c.source_code = coalesce(form_06a_dossier.source, c.source_code)
),

-- a period that starts at or after T has no value
started as (
    select
        b.source_code,
        b.start_at,
        b.end_at,
        cast((b.end_at - interval '1 microsecond') at time zone (select a.zone from core.authority as a) as date) as last_day
    from bound as b
    -- T of the form is the earliest of its sources
    where (select min(e.end_at) from bound as e) > b.start_at
),

-- as JSON, of which PostgreSQL expects a hundred rows: of a stretch or two it would compare every dossier with each of them
place as materialized (
    select p.*
    from
        jsonb_to_recordset(
            (
                select jsonb_agg(to_jsonb(x))
                from (
                    select l.last_day, u.unit_code, u.level, u.root_code
                    from (select distinct s.last_day from started as s) as l
                    cross join lateral core.unit_at(l.last_day) as u
                ) as x
            )
        ) as p (last_day date, unit_code text, level text, root_code text)
),

stretch as materialized (
    select p.*
    from
        jsonb_to_recordset(
            (
                select jsonb_agg(to_jsonb(x))
                from (
                    select l.last_day, o.unit_code, o.from_date, o.to_date, o.scope_code, o.level, o.root_code
                    from (select distinct s.last_day from started as s) as l
                    cross join lateral core.unit_scope(l.last_day) as o
                ) as x
            )
        ) as p (last_day date, unit_code text, from_date date, to_date date, scope_code text, level text, root_code text)
),

finished as (
    select
        d.*,
        s.last_day,
        d.received_at < s.start_at as is_carried_over,
        case
            when d.outcome = 'returned' then 'on_time'
            else coalesce(d.timeliness, 'on_time')
        end as state,
        d.outcome = 'returned' as is_returned,
        d.outcome <> 'returned' and d.due_date is null as is_without_due
    from started as s
    inner join mart.dossier as d
        on d.source_code = s.source_code and d.is_counted and d.finished_at >= s.start_at and d.finished_at < s.end_at
),

unfinished as (
    select
        d.*,
        s.last_day,
        d.received_at < s.start_at as is_carried_over,
        case when o.is_past_due then 'open_past_due' else 'open_in_time' end as state,
        false as is_returned,
        false as is_without_due
    from started as s
    cross join lateral core.dossier_open_at(s.source_code, s.end_at, s.last_day) as o
    inner join mart.dossier as d on o.dossier_id = d.dossier_id
),

counted as (
    select * from finished
    union all
    select * from unfinished
),

placed as materialized (
    select
        coalesce(o.level, u.level) as level,
        coalesce(o.scope_code, d.unit_code) as unit_code,
        coalesce(o.root_code, u.root_code) as root_code,
        d.field_code,
        d.field_name,
        d._changed_at,
        d.dossier_code,
        d.channel,
        d.is_carried_over,
        d.state,
        d.is_returned,
        d.is_without_due
    from counted as d
    inner join place as u on d.unit_code = u.unit_code and d.last_day = u.last_day
    left join stretch as o
        on d.unit_code = o.unit_code and d.last_day = o.last_day and d.received_date >= o.from_date and d.received_date <= o.to_date
),

-- the name of a field is that of its dossier that changed last, of several at that moment the first by its code: these few are sorted alone
newest as (
    select
        p.level,
        p.field_code,
        max(p._changed_at) as changed_at
    from placed as p
    where p.field_name is not null
    group by p.level, p.field_code
),

named as materialized (
    select p.*
    from
        jsonb_to_recordset(
            (
                select jsonb_agg(to_jsonb(x))
                from (
                    select distinct on (p.level, p.field_code) p.level, p.field_code, p.field_name
                    from newest as n
                    inner join placed as p
                        on n.changed_at = p._changed_at and n.level = p.level and n.field_code is not distinct from p.field_code
                    where p.field_name is not null
                    order by p.level asc, p.field_code asc, p.dossier_code collate "C" asc
                ) as x
            )
        ) as p (level text, field_code text, field_name text)
)

select
    p.level,
    p.unit_code,
    p.field_code,
    n.field_name,
    p.dossier_code,
    p.channel,
    p.is_carried_over,
    p.state,
    p.is_returned,
    p.is_without_due
from placed as p
left join named as n
    -- equal signs alone can be hashed; a dossier may have no field
    on p.level = n.level and coalesce(p.field_code, '') = coalesce(n.field_code, '') and (p.field_code is null) = (n.field_code is null)
where
    p.unit_code = form_06a_dossier.scope
    -- the levels and the whole belong to the authority alone
    or (
        p.root_code = (select a.root_code from core.authority as a)
        and form_06a_dossier.scope in ('all', 'level:' || p.level)
    )
$$;
comment on function mart.form_06a_dossier is 'One row a dossier that form II.06a counts in a period and scope, with where it counts: what stands behind each cell | Hồ sơ trong biểu II.06a
period_kind: month, quarter, half_year, nine_months, year, report_month, report_quarter | Loại kỳ
period_start: First day of the period | Ngày đầu kỳ
scope: A unit, level:district, level:commune, or all | Đơn vị, cấp, hoặc toàn bộ
source: One source of the dossiers; null = all of them | Nguồn dữ liệu
level: district, commune | Cấp
unit_code: Unit for which it counts: the handling unit, its successor where that did not exist on the day of the reception, or level:… where there is none | Đơn vị được tính
field_code: Field | Mã lĩnh vực
field_name: Its name, as the newest dossier of the field in this level has it: the levels may call a field differently | Tên lĩnh vực ở cấp này
dossier_code: MaHoSo | Mã hồ sơ
channel: online, post, in_person | Kênh nộp
is_carried_over: Received before the period (column 6) | Từ kỳ trước
state: early, on_time, late; open_in_time, open_past_due | Trước hạn, đúng hạn, quá hạn; đang giải quyết
is_returned: Ended without a result for the applicant, counted as on time | Trả lại, được tính đúng hạn
is_without_due: Finished without a due, counted as on time | Không có hạn, được tính đúng hạn';
