-- grain: one row for each dossier code that is near the asked one: the same beginning or end, or the asked one as its other code
-- source: mart.dossier
-- traps: at most 500 rows; the caller picks the nearest

select
    d.dossier_code,
    coalesce(d.other_dossier_code = cast(:code as text), false) as is_other_code
from mart.dossier as d
where
    d.other_dossier_code = cast(:code as text)
    or upper(d.dossier_code) = upper(cast(:code as text))
    or (length(cast(:code as text)) > 6 and left(d.dossier_code, -3) = left(cast(:code as text), -3))
    or (length(cast(:code as text)) > 6 and right(d.dossier_code, 8) = right(cast(:code as text), 8))
order by is_other_code desc, d.dossier_code asc
limit 500
