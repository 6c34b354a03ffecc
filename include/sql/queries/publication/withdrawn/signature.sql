-- grain: one row for each person who counts otherwise because a signature or a list of leaders was withdrawn, and kind of change
-- source: changed_item (temporary), ops.withdrawal, ops.withdrawn_row, core.leader_list, core.leader_list_item
-- traps: the signatures of the period decide who signed, and the lists of leaders decide who holds a post. Each explains its own kind of
--        change. The items of a withdrawn list stand in ops.withdrawn_row, or in core where another list has the same content

insert into withdrawn_item (record, item, change, detail, withdrawal_id)
with withdrawal as (
    select
        w.withdrawal_id,
        w.by_whom || ': ' || w.reason as detail
    from ops.withdrawal as w
    inner join mart.publication as p on p.publication_id = cast(:publication_id as bigint) and w.withdrawn_at > p.published_at
),

brought as (
    select
        w.withdrawal_id,
        w.detail,
        r.table_name,
        r.record
    from withdrawal as w
    inner join ops.withdrawn_row as r on w.withdrawal_id = r.withdrawal_id
    inner join ops.withdrawn_load as l
        on w.withdrawal_id = l.withdrawal_id and l.load_id = cast(r.record ->> '_load_id' as bigint)
    where r.table_name in ('core.signature_version', 'core.leader_list')
),

asked as (
    select distinct
        c.item,
        c.change
    from changed_item as c
    inner join jsonb_to_recordset(cast(:listed as jsonb)) as l (code text, record text) on c.indicator_code = l.code
    where l.record = 'signature'
),

entry as (
    select
        i.list_hash,
        i.person_code,
        to_jsonb(i) - 'list_hash' as content
    from core.leader_list_item as i
    where i.list_hash in (select b.record ->> 'list_hash' from brought as b)
    union
    select
        r.record ->> 'list_hash' as list_hash,
        r.record ->> 'person_code' as person_code,
        r.record - 'list_hash' as content
    from ops.withdrawn_row as r
    where r.table_name = 'core.leader_list_item' and r.record ->> 'list_hash' in (select b.record ->> 'list_hash' from brought as b)
),

post as (
    select
        a.item,
        a.change,
        b.detail,
        b.withdrawal_id,
        (
            select jsonb_agg(e.content order by e.content)
            from entry as e
            where e.list_hash = b.record ->> 'list_hash' and e.person_code = a.item
        ) as entry_then,
        (
            select jsonb_agg(to_jsonb(i) - 'list_hash' order by to_jsonb(i) - 'list_hash')
            from core.leader_list_item as i
            where
                i.person_code = a.item
                and i.list_hash = (
                    select n.list_hash
                    from core.leader_list as n
                    where n.source_code = b.record ->> 'source_code'
                    order by n.fetched_at desc
                    limit 1
                )
        ) as entry_now
    from asked as a
    cross join brought as b
    where b.table_name = 'core.leader_list' and a.change in ('added', 'removed')
)

select
    'signature' as record,
    a.item,
    a.change,
    b.detail,
    b.withdrawal_id
from asked as a
inner join brought as b on a.item = b.record ->> 'person_code'
where
    b.table_name = 'core.signature_version'
    and a.change in ('numerator_gained', 'numerator_lost')
    and cast(b.record ->> '_is_current' as boolean)
    and cast(b.record ->> 'signed_at' as timestamptz) < cast(:end_at as timestamptz)
union all
select
    'signature' as record,
    p.item,
    p.change,
    p.detail,
    p.withdrawal_id
from post as p
where p.entry_then is distinct from p.entry_now
