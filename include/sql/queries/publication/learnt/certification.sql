-- grain: one row for each unit that certifies now and did not when the period was published, or the reverse
-- source: changed_item, dossier_learnt (temporary), mart.dossier, mart.publication_item
-- traps: the published count of certified copies of the year to date says by which dossiers a unit certified at the publication. The
--        reason is that of the dossiers in which that time and now differ

insert into learnt (record, item, change, is_deleted, is_restored, is_left_out, is_late, is_changed)
with certified_then as (
    select i.item
    from mart.publication_item as p
    cross join lateral unnest(p.numerator_items) as i (item)
    where
        p.publication_id = cast(:publication_id as bigint)
        and p.indicator_code = 'ecertified_copy_count'
        and p.basis = 'year_to_date'
),

dossier as (
    select
        o.counted_code as unit_code,
        l.*,
        d.is_counted and d.outcome = 'resolved' and d.has_signed_result as is_certified,
        l.dossier_code in (select t.item from certified_then as t) as was_certified
    from dossier_learnt as l
    inner join mart.dossier as d on l.dossier_id = d.dossier_id
    inner join core.unit_on_day as o
        on
            d.unit_code = o.unit_code
            and d.received_date >= o.from_date
            and d.received_date <= o.to_date
)

select
    'certification' as record,
    d.unit_code as item,
    case when d.is_certified then 'numerator_gained' else 'numerator_lost' end as change,
    bool_or(d.is_deleted) as is_deleted,
    bool_or(d.is_restored) as is_restored,
    bool_or(d.is_left_out) as is_left_out,
    bool_or(d.is_late) as is_late,
    bool_or(d.is_changed) as is_changed
from dossier as d
where d.is_certified <> d.was_certified
group by d.unit_code, d.is_certified
order by item, change
