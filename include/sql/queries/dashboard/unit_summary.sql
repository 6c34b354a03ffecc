-- grain: one row for each unit that exists on the last day of a period, with its targets by status and its figures of being on time
-- source: core.unit_at, core.authority, mart.indicator_value, core.indicator, mart.dossier_open, mart.dossier, core.unit_on_day
-- traps: the authority itself is a row only where it is one commune alone; `past_due` is of the newest computed day up to the last day of the period; as in reports/late_dossier.sql the dossiers that an
--        ended unit has left are with the unit that has taken its place by that last day

with unit as (
    select
        u.unit_code,
        u.name,
        u.level
    from core.unit_at(cast(:d as date)) as u
    inner join core.authority as a on u.root_code = a.root_code
    where u.is_valid and (u.unit_code <> a.root_code or u.kind = 'commune')
),

value as (
    select v.*
    from mart.indicator_value as v
    inner join core.indicator as i on v.indicator_code = i.indicator_code and v.formula_version = i.formula_version
    where
        i.ended_at is null
        and v.period_kind = cast(:kind as text)
        and v.period_start = cast(:start as date)
),

target as (
    select
        v.unit_code,
        count(*) filter (where v.status in ('met', 'on_pace')) as met,
        count(*) filter (where v.status in ('missed', 'behind')) as missed,
        count(*) filter (where v.status = 'no_data') as no_data
    from value as v
    where v.basis = 'year_to_date' and v.status is not null
    group by v.unit_code
),

past_due as (
    select
        coalesce(h.counted_code, h.unit_code) as unit_code,
        count(*) as n
    from mart.dossier_open as o
    inner join mart.dossier as r on o.dossier_id = r.dossier_id
    inner join core.unit_on_day as p on o.unit_code = p.unit_code and r.received_date >= p.from_date and r.received_date <= p.to_date
    inner join core.unit_on_day as h
        on coalesce(p.counted_code, p.unit_code) = h.unit_code and cast(:d as date) >= h.from_date and cast(:d as date) <= h.to_date
    where o.is_past_due and o.as_of_date = (select max(m.as_of_date) from mart.dossier_open as m where m.as_of_date <= cast(:d as date))
    group by coalesce(h.counted_code, h.unit_code)
)

select
    u.unit_code,
    u.name as unit_name,
    u.level,
    coalesce(t.met, 0) as met,
    coalesce(t.missed, 0) as missed,
    coalesce(t.no_data, 0) as no_data,
    round(v.value * 100, 2) as on_time,
    v.denominator as resolved,
    coalesce(p.n, 0) as past_due
from unit as u
left join target as t on u.unit_code = t.unit_code
left join value as v
    on u.unit_code = v.unit_code and v.indicator_code = 'dossier_on_time_rate' and v.basis = cast(:basis as text)
left join past_due as p on u.unit_code = p.unit_code
order by u.level desc, lpad(substring(u.unit_code from '[0-9]+$'), 6, '0') asc, u.unit_code asc
