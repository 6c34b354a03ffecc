-- grain: one row for each dossier of the months whose lists of keys are withdrawn
-- source: mart.dossier, withdrawn_list (temporary)

insert into ops.dirty_dossier (dossier_id)
select m.dossier_id
from mart.dossier as m
inner join withdrawn_list as w
    on m.source_code = w.source_code and cast(date_trunc('month', m.received_date) as date) = w.month_start
on conflict do nothing
