-- grain: one row for each group of dossiers that form II.06a counts in the same cells: what is alike in all that the form asks for
-- source: core.form_06a_counted, core.unit_at, core.unit_scope, core.authority
-- traps: dossiers are placed by group, because those of a year are many and their groups are few. A field has a name in each level (the
--        procedures of the district and of the communes are listed apart), so the newest name is looked for within the level, of all
--        dossiers of the form, also those outside the scope. A group has one name of its field, and field_name is that which the form
--        shows. The fixed search_path also keeps PostgreSQL from planning it into the statement that calls it

create or replace function core.form_06a_group(period_kind text, period_start date, scope text, source text)
returns table (
    last_day date,
    unit_code text,
    stretch_no integer,
    field_code text,
    level text,
    counted_code text,
    is_in_scope boolean,
    field_name text,
    channel text,
    is_carried_over boolean,
    state text,
    is_returned boolean,
    is_without_due boolean,
    dossier_count integer
)
language sql stable
set search_path = pg_catalog, pg_temp
as $$
-- few, but dear to find: found once, for the groups and for the names
with opened as materialized (
    select o.*
    from core.form_06a_counted(form_06a_group.period_kind, form_06a_group.period_start, form_06a_group.scope, form_06a_group.source) as o
    where o.is_open
),

grouped as materialized (
    select
        c.last_day,
        c.unit_code,
        c.stretch_no,
        c.field_code,
        c.channel,
        c.is_carried_over,
        c.state,
        c.is_returned,
        c.is_without_due,
        -- any day of the stretch
        min(c.received_date) as received_date,
        max(c._changed_at) as changed_at,
        cast(count(*) as integer) as dossier_count
    from (
        select
            d.last_day,
            d.unit_code,
            d.received_date,
            d.stretch_no,
            d.field_code,
            d._changed_at,
            d.channel,
            d.is_carried_over,
            d.state,
            d.is_returned,
            d.is_without_due
        from core.form_06a_counted(form_06a_group.period_kind, form_06a_group.period_start, form_06a_group.scope, form_06a_group.source) as d
        where not d.is_open
        union all
        select
            o.last_day,
            o.unit_code,
            o.received_date,
            o.stretch_no,
            o.field_code,
            o._changed_at,
            o.channel,
            o.is_carried_over,
            o.state,
            o.is_returned,
            o.is_without_due
        from opened as o
    ) as c
    group by
        c.last_day, c.unit_code, c.stretch_no, c.field_code, c.channel, c.is_carried_over, c.state, c.is_returned, c.is_without_due
),

-- as JSON, of which PostgreSQL expects a hundred rows: of a stretch or two it would compare every group with each of them
place as materialized (
    select p.*
    from
        jsonb_to_recordset(
            (
                select jsonb_agg(to_jsonb(x))
                from (
                    select l.last_day, u.unit_code, u.level, u.root_code
                    from (select distinct g.last_day from grouped as g) as l
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
                    from (select distinct g.last_day from grouped as g) as l
                    cross join lateral core.unit_scope(l.last_day) as o
                ) as x
            )
        ) as p (last_day date, unit_code text, from_date date, to_date date, scope_code text, level text, root_code text)
),

placed as materialized (
    select
        g.*,
        coalesce(o.level, u.level) as level,
        coalesce(o.scope_code, g.unit_code) as counted_code,
        coalesce(o.root_code, u.root_code) as root_code
    from grouped as g
    inner join place as u on g.unit_code = u.unit_code and g.last_day = u.last_day
    left join stretch as o
        on g.unit_code = o.unit_code and g.last_day = o.last_day and g.received_date >= o.from_date and g.received_date <= o.to_date
),

-- the name of a field is that of its dossier that changed last, of several at that moment the first by its code. Names are long texts, which no
-- index has, so the few dossiers of these moments are looked up by their code
newest as materialized (
    select
        p.level,
        p.field_code,
        max(p.changed_at) as changed_at
    from placed as p
    group by p.level, p.field_code
),

