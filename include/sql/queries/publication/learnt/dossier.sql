-- grain: one row for each dossier that counts differently than when its period was published
-- source: changed_item, dossier_learnt (temporary)
-- traps: none

insert into learnt (record, item, is_deleted, is_restored, is_left_out, is_late, is_changed)
select
    'dossier' as record,
    d.dossier_code,
    d.is_deleted,
    d.is_restored,
    d.is_left_out,
    d.is_late,
    d.is_changed
from dossier_learnt as d
where d.dossier_code in (select c.item from changed_item as c)
order by d.dossier_code
