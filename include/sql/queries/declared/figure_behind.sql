-- grain: one row for each declared figure behind one value: the figure in force of each unit of the scope
-- source: mart.declared_figure, core.unit_scope

select f.*
from mart.declared_figure as f
inner join core.unit_scope(:d) as s on f.unit_code = s.unit_code and :d between s.from_date and s.to_date
where
    f.indicator_code = :code and f.month_start = :month
    and :unit in ('all', 'level:' || s.level, s.scope_code)
order by f.unit_code
