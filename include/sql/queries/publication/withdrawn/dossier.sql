-- grain: one row for each dossier that counts otherwise because something of it was withdrawn
-- source: changed_item, withdrawn_dossier (temporary)

insert into withdrawn_item (record, item, detail, withdrawal_id)
select
    'dossier' as record,
    d.dossier_code,
    d.detail,
    d.withdrawal_id
from withdrawn_dossier as d
where d.dossier_code in (select c.item from changed_item as c)
