-- DuckDB. What the queries of the indicators read in the warehouse, made from the rows of a bundle, and the sums of their items.
-- verify.py sets the variables zone (of local days) and as_of (period, or year_before), loads each rows/<name>.parquet as frozen.<name>,
-- and fills the table run_item with what the queries return.
-- Rows have days, no times: a record counts at the midnight with which its day begins. The limits of counting are midnights, too.

create schema core;
create schema mart;

create macro midnight(day) as cast(day as timestamp) at time zone getvariable('zone');

-- the moments of a query: its end is the end of the period, or the moment up to which its source is known, if that is earlier
create macro moments(end_day, known_at, start_day, year_day) as table
with j as (
    select least(midnight(cast(end_day as date)), cast(known_at as timestamptz)) as end_at
)

select
    cast(j.end_at as text) as end_at,
    cast(cast((j.end_at - interval 1 microsecond) at time zone getvariable('zone') as date) as text) as last_day,
    cast(midnight(cast(start_day as date)) as text) as start_at,
    cast(midnight(cast(year_day as date)) as text) as year_start_at
from j;

create table run_item (
    tree text,
    role text,
    as_of text,
    basis text,
    indicator_code text,
    is_distinct boolean,
    unit_code text,
    counted_on date,
    item text,
    is_numerator boolean,
    numerator bigint,
    denominator bigint,
    is_approved boolean
);

create view mart.dossier as
select
    d.source_code,
    d.source_code || ' ' || d.dossier_code as dossier_id,
    d.dossier_code,
    d.unit_code,
    d.procedure_code,
    d.channel,
    d.received_date,
    midnight(d.received_date) as received_at,
    d.finished_date,
    midnight(d.finished_date) as finished_at,
    d.outcome,
    d.due_date,
    d.first_due_date,
    case
        when d.finished_date < d.due_date then 'early'
        when d.finished_date = d.due_date then 'on_time'
        when d.finished_date > d.due_date then 'late'
    end as timeliness,
    case
        when d.finished_date < d.first_due_date then 'early'
        when d.finished_date = d.first_due_date then 'on_time'
        when d.finished_date > d.first_due_date then 'late'
    end as first_timeliness,
    d.is_digitized,
    d.has_signed_result,
    d.is_counted
from frozen.dossier as d
where d.as_of = getvariable('as_of');

create view mart.dossier_open as
select
    o.source_code,
    o.as_of_date,
    o.source_code || ' ' || o.dossier_code as dossier_id,
    o.dossier_code,
    o.unit_code,
    o.received_date,
    o.due_date,
    coalesce(o.due_date < case when o.is_paused then o.paused_since_date else o.as_of_date end, false) as is_past_due
from frozen.dossier_open as o
where o.as_of = getvariable('as_of');

create view core.assessment as
select a.source_code, a.assessment_code, a.unit_code, midnight(a.assessed_date) as assessed_at, a.rating_code
from frozen.assessment as a
where a.as_of = getvariable('as_of');

create view core.feedback as
select
    f.source_code,
    f.feedback_code,
    f.unit_code,
    f.status_code,
    f.is_about_procedures,
    case when f.is_repeated then 'repeated' end as repeated_code,
    midnight(f.due_date) as due_at,
    midnight(f.answered_date) as answered_at,
    f.rating_code
from frozen.feedback as f
where f.as_of = getvariable('as_of');

create view core.payment as
select
    p.source_code,
    p.payment_key as _key,
    p.unit_code,
    p.kind_code,
    p.status_code,
    case when p.has_amount then 1 else 0 end as amount_vnd,
    p.method_code,
    midnight(p.paid_date) as paid_at
from frozen.payment as p
where p.as_of = getvariable('as_of');

create view core.work_file as
select w.source_code, w.work_file_code, w.unit_code, midnight(w.closed_date) as closed_at, w.secrecy_code, w.is_special, w.handling_code
from frozen.work_file as w
where w.as_of = getvariable('as_of');

create view core.signature as
select s.source_code, s.person_code, midnight(s.signed_date) as signed_at, s.is_valid
from frozen.signature as s
where s.as_of = getvariable('as_of');

create view core.survey_answer as
select s.source_code, s.answer_code, s.unit_code, s.surveyed_date, s.score
from frozen.survey_answer as s
where s.as_of = getvariable('as_of');

