-- grain: one row for each source that delivers dossiers but no list of procedures
-- source: core.source_role, mart.dossier, core.procedure_list

select r.source_code
from core.source_role as r
where
    r.role = 'dossiers'
    and exists (select 1 from mart.dossier as d where d.source_code = r.source_code)
    and not exists (select 1 from core.procedure_list as l where l.source_code = r.source_code)
order by r.source_code
