-- grain: one row for each dossier that has changed since the kept days were last brought up to date, at most `most` of them
-- source: ops.open_dossier_change

select distinct c.dossier_id
from ops.open_dossier_change as c
order by c.dossier_id
limit cast(:most as bigint)
