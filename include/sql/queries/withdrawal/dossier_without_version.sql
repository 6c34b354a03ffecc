-- grain: one row for each dossier that a withdrawal touches and that has no version any more
-- source: mart.dossier, ops.dirty_dossier, core.dossier_version
-- traps: its days mark the months of its facts, so they are read before the facts go

create temp table withdrawn_whole on commit drop as
select
    m.dossier_id,
    m.received_date,
    m.finished_date
from mart.dossier as m
inner join ops.dirty_dossier as d on m.dossier_id = d.dossier_id
where not exists (select 1 from core.dossier_version as v where v.dossier_id = m.dossier_id)
