-- grain: one row for each procedure of a unit that counts otherwise because a list of procedures was withdrawn
-- source: changed_item (temporary), ops.withdrawal, ops.withdrawn_row, core.procedure_list, core.procedure_list_item
-- traps: the item of a decision names the procedure and the day. The items of a withdrawn list stand in ops.withdrawn_row, or in core
--        where another list has the same content

insert into withdrawn_item (record, item, unit_code, detail, withdrawal_id)
with brought as (
    select
        w.withdrawal_id,
        w.by_whom || ': ' || w.reason as detail,
        r.record ->> 'source_code' as source_code,
        r.record ->> 'list_hash' as list_hash
    from ops.withdrawal as w
    inner join mart.publication as p on p.publication_id = cast(:publication_id as bigint) and w.withdrawn_at > p.published_at
    inner join ops.withdrawn_row as r on w.withdrawal_id = r.withdrawal_id and r.table_name = 'core.procedure_list'
    inner join ops.withdrawn_load as l
        on w.withdrawal_id = l.withdrawal_id and l.load_id = cast(r.record ->> '_load_id' as bigint)
),

asked as (
    select distinct
        c.item,
        c.unit_code,
        split_part(c.item, ' ', 1) as procedure_code
    from changed_item as c
    inner join jsonb_to_recordset(cast(:listed as jsonb)) as l (code text, record text) on c.indicator_code = l.code
    where l.record = 'procedure'
),

entry as (
    select
        i.list_hash,
        i.unit_code,
        i.procedure_code,
        to_jsonb(i) - 'list_hash' as content
    from core.procedure_list_item as i
    where i.list_hash in (select b.list_hash from brought as b)
    union
    select
        r.record ->> 'list_hash' as list_hash,
        r.record ->> 'unit_code' as unit_code,
        r.record ->> 'procedure_code' as procedure_code,
        r.record - 'list_hash' as content
    from ops.withdrawn_row as r
    where r.table_name = 'core.procedure_list_item' and r.record ->> 'list_hash' in (select b.list_hash from brought as b)
),

compared as (
    select
        a.item,
        a.unit_code,
        b.detail,
        b.withdrawal_id,
        (
            select jsonb_agg(e.content order by e.content)
            from entry as e
            where e.list_hash = b.list_hash and e.unit_code = a.unit_code and e.procedure_code = a.procedure_code
        ) as entry_then,
        (
            select jsonb_agg(to_jsonb(i) - 'list_hash' order by to_jsonb(i) - 'list_hash')
            from core.procedure_list_item as i
            where
                i.unit_code = a.unit_code and i.procedure_code = a.procedure_code
                and i.list_hash = (
                    select n.list_hash
                    from core.procedure_list as n
                    where n.source_code = b.source_code
                    order by n.fetched_at desc
                    limit 1
                )
        ) as entry_now
    from asked as a
    cross join brought as b
)

select
    'procedure' as record,
    c.item,
    c.unit_code,
    c.detail,
    c.withdrawal_id
from compared as c
where c.entry_then is distinct from c.entry_now
