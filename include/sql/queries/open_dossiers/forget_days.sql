-- grain: one row for each dossier open on some days of some sources: it is deleted, since the days are judged as a whole
-- source: mart.dossier_open
-- traps: a trigger takes the days from ops.open_dossier_day

delete from mart.dossier_open as o
using jsonb_to_recordset(cast(:days as jsonb)) as a (source_code text, as_of_date date)
where o.source_code = a.source_code and o.as_of_date = a.as_of_date
