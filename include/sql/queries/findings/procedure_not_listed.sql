-- grain: one row for each dossier whose procedure is in no list of its source
-- source: mart.dossier, core.procedure_list, core.procedure_list_item
-- traps: such a dossier is in neither side of an indicator that needs its procedure (electronic results, certified copies). A list of any
--        day will do, and an entry that has ended. Of a source without any list nothing is told here, because `cchc doctor` tells it

with listed as materialized (
    select distinct
        l.source_code,
        i.unit_code,
        i.procedure_code
    from (select distinct p.source_code, p.list_hash from core.procedure_list as p) as l
    inner join core.procedure_list_item as i on l.list_hash = i.list_hash
    where i._failed_rules is null
)

select
    d.source_code,
    d.unit_code,
    coalesce(d.finished_date, d.received_date) as month_day,
    d.dossier_code as item,
    d.dossier_code,
    d.received_date as event_date,
    jsonb_build_object(
        'procedure_code', d.procedure_code,
        'units_that_list_it', (
            select jsonb_agg(o.unit_code order by o.unit_code)
            from listed as o
            where o.source_code = d.source_code and o.procedure_code = d.procedure_code
        )
    ) as detail
from mart.dossier as d
where
    d.is_counted
    and exists (select 1 from core.procedure_list as p where p.source_code = d.source_code)
    and not exists (
        select 1
        from listed as l
        where l.source_code = d.source_code and l.unit_code = d.unit_code and l.procedure_code = d.procedure_code
    )
