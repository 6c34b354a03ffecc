-- grain: one row for each unit that has to declare an indicator: unit_code, counted_on, item, reason
-- source: core.declaration, core.unit_at, core.declared_figure_at
-- counts: the units that the list of declarations of the period's plan names. Those whose figure of the month is there are taken away here,
--        because their item is the figure
-- traps: who may declare, but does not have to, is not missing

select
    d.unit_code,
    cast(null as date) as counted_on,
    d.unit_code as item,
    'not_declared' as reason
from core.declaration as d
inner join core.unit_at(cast(:last_day as date)) as u on d.unit_code = u.unit_code and u.is_valid
where
    d.plan_code = cast(:plan as text)
    and d.indicator_code = cast(:code as text)
    and d.is_required
    and (d.kinds is null or u.kind = any(d.kinds))
    and (d.levels is null or u.level = any(d.levels))
    and not exists (
        select 1
        from core.declared_figure_at(
            cast(:source as text), cast(date_trunc('month', cast(:last_day as date)) as date), cast(:known_at as timestamptz)
        ) as f
        where f.indicator_code = d.indicator_code and f.unit_code = d.unit_code
    )
