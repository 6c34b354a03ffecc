-- grain: one row for each dossier that has changed since an edition and may count in a period that ends on `last_day`
-- source: ops.changed_dossier
-- traps: an empty code stands for every dossier. A dossier that was received and ended after the period is left out, because it counts in
--        none of its days, neither before nor after its change

create temp table changed_since on commit drop as
select distinct c.dossier_code
from ops.changed_dossier as c
where c.after_publication_id >= cast(:publication_id as bigint) and c.first_date <= cast(:last_day as date)
