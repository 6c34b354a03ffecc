-- grain: one row for each commune that existed on any day of the period, in the order of its points
-- source: mart.score_766_total, core.unit_in_period
-- traps: a commune without any points has no rank and comes last

select
    t.commune_rank,
    t.unit_code,
    u.name as unit_name,
    t.points,
    t.max_points,
    t.full_points,
    t.missing_parts,
    t.formula_version,
    t.publication
from mart.score_766_total as t
inner join core.unit_in_period(:kind, :start, :last, true) as u on t.unit_code = u.unit_code and u.kind = 'commune' and u.has_existed
where t.period_kind = :kind and t.period_start = :start
order by t.commune_rank nulls last, t.unit_code
