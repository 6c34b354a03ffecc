-- grain: one column: the day of reception of an open dossier, by which it is counted for a unit
-- source: mart.dossier
-- traps: the open dossiers of every kept day were looked up in mart.dossier for it, a quarter of a million at half a million dossiers. A
--        trigger notes each change of a dossier, so the day stays the one of mart.dossier. A row whose dossier is gone is noted, too, and
--        its day is judged as a whole

alter table mart.dossier_open add column received_date date;
comment on column mart.dossier_open.received_date is 'Local date of reception, as in mart.dossier | Ngày tiếp nhận';
update mart.dossier_open as o
set received_date = d.received_date
from mart.dossier as d
where o.dossier_id = d.dossier_id;
delete from mart.dossier_open where received_date is null;
alter table mart.dossier_open alter column received_date set not null;
