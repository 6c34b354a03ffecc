-- grain: one row for each dossier of derived_dossier that does not count because its key also stands in another source of the role
-- source: derived_dossier (temporary), mart.dossier, core.source_role
-- traps: the record with the newest change time counts, and of equal ones that of the first source in alphabetical order. A deleted
--        dossier is in no source any more. A dossier that breaks a critical rule still is, and takes the place of an older good one of
--        another source, as a newest version would in one source

with candidate as (
    select
        d.dossier_id,
        d.source_code,
        d.dossier_code,
        d._changed_at
    from derived_dossier as d
    where d.deleted_at is null
    union all
    select
        m.dossier_id,
        m.source_code,
        m.dossier_code,
        m._changed_at
    from mart.dossier as m
    where
        m.deleted_at is null
        and m.dossier_code in (select d.dossier_code from derived_dossier as d)
        and not exists (select 1 from derived_dossier as d where d.dossier_id = m.dossier_id)
),

ranked as (
    select
        c.dossier_id,
        row_number() over (partition by c.dossier_code order by c._changed_at desc, c.source_code asc) as place
    from candidate as c
)

update derived_dossier as d
set
    is_counted = false,
    left_out_reason = 'duplicate_source'
from ranked as r
where d.dossier_id = r.dossier_id and r.place > 1
