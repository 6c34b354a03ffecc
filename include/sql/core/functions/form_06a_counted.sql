-- grain: one row for each dossier that form II.06a counts in a period, wherever it counts: the rules of its columns
-- source: mart.dossier, core.dossier_open_at, core.unit_on_day, core.unit, core.role_clock, core.authority
-- traps: a period that starts at or after T has no rows. stretch_no says between which changes of units a dossier was received: all that a
--        unit received in one of these stretches counts in the same place, so core.form_06a_group places a group instead of each dossier.
--        Without a search_path and the rights of its owner PostgreSQL plans it into the statement that calls it, so one that groups the
--        dossiers makes no rows of them, and reads finished ones from dossier_finished_ix alone. Whoever adds a column that
--        core.form_06a_group reads adds it to that index, if it is a code or a moment: a long text is too large for an index. Who asks for
--        is_open or its opposite reads only the dossiers that are open at the end, or only those that have finished

create or replace function core.form_06a_counted(period_kind text, period_start date, scope text, source text)
returns table (
    last_day date,
    unit_code text,
    received_date date,
    stretch_no integer,
    field_code text,
    field_name text,
    _changed_at timestamptz,
    source_code text,
    dossier_code text,
    channel text,
    is_carried_over boolean,
    state text,
    is_open boolean,
    is_returned boolean,
    is_without_due boolean
)
language sql stable
as $$
with bound as (
    select
        c.source_code,
        cast(cast(form_06a_counted.period_start as timestamp) at time zone (select a.zone from core.authority as a) as timestamptz) as start_at,
        least(
            cast(core.period_end(form_06a_counted.period_kind, form_06a_counted.period_start) as timestamp) at time zone (select a.zone from core.authority as a),
            c.known_at
        ) as end_at
    from core.role_clock as c
    where
        c.role = 'dossiers'
        and c.root_code = coalesce(
            (select u.root_code from core.unit as u where u.unit_code = form_06a_counted.scope),
            (select a.root_code from core.authority as a)
        )
        and c.source_code = coalesce(form_06a_counted.source, c.source_code)
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

-- the days on which it changes for whom the records of some unit count
change_day as (
    select array_agg(e.day order by e.day) as days
    from (
        select o.from_date as day from core.unit_on_day as o
        union
        select o.to_date + 1 as day from core.unit_on_day as o
    ) as e
),

finished as (
    select
        s.last_day,
        d.unit_code,
        d.received_date,
        d.field_code,
        d.field_name,
        d._changed_at,
        d.source_code,
        d.dossier_code,
        d.channel,
        d.received_at < s.start_at as is_carried_over,
        case
            when d.outcome = 'returned' then 'on_time'
            else coalesce(d.timeliness, 'on_time')
        end as state,
        false as is_open,
        d.outcome = 'returned' as is_returned,
        d.outcome <> 'returned' and d.due_date is null as is_without_due
    from started as s
    inner join mart.dossier as d
        on d.source_code = s.source_code and d.is_counted and d.finished_at >= s.start_at and d.finished_at < s.end_at
),

unfinished as (
    select
        s.last_day,
        d.unit_code,
        d.received_date,
        d.field_code,
        d.field_name,
        d._changed_at,
        d.source_code,
        d.dossier_code,
        d.channel,
        d.received_at < s.start_at as is_carried_over,
        case when o.is_past_due then 'open_past_due' else 'open_in_time' end as state,
        true as is_open,
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
)

select
    c.last_day,
    c.unit_code,
    c.received_date,
    coalesce(width_bucket(c.received_date, (select e.days from change_day as e)), 0) as stretch_no,
    c.field_code,
    c.field_name,
    c._changed_at,
    c.source_code,
    c.dossier_code,
    c.channel,
    c.is_carried_over,
    c.state,
    c.is_open,
    c.is_returned,
    c.is_without_due
from counted as c
$$;
comment on function core.form_06a_counted is 'One row a dossier that form II.06a counts in a period, of the sources of the tree of a scope, with the columns in which it counts; for whom it counts says core.form_06a_group (docs/reference/indicators.md#91-form-ii06avpcpkstt)';
