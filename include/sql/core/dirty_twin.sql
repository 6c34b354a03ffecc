-- grain: one row for each dossier that is derived again because a dossier of its key in another source is
-- source: ops.dirty_dossier, core.dossier_version, mart.dossier
-- traps: if all versions of a dossier were removed, its key is the one that mart.dossier still has

insert into ops.dirty_dossier
with dirty as (
    select v.dossier_code
    from ops.dirty_dossier as x
    inner join core.dossier_version as v on x.dossier_id = v.dossier_id and v._is_current
    union
    select m.dossier_code
    from ops.dirty_dossier as x
    inner join mart.dossier as m on x.dossier_id = m.dossier_id
)

select t.dossier_id
from dirty as d
inner join mart.dossier as t on d.dossier_code = t.dossier_code
on conflict do nothing
