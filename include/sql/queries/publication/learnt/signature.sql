-- grain: one row for each person who counts differently than when the period was published, and kind of change
-- source: changed_item (temporary), core.signature_version, core.leader_list, core.leader_list_item
-- traps: the signatures of the period decide who signed, and the lists of leaders decide who holds a post. Each explains its own kind of
--        change

insert into learnt (record, item, change, is_deleted, is_restored, is_left_out, is_late, is_changed)
with asked as (
    select distinct
        c.item,
        c.basis,
        c.change,
        l.source as source_code,
        coalesce(cast(cast(:published_clocks as jsonb) ->> l.source as timestamptz), '-infinity') as published_at
    from changed_item as c
    inner join jsonb_to_recordset(cast(:listed as jsonb)) as l (code text, record text, source text) on c.indicator_code = l.code
    where l.record = 'signature'
),

version as (
    select
        a.item,
        a.change,
        a.published_at,
        v.*,
        v.is_valid
        and v._failed_rules is null
        and v.signed_at >= case a.basis when 'period' then cast(:start_at as timestamptz) else cast(:year_start_at as timestamptz) end
        and v.signed_at < cast(:end_at as timestamptz) as is_counting,
        row_number() over (
            partition by a.item, a.basis, a.change, v.signature_code, v._first_seen_at <= a.published_at
            order by v._changed_at desc, v._first_seen_at desc
        ) = 1 and v._first_seen_at <= a.published_at as was_current
    from asked as a
    inner join core.signature_version as v on a.source_code = v.source_code and a.item = v.person_code
    where a.change in ('numerator_gained', 'numerator_lost')
),

signature as (
    select
        v.item,
        v.change,
        v.signature_code,
        coalesce(bool_or(v._is_current and v.is_counting), false) as is_counting,
        coalesce(bool_or(v.was_current and v.is_counting), false) as was_counting,
        bool_or(v._is_current and v._failed_rules is not null) as is_failed,
        bool_or(v.was_current and v._failed_rules is not null) as was_failed,
        min(v._first_seen_at) > max(v.published_at) as is_late,
        max(v._first_seen_at) > max(v.published_at) as is_changed
    from version as v
    group by v.item, v.change, v.signature_code
),

list as (
    select distinct
        l.source_code,
        l.list_hash,
        l.fetched_at
    from core.leader_list as l
    inner join asked as a on l.source_code = a.source_code
),

post as (
    select
        a.item,
        a.change,
        min(t.fetched_at) > max(a.published_at) as is_late,
        bool_or(t.list_hash = n.list_hash) as is_there,
        bool_or(t.list_hash = p.list_hash) as was_there,
        string_agg(distinct cast(to_jsonb(i) - 'list_hash' as text), ' ') filter (where t.list_hash = n.list_hash) as entry_now,
        string_agg(distinct cast(to_jsonb(i) - 'list_hash' as text), ' ') filter (where t.list_hash = p.list_hash) as entry_then
    from asked as a
    inner join list as t on a.source_code = t.source_code
    inner join core.leader_list_item as i on t.list_hash = i.list_hash and a.item = i.person_code
    left join lateral (
        select l.list_hash from list as l where l.source_code = a.source_code order by l.fetched_at desc limit 1
    ) as n on true
    left join lateral (
        select l.list_hash from list as l
        where l.source_code = a.source_code and l.fetched_at <= a.published_at
        order by l.fetched_at desc limit 1
    ) as p on true
    where a.change in ('added', 'removed')
    group by a.item, a.change
)

select
    'signature' as record,
    s.item,
    s.change,
    false as is_deleted,
    false as is_restored,
    bool_or(s.is_failed <> s.was_failed and not s.is_late) as is_left_out,
    bool_or(s.is_late) as is_late,
    bool_or(s.is_changed) as is_changed
from signature as s
where s.is_counting <> s.was_counting
group by s.item, s.change
union all
select
    'signature' as record,
    p.item,
    p.change,
    coalesce(p.was_there, false) and not coalesce(p.is_there, false) as is_deleted,
    coalesce(p.is_there, false) and not coalesce(p.was_there, false) and not p.is_late as is_restored,
    false as is_left_out,
    p.is_late,
    (p.entry_now is distinct from p.entry_then) as is_changed
from post as p
order by item, change
