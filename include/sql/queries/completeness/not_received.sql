-- grain: one row for each source with dossiers that have no reception, and so count nowhere
-- source: mart.dossier
-- traps: a dossier waits for its reception (status 1), or was refused it (3) or withdrawn before (7): that is as it should be. With any
--        other status somebody has worked on it, so the reception was lost. `since`: the first submission of those, else change

select
    d.source_code as source,
    count(*) as dossiers,
    count(*) filter (where d.status_code not in (1, 3, 7)) as worked_on,
    min(coalesce(d.submitted_at, d._changed_at)) filter (where d.status_code not in (1, 3, 7)) as since
from mart.dossier as d
where d.left_out_reason = 'not_received'
group by d.source_code
order by d.source_code
