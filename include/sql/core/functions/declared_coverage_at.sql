-- grain: one row for each declared indicator and scope: the share of the required units whose figure for the month of the last day was
--        delivered
-- source: core.declaration, core.declared_figure_at, core.scope_member, core.unit_on_day
-- traps: a figure of a unit that was replaced by the last day counts for its successor; an indicator that no unit of a scope must
--        declare has no row

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

-- a figure of a unit that was replaced by D counts for its successor
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
