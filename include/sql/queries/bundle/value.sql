-- grain: one row for each value of a publication, with the name of its unit and the root of its tree
-- source: mart.publication_value, mart.publication_unit, core.unit
-- traps: a level and the whole have no unit; they belong to the authority's own tree

select
    coalesce(n.root_code, cast(:root as text)) as tree,
    v.indicator_code,
    v.formula_version,
    v.unit_code,
    u.name as unit_name,
    v.level,
    v.basis,
    v.numerator,
    v.denominator,
    v.value,
    v.target,
    v.status,
    v.gap_count,
    v.coverage,
    v.is_provisional,
    v.no_target_reason,
    v.compared_numerator,
    v.compared_denominator
from mart.publication_value as v
left join mart.publication_unit as u on v.publication_id = u.publication_id and v.unit_code = u.unit_code
left join core.unit as n on v.unit_code = n.unit_code
where v.publication_id = cast(:publication_id as bigint)