create view core.working_day as
select distinct w.day, true as is_working
from frozen.working_day as w;

create view core.unit_on_day as
select o.* from frozen.unit_on_day as o;

create macro core.unit_at(d) as table
select distinct on (u.unit_code) u.unit_code, u.name, u.level, u.kind, u.root_code, u.is_founded, u.is_valid
from frozen.unit_at as u
where u.on_day = d;

create macro core.leader_in_post(source, d, known) as table
select l.person_code, l.unit_code
from frozen.leader_in_post as l
where l.as_of = getvariable('as_of') and l.source_code = source;

create macro core.procedure_at(source, j, known) as table
select p.procedure_code, p.unit_code, p.decision_date, p.published_date
from frozen.procedure_at as p
where p.as_of = getvariable('as_of') and p.source_code = source;

create macro core.procedure_elsewhere(source) as table
select e.source_code, e.procedure_code, e.unit_code, e.decision_date
from frozen.procedure_elsewhere as e
where e.as_of = getvariable('as_of') and e.asked_source_code = source;

create macro core.procedure_in_force(source, d, j, known) as table
select p.*
from frozen.procedure_in_force as p
where p.as_of = getvariable('as_of') and p.source_code = source;

create macro core.procedure_span(source, j, known) as table
select p.*
from frozen.procedure_span as p
where p.as_of = getvariable('as_of') and p.source_code = source;

create macro core.declared_figure_at(source, month, known) as table
select f.*
from frozen.declared_figure_at as f
where f.as_of = getvariable('as_of') and f.source_code = source;

-- an item that counts for no unit counts in its level and in the whole; an item of another tree does not count in this one
create view placed as
select
    i.tree,
    i.role,
    i.as_of,
    i.basis,
    i.indicator_code,
    i.is_distinct,
    case when i.is_distinct then i.unit_code else coalesce(o.scope_code, i.unit_code) end as unit_code,
    i.item,
    i.is_numerator,
    i.numerator,
    i.denominator,
    i.is_approved
from run_item as i
left join frozen.unit_scope as o
    on
        not i.is_distinct
        and i.tree = o.tree
        and i.role = o.role
        and i.as_of = o.as_of
        and i.unit_code = o.unit_code
        and i.counted_on >= o.from_date
        and i.counted_on <= o.to_date
where o.root_code is null or o.root_code = i.tree;

-- levels and the whole are sums of their units, never means of rates; a person or a unit counts once in each scope
create view scope_count as
select
    p.tree,
    p.indicator_code,
    p.basis,
    m.scope_code as unit_code,
    cast(
        case
            when p.is_distinct then count(distinct p.item) filter (where p.is_numerator)
            else sum(p.numerator)
        end as bigint
    ) as numerator,
    cast(case when p.is_distinct then count(distinct p.item) else sum(p.denominator) end as bigint) as denominator,
    bool_and(p.is_approved) as is_approved
from placed as p
inner join frozen.scope_member as m on p.tree = m.tree and p.role = m.role and p.as_of = m.as_of and p.unit_code = m.unit_code
group by p.tree, p.indicator_code, p.basis, m.scope_code, p.is_distinct;

-- scopes that had begun by a day, and so have a figure; levels and the whole have one as soon as one of their units has begun
create macro scope_on(on_this_day, of_tree, of_role, of_window) as table
select distinct m.scope_code
from frozen.scope_member as m
inner join core.unit_at(cast(on_this_day as date)) as u on m.unit_code = u.unit_code
where m.tree = of_tree and m.role = of_role and m.as_of = of_window and u.is_founded;

-- a unit that has sent to one of the sources of a role has sent
create view scope_coverage as
select
    s.tree,
    s.coverage_code,
    s.basis,
    m.scope_code as unit_code,
    count(*) filter (where s.has_sent) as sent,
    count(*) as expected
from (
    select tree, role, coverage_code, basis, unit_code, bool_or(has_sent) as has_sent
    from frozen.sent
    group by tree, role, coverage_code, basis, unit_code
) as s
inner join frozen.scope_member as m on s.tree = m.tree and s.role = m.role and m.as_of = 'period' and s.unit_code = m.unit_code
group by s.tree, s.coverage_code, s.basis, m.scope_code;
