-- grain: one row for each dossier that has changed since the kept days were last brought up to date; their notes are deleted
-- source: ops.open_dossier_change

with taken as (
    delete from ops.open_dossier_change as c
    returning c.dossier_id
)

select distinct t.dossier_id
from taken as t
