-- grain: one row for each item that counts differently now than in the edition in force: its columns are those of `selected`
-- source: mart.restatement, mart.restatement_item, mart.dossier
-- traps: only open restatements of the scope; a scope whose published figure holds has none. An item does not name its source: of a
--        dossier the record that counts decides, else the only source of the role is taken

select
    coalesce(
        (
            select d.source_code
            from mart.dossier as d
            where d.dossier_code = i.item and d.source_code = any(cast(:sources as text[]))
            order by d.is_counted desc, d.source_code asc
            limit 1
        ),
        case when cardinality(cast(:sources as text[])) = 1 then (cast(:sources as text[]))[1] end
    ) as source_code,
    i.unit_code,
    i.unit_code as named_code,
    cast(null as date) as counted_on,
    i.item,
    coalesce(i.after = 'numerator', false) as is_numerator,
    cast(null as bigint) as numerator,
    cast(null as bigint) as denominator,
    i.reason,
    i.change,
    i.before,
    i.after,
    i.detail,
    cast(:last_day as date) as last_day,
    cast(:end_at as timestamptz) as end_at,
    cast(:known_at as timestamptz) as known_at
from mart.restatement as r
inner join mart.restatement_item as i on r.restatement_id = i.restatement_id
where
    r.publication_id = cast(:publication_id as bigint)
    and r.state = 'open'
    and r.indicator_code = cast(:code as text)
    and r.basis = cast(:basis as text)
    and r.unit_code = cast(:scope as text)
