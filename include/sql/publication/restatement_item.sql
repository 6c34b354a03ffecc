-- grain: one row a counted item behind the difference of an open restatement
-- source: mart.publication_item, item_now (temporary: what is counted now), mart.restatement, mart.publication_unit; core for the reasons
-- traps: T of the publication is that of the item's own source; what no version explains is the catalogue's doing: reference; the items
--        of a unit that is of another level now than when it was published have left the one level and come to the other

insert into mart.restatement_item (restatement_id, unit_code, item, change, reason)
with restated as (
    select
        r.restatement_id,
        r.unit_code as scope_code,
        r.level,
        r.indicator_code,
        r.basis
    from mart.restatement as r
    where
        r.publication_id = cast(:publication_id as bigint)
        and r.state = 'open'
        and r.indicator_code in (select l.code from jsonb_to_recordset(cast(:listed as jsonb)) as l (code text))
),

published as (
    select
        p.indicator_code,
        p.basis,
        p.unit_code,
        i.item,
        i.is_numerator
    from mart.publication_item as p
    cross join lateral (
        select
            n.item,
            true as is_numerator
        from unnest(p.numerator_items) as n (item)
        union all
        select
            o.item,
            false as is_numerator
        from unnest(p.other_items) as o (item)
    ) as i
    where
        p.publication_id = cast(:publication_id as bigint)
        and (p.indicator_code, p.basis) in (select r.indicator_code, r.basis from restated as r)
),

counted as (
    select n.*
    from item_now as n
    where (n.indicator_code, n.basis) in (select r.indicator_code, r.basis from restated as r)
),

changed as (
    select
        coalesce(p.indicator_code, c.indicator_code) as indicator_code,
        coalesce(p.basis, c.basis) as basis,
        coalesce(p.unit_code, c.unit_code) as unit_code,
        coalesce(p.item, c.item) as item,
        case
            when p.item is null then 'added'
            when c.item is null then 'removed'
            when c.is_numerator then 'numerator_gained'
            else 'numerator_lost'
        end as change
    from published as p
    full join counted as c
        on p.indicator_code = c.indicator_code and p.basis = c.basis and p.unit_code = c.unit_code and p.item = c.item
    where p.item is null or c.item is null or p.is_numerator <> c.is_numerator
),

-- what an item counts in beside its unit; an item for which no unit counts stands under its level's code
unit as (
    select
        u.unit_code,
        u.level,
        p.level as published_level
    from core.unit_at(cast(:last_day as date)) as u
    left join mart.publication_unit as p on u.unit_code = p.unit_code and p.publication_id = cast(:publication_id as bigint)
),

-- items of units that are of another level by now: gone from the level of then, come to that of now
relevelled as (
    select
        p.indicator_code,
        p.basis,
        p.unit_code,
        p.item,
        'removed' as change,
        'level:' || u.published_level as scope_code
    from published as p
    inner join unit as u on p.unit_code = u.unit_code and u.level <> u.published_level
    union all
    select
        c.indicator_code,
        c.basis,
        c.unit_code,
        c.item,
        'added' as change,
        'level:' || u.level as scope_code
    from counted as c
    inner join unit as u on c.unit_code = u.unit_code and u.level <> u.published_level
),

clock as (
    select
        c.key as source_code,
        cast(c.value as timestamptz) as known_at
    from jsonb_each_text(cast(:published_clocks as jsonb)) as c (key, value)
),

-- when each item was first and last delivered, by the clock of its source
delivered as (
    select
        d.dossier_code as item,
        d.deleted_at is not null as is_deleted,
        not d.is_counted and d.deleted_at is null as is_left_out,
        min(v._first_seen_at) > max(k.known_at) as is_late,
        max(v._first_seen_at) > max(k.known_at) or coalesce(max(s._first_seen_at) > max(k.known_at), false) as is_changed
    from changed as c
    inner join mart.dossier as d on c.item = d.dossier_code
    inner join core.dossier_version as v on d.dossier_id = v.dossier_id
    inner join clock as k on d.source_code = k.source_code
    left join core.dossier_step_version as s on d.dossier_id = s.dossier_id
    group by d.dossier_code, d.deleted_at, d.is_counted
    union all
    select
        v._key as item,
        false as is_deleted,
        false as is_left_out,
        min(v._first_seen_at) > max(k.known_at) as is_late,
        max(v._first_seen_at) > max(k.known_at) as is_changed
    from changed as c
    inner join core.payment_version as v on c.item = v._key
    inner join clock as k on v.source_code = k.source_code
    group by v._key
    union all
    select
        v.work_file_code as item,
        false as is_deleted,
        false as is_left_out,
        min(v._first_seen_at) > max(k.known_at) as is_late,
        max(v._first_seen_at) > max(k.known_at) as is_changed
    from changed as c
    inner join core.work_file_version as v on c.item = v.work_file_code
    inner join clock as k on v.source_code = k.source_code
    group by v.work_file_code
    union all
    select
        v.assessment_code as item,
        false as is_deleted,
        false as is_left_out,
        min(v._first_seen_at) > max(k.known_at) as is_late,
        max(v._first_seen_at) > max(k.known_at) as is_changed
    from changed as c
    inner join core.assessment_version as v on c.item = v.assessment_code
    inner join clock as k on v.source_code = k.source_code
    group by v.assessment_code
    union all
    select
        v.feedback_code as item,
        false as is_deleted,
        false as is_left_out,
        min(v._first_seen_at) > max(k.known_at) as is_late,
        max(v._first_seen_at) > max(k.known_at) as is_changed
    from changed as c
    inner join core.feedback_version as v on c.item = v.feedback_code
    inner join clock as k on v.source_code = k.source_code
    group by v.feedback_code
    union all
    select
        'survey ' || v.answer_code as item,
        false as is_deleted,
        false as is_left_out,
        min(v._first_seen_at) > max(k.known_at) as is_late,
        max(v._first_seen_at) > max(k.known_at) as is_changed
    from changed as c
    inner join core.survey_answer_version as v on c.item = 'survey ' || v.answer_code
    inner join clock as k on v.source_code = k.source_code
    group by v.answer_code
),

explained as (
    select
        e.item,
        bool_or(e.is_deleted) as is_deleted,
        bool_or(e.is_left_out) as is_left_out,
        bool_or(e.is_late) as is_late,
        bool_or(e.is_changed) as is_changed
    from delivered as e
    group by e.item
)

select
    r.restatement_id,
    c.unit_code,
    c.item,
    c.change,
    case
        when e.is_deleted then 'deleted'
        when e.is_left_out then 'left_out'
        when e.is_late then 'late'
        when e.is_changed then 'changed'
        else 'reference'
    end as reason
from restated as r
inner join changed as c on r.indicator_code = c.indicator_code and r.basis = c.basis
left join unit as u on c.unit_code = u.unit_code
left join explained as e on c.item = e.item
where
    r.scope_code in ('all', c.unit_code)
    or (r.scope_code = 'level:' || u.level and u.level is not distinct from coalesce(u.published_level, u.level))
union all
select
    r.restatement_id,
    l.unit_code,
    l.item,
    l.change,
    'reference' as reason
from restated as r
inner join relevelled as l on r.indicator_code = l.indicator_code and r.basis = l.basis and r.scope_code = l.scope_code
order by restatement_id, unit_code, item, change
