-- grain: one row for each unit and dossier by which the unit certified and does not since a withdrawal, or the reverse
-- source: withdrawn_dossier (temporary), mart.dossier, mart.publication_item
-- traps: the published count of certified copies of the year to date says by which dossiers a unit certified at the publication

insert into withdrawn_item (record, item, change, detail, withdrawal_id)
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
        w.detail,
        w.withdrawal_id,
        w.dossier_code in (select t.item from certified_then as t) as was_certified,
        coalesce(d.is_counted and d.outcome = 'resolved' and d.has_signed_result, false)
        and d.procedure_code in (select i.procedure_code from core.procedure_list_item as i where i.is_certification) as is_certified
    from withdrawn_dossier as w
    inner join core.unit_on_day as o
        on
            w.unit_code = o.unit_code
            and w.received_date >= o.from_date
            and w.received_date <= o.to_date
    left join mart.dossier as d on w.dossier_id = d.dossier_id
)

select
    'certification' as record,
    d.unit_code as item,
    case when d.is_certified then 'numerator_gained' else 'numerator_lost' end as change,
    d.detail,
    d.withdrawal_id
from dossier as d
where d.is_certified <> d.was_certified
