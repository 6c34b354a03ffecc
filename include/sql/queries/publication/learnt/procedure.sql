-- grain: one row for each procedure of a unit that counts differently than when the period was published
-- source: changed_item (temporary), core.procedure_list, core.procedure_list_item
-- traps: the record is the entry of the unit in the list. An entry that the newest list no longer has is deleted. The item of a decision
--        names the procedure and the day

insert into learnt (record, item, unit_code, is_deleted, is_restored, is_left_out, is_late, is_changed)
with asked as (
    select distinct
        c.item,
        c.unit_code,
        split_part(c.item, ' ', 1) as procedure_code,
        l.source as source_code,
        coalesce(cast(cast(:published_clocks as jsonb) ->> l.source as timestamptz), '-infinity') as published_at
    from changed_item as c
    inner join jsonb_to_recordset(cast(:listed as jsonb)) as l (code text, record text, source text) on c.indicator_code = l.code
    where l.record = 'procedure'
),

list as (
    select distinct
        l.source_code,
        l.list_hash,
        l.fetched_at
    from core.procedure_list as l
    inner join asked as a on l.source_code = a.source_code
),

entry as (
    select
        a.item,
        a.unit_code,
        min(t.fetched_at) > max(a.published_at) as is_late,
        bool_or(t.list_hash = n.list_hash) as is_there,
        coalesce(bool_or(t.list_hash = p.list_hash), false) as was_there,
        bool_or(t.list_hash = n.list_hash and i._failed_rules is not null) as is_failed,
        coalesce(bool_or(t.list_hash = p.list_hash and i._failed_rules is not null), false) as was_failed,
        string_agg(distinct cast(to_jsonb(i) - 'list_hash' as text), ' ') filter (where t.list_hash = n.list_hash) as entry_now,
        string_agg(distinct cast(to_jsonb(i) - 'list_hash' as text), ' ') filter (where t.list_hash = p.list_hash) as entry_then
    from asked as a
    inner join list as t on a.source_code = t.source_code
    inner join core.procedure_list_item as i
        on t.list_hash = i.list_hash and a.unit_code = i.unit_code and a.procedure_code = i.procedure_code
    left join lateral (
        select l.list_hash from list as l where l.source_code = a.source_code order by l.fetched_at desc limit 1
    ) as n on true
    left join lateral (
        select l.list_hash from list as l
        where l.source_code = a.source_code and l.fetched_at <= a.published_at
        order by l.fetched_at desc limit 1
    ) as p on true
    group by a.item, a.unit_code
)

select
    'procedure' as record,
    e.item,
    e.unit_code,
    e.was_there and not e.is_there as is_deleted,
    e.is_there and not e.was_there and not e.is_late as is_restored,
    e.is_there and e.was_there and e.is_failed <> e.was_failed as is_left_out,
    e.is_late,
    (e.entry_now is distinct from e.entry_then) as is_changed
from entry as e
order by e.item, e.unit_code
