-- grain: one row for each source and tree of units that stored records of the source name, and that is not noted yet
-- source: every table of core in which the records of a source name a unit, core.unit
-- traps: a load notes the trees of its own records; this is for records that were stored before their unit came into another tree

insert into core.source_tree (source_code, root_code)
with named as (
    select distinct
        d.source_code,
        d.unit_code
    from core.dossier_version as d
    union
    select distinct
        s.source_code,
        s.unit_code
    from core.dossier_step_version as s
    union
    select distinct
        a.source_code,
        a.unit_code
    from core.assessment_version as a
    union
    select distinct
        w.source_code,
        w.unit_code
    from core.work_file_version as w
    union
    select distinct
        p.source_code,
        p.unit_code
    from core.payment_version as p
    union
    select distinct
        f.source_code,
        f.unit_code
    from core.feedback_version as f
    union
    select distinct
        v.source_code,
        v.unit_code
    from core.survey_answer_version as v
    union
    select distinct
        g.source_code,
        g.unit_code
    from core.declared_figure_version as g
    union
    select distinct
        l.source_code,
        i.unit_code
    from core.procedure_list as l
    inner join core.procedure_list_item as i on l.list_hash = i.list_hash
    union
    select distinct
        l.source_code,
        i.unit_code
    from core.leader_list as l
    inner join core.leader_list_item as i on l.list_hash = i.list_hash
)

select distinct
    n.source_code,
    u.root_code
from named as n
inner join core.unit as u on n.unit_code = u.unit_code
where u.root_code is not null
on conflict do nothing
returning source_code, root_code
