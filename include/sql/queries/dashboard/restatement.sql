-- grain: one row for each value of an edition that is or was another one by what was known later
-- source: mart.restatement, mart.restatement_item, core.indicator
-- traps: open ones wait for approval, approved ones stand in a newer edition, of withdrawn ones the difference has gone again

select
    r.restatement_id,
    r.indicator_code,
    coalesce(i.kind, 'flow') as indicator_kind,
    i.name_vi,
    i.name_en,
    r.unit_code,
    r.basis,
    r.published_numerator,
    r.published_denominator,
    r.published_value,
    r.published_status,
    r.numerator,
    r.denominator,
    r.value,
    r.status,
    r.state,
    r.found_at,
    r.ended_at,
    r.approved_by,
    r.note,
    (
        select count(*)
        from mart.restatement_item as t
        where t.restatement_id = r.restatement_id
    ) as item_count
from mart.restatement as r
left join core.indicator as i on r.indicator_code = i.indicator_code and i.ended_at is null and i.valid_to is null
where r.publication_id = cast(:p as bigint)
order by array_position(array['open', 'approved', 'withdrawn'], r.state), r.indicator_code, r.unit_code, r.basis
