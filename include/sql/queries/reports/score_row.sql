-- grain: one row for each unit with points by Decision 766/QĐ-TTg in the period, of the newest version of the formula
-- source: mart.score_766_total
-- traps: parts without a source have no points: the possible points leave them out

select distinct on (s.unit_code)
    s.unit_code,
    s.points,
    s.max_points as possible
from mart.score_766_total as s
where s.period_kind = cast(:kind as text) and s.period_start = cast(:start as date) and s.points is not null
order by s.unit_code asc, s.formula_version desc