candidate as materialized (
    select distinct
        n.level,
        p.last_day,
        p.unit_code,
        p.stretch_no,
        p.field_code,
        n.changed_at
    from newest as n
    inner join placed as p
        on n.changed_at = p.changed_at and n.level = p.level and n.field_code is not distinct from p.field_code
),

-- read once and then joined: PostgreSQL expects too few of them, and would read them again for each candidate. Most dossiers are older than
-- all of these moments, which is cheaper to see than that they are none of them
recent as materialized (
    select
        d.last_day,
        d.unit_code,
        d.stretch_no,
        d.field_code,
        d.source_code,
        d.dossier_code,
        d._changed_at
    from core.form_06a_counted(form_06a_group.period_kind, form_06a_group.period_start, form_06a_group.scope, form_06a_group.source) as d
    where
        not d.is_open
        and d._changed_at >= (select min(n.changed_at) from newest as n)
        and d._changed_at = any(array(select n.changed_at from newest as n))
    union all
    select
        o.last_day,
        o.unit_code,
        o.stretch_no,
        o.field_code,
        o.source_code,
        o.dossier_code,
        o._changed_at
    from opened as o
    where o._changed_at = any(array(select n.changed_at from newest as n))
),

latest as materialized (
    select
        c.level,
        d.field_code,
        d.source_code,
        d.dossier_code
    from recent as d
    inner join candidate as c
        on
            d._changed_at = c.changed_at
            and d.unit_code = c.unit_code
            and d.stretch_no = c.stretch_no
            and d.last_day = c.last_day
            and d.field_code is not distinct from c.field_code
),

told as materialized (
    select distinct on (l.level, l.field_code)
        l.level,
        l.field_code,
        d.field_name
    from latest as l
    inner join mart.dossier as d on l.source_code = d.source_code and l.dossier_code = d.dossier_code
    where d.is_counted and d.field_name is not null
    order by l.level asc, l.field_code asc, l.dossier_code collate "C" asc
),

-- fields whose newest dossier has no name: all dossiers are looked at for them, and none where there is no such field (the last condition)
unnamed as materialized (
    select
        n.level,
        n.field_code
    from newest as n
    where not exists (select 1 from told as t where t.level = n.level and t.field_code is not distinct from n.field_code)
),

older as materialized (
    select distinct on (u.level, u.field_code)
        u.level,
        u.field_code,
        d.field_name
    from core.form_06a_counted(form_06a_group.period_kind, form_06a_group.period_start, form_06a_group.scope, form_06a_group.source) as d
    inner join (select distinct p.level, p.last_day, p.unit_code, p.stretch_no, p.field_code from placed as p) as p
        on
            d.unit_code = p.unit_code
            and d.stretch_no = p.stretch_no
            and d.last_day = p.last_day
            and d.field_code is not distinct from p.field_code
    inner join unnamed as u on p.level = u.level and p.field_code is not distinct from u.field_code
    where d.field_name is not null and exists (select 1 from unnamed as e)
    order by u.level asc, u.field_code asc, d._changed_at desc, d.dossier_code collate "C" asc
),

named as materialized (
    select * from told
    union all
    select * from older
)

select
    p.last_day,
    p.unit_code,
    p.stretch_no,
    p.field_code,
    p.level,
    p.counted_code,
    p.counted_code = form_06a_group.scope
    -- the levels and the whole belong to the authority alone
    or (
        p.root_code = (select a.root_code from core.authority as a)
        and form_06a_group.scope in ('all', 'level:' || p.level)
    ) as is_in_scope,
    n.field_name,
    p.channel,
    p.is_carried_over,
    p.state,
    p.is_returned,
    p.is_without_due,
    p.dossier_count
from placed as p
left join named as n on p.level = n.level and p.field_code is not distinct from n.field_code
$$;
comment on function core.form_06a_group is 'One row a group of dossiers that form II.06a counts in the same cells, with the level and unit for which they count, whether these belong to the scope, and the name of the field there (docs/reference/indicators.md#91-form-ii06avpcpkstt)';
