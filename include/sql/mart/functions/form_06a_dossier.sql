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

finished as (
    select
        d.dossier_id,
        s.source_code,
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
        o.dossier_id,
        s.source_code,
        case when o.is_past_due then 'open_past_due' else 'open_in_time' end as state,
        false as is_returned,
        false as is_without_due
    from started as s
    cross join lateral core.dossier_open_at(s.source_code, s.end_at, s.last_day) as o
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
        coalesce(o.root_code, u.root_code) as root_code,
        d.field_code,
        first_value(d.field_name) over (
            partition by coalesce(o.level, u.level), d.field_code
            order by (d.field_name is null), d._changed_at desc, d.dossier_code collate "C"
        ) as field_name,
        d.dossier_code,
        d.channel,
        d.received_at < s.start_at as is_carried_over,
        p.state,
        p.is_returned,
        p.is_without_due
    from started as s
    inner join counted as p on s.source_code = p.source_code
    inner join mart.dossier as d on p.dossier_id = d.dossier_id
    inner join core.unit_at(s.last_day) as u on d.unit_code = u.unit_code
    left join core.unit_scope(s.last_day) as o
        on d.unit_code = o.unit_code and d.received_date >= o.from_date and d.received_date <= o.to_date
)

select
    p.level,
    p.unit_code,
    p.field_code,
    p.field_name,
    p.dossier_code,
    p.channel,
    p.is_carried_over,
    p.state,
    p.is_returned,
    p.is_without_due
from placed as p
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
