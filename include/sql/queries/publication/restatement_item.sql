-- grain: one row for each counted item behind the difference of an open restatement
-- source: changed_item, learnt, withdrawn_item, published_item, item_now (temporary), mart.restatement, mart.publication_unit, core.unit_at
-- traps: the first reason that applies is used. If no record explains the change, the reason is the formula, or the other data by which
--        the indicator is counted. The items of a unit whose level changed are removed from the former level and added to the current
--        one. Their items are looked for once and not for each restatement

insert into mart.restatement_item (restatement_id, unit_code, item, change, reason, before, after, detail)
with listed as (
    select l.*
    from jsonb_to_recordset(cast(:listed as jsonb)) as l (code text, record text, is_redefined boolean, counted_by text)
),

restated as (
    select
        r.restatement_id,
        r.unit_code as scope_code,
        r.level,
        r.indicator_code,
        r.basis,
        l.record,
        l.is_redefined,
        l.counted_by
    from mart.restatement as r
    inner join listed as l on r.indicator_code = l.code
    where
        r.publication_id = cast(:publication_id as bigint)
        and r.state = 'open'
),

-- the levels in which an item counts beside its unit; an item that counts for no unit has the code of its level
unit as (
    select
        u.unit_code,
        u.level,
        p.level as published_level
    from core.unit_at(cast(:last_day as date)) as u
    left join mart.publication_unit as p on u.unit_code = p.unit_code and p.publication_id = cast(:publication_id as bigint)
),

-- units of another level than when the period was published
other_level as (
    select u.*
    from unit as u
    where u.level <> u.published_level
),

counted as (
    select n.*
    from item_now as n
    inner join other_level as o on n.unit_code = o.unit_code
    where (n.indicator_code, n.basis) in (select r.indicator_code, r.basis from restated as r)
),

-- the items of these units: removed from the former level, added to the current one
relevelled as materialized (
    select
        p.indicator_code,
        p.basis,
        p.unit_code,
        p.item,
        'removed' as change,
        case when p.is_numerator then 'numerator' else 'denominator' end as before,
        cast(null as text) as after,
        'level:' || u.published_level as scope_code
    from published_item as p
    inner join other_level as u on p.unit_code = u.unit_code
    union all
    select
        c.indicator_code,
        c.basis,
        c.unit_code,
        c.item,
        'added' as change,
        cast(null as text) as before,
        case when c.is_numerator then 'numerator' else 'denominator' end as after,
        'level:' || u.level as scope_code
    from counted as c
    inner join other_level as u on c.unit_code = u.unit_code
),

-- moved from one unit to another
moved as (
    select
        c.indicator_code,
        c.basis,
        c.item
    from changed_item as c
    group by c.indicator_code, c.basis, c.item
    having bool_or(c.change = 'removed') and bool_or(c.change = 'added')
),

explained as (
    select
        c.indicator_code,
        c.basis,
        c.unit_code,
        c.item,
        c.change,
        bool_or(e.is_deleted) as is_deleted,
        bool_or(e.is_restored) as is_restored,
        bool_or(e.is_left_out) as is_left_out,
        bool_or(e.is_late) as is_late,
        bool_or(e.is_changed) as is_changed
    from changed_item as c
    inner join listed as l on c.indicator_code = l.code
    inner join learnt as e
        on
            l.record = e.record
            and c.item = e.item
            and (e.unit_code is null or c.unit_code = e.unit_code)
            and (e.change is null or c.change = e.change)
    group by c.indicator_code, c.basis, c.unit_code, c.item, c.change
),

told as (
    select
        r.restatement_id,
        r.counted_by,
        c.*,
        w.detail as withdrawn_by,
        case
            when w.detail is not null then 'withdrawn'
            when e.is_deleted then 'deleted'
            when e.is_restored then 'restored'
            when e.is_left_out then 'left_out'
            when e.is_late then 'late'
            when e.is_changed then 'changed'
            when r.is_redefined then 'definition'
            else 'reference'
        end as reason,
        m.item is not null as is_moved
    from restated as r
    inner join changed_item as c on r.indicator_code = c.indicator_code and r.basis = c.basis
    left join unit as u on c.unit_code = u.unit_code
    left join explained as e
        on
            c.indicator_code = e.indicator_code
            and c.basis = e.basis
            and c.unit_code = e.unit_code
            and c.item = e.item
            and c.change = e.change
    left join lateral (
        select i.detail
        from withdrawn_item as i
        where
            i.record = r.record and i.item = c.item
            and (i.unit_code is null or i.unit_code = c.unit_code)
            and (i.change is null or i.change = c.change)
        order by i.withdrawal_id desc
        limit 1
    ) as w on true
    left join moved as m on c.indicator_code = m.indicator_code and c.basis = m.basis and c.item = m.item
    where
        r.scope_code in ('all', c.unit_code)
        or (r.scope_code = 'level:' || u.level and u.level is not distinct from coalesce(u.published_level, u.level))
)

select
    t.restatement_id,
    t.unit_code,
    t.item,
    t.change,
    t.reason,
    t.before,
    t.after,
    case
        when t.reason = 'withdrawn' then t.withdrawn_by
        when t.reason = 'definition' then 'formula'
        when t.reason = 'reference' and t.is_moved then 'units'
        when t.reason = 'reference' then t.counted_by
    end as detail
from told as t
union all
select
    r.restatement_id,
    l.unit_code,
    l.item,
    l.change,
    'reference' as reason,
    l.before,
    l.after,
    'units' as detail
from restated as r
inner join relevelled as l on r.indicator_code = l.indicator_code and r.basis = l.basis and r.scope_code = l.scope_code
order by restatement_id, unit_code, item, change
