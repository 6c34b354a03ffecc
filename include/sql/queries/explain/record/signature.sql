-- grain: one row for each asked item, a leader, with the facts by which the leader counts
-- source: asked (the items of the statement around this one), core.leader_list, core.leader_list_item
-- traps: a leader is named by the code of the source and by the post, never by the name. Of several posts the newest at the unit is shown

with post as materialized (
    select distinct on (l.source_code, i.unit_code, i.person_code)
        l.source_code,
        i.unit_code,
        i.person_code,
        i.post_name,
        i.from_date,
        i.to_date
    from core.leader_list as l
    inner join core.leader_list_item as i on l.list_hash = i.list_hash
    order by l.source_code asc, i.unit_code asc, i.person_code asc, l.fetched_at desc, i.from_date desc
)

select
    a.*,
    cast(null as text) as dossier_code,
    cast(null as text) as procedure_code,
    cast(null as text) as procedure_name,
    p.from_date as received_date,
    cast(null as date) as due_date,
    cast(null as date) as first_due_date,
    p.to_date as ended_date,
    cast(null as bigint) as late_days,
    p.post_name as state,
    jsonb_build_object('post_name', p.post_name, 'from_date', p.from_date, 'to_date', p.to_date) as facts
from asked as a
left join post as p on a.source_code = p.source_code and a.named_code = p.unit_code and a.item = p.person_code
