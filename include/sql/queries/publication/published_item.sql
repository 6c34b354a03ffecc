-- grain: one row for each item that a publication froze, of the indicators, bases and units of its open restatements
-- source: mart.publication_item, mart.restatement, changed_since (temporary)
-- traps: only the indicators in `listed` are read, which are those of the refreshed source. Of those that are followed only the dossiers
--        are read that have changed since

create temp table published_item on commit drop as
with restated as (
    select distinct
        r.indicator_code,
        r.basis,
        r.indicator_code = any(cast(:followed as text [])) as is_followed
    from mart.restatement as r
    where
        r.publication_id = cast(:publication_id as bigint)
        and r.state = 'open'
        and r.indicator_code in (select l.code from jsonb_to_recordset(cast(:listed as jsonb)) as l (code text))
)

select
    p.indicator_code,
    p.basis,
    p.unit_code,
    i.item,
    i.is_numerator
from mart.publication_item as p
inner join restated as r on p.indicator_code = r.indicator_code and p.basis = r.basis
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
    and (not r.is_followed or i.item in (select s.dossier_code from changed_since as s))
