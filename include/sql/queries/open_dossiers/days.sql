-- grain: one row for each source and day whose open dossiers are kept and were judged by the rules that hold now
-- source: ops.open_dossier_day, core.source

select
    y.source_code,
    y.as_of_date,
    y.end_at
from ops.open_dossier_day as y
inner join core.source as s on y.source_code = s.source_code
where y.rule_hash = ops.open_dossier_rule(s.zone)
order by y.source_code, y.as_of_date
