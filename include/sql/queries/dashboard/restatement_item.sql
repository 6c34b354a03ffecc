-- grain: one row for each item behind the restatements of an edition; with `restatement` behind that one alone; of some units
-- source: mart.restatement_item, mart.restatement, core.indicator
-- traps: an item is the record that the indicator counts: a dossier, a payment, a procedure; one of several scopes and bases stands once
--        for each of them

select
    t.restatement_id,
    t.unit_code,
    t.item,
    t.change,
    t.reason,
    t.before,
    t.after,
    t.detail,
    r.indicator_code,
    i.name_vi,
    i.name_en,
    r.unit_code as scope_code,
    r.basis
from mart.restatement_item as t
inner join mart.restatement as r on t.restatement_id = r.restatement_id
left join core.indicator as i on r.indicator_code = i.indicator_code and i.ended_at is null and i.valid_to is null
where
    r.publication_id = cast(:p as bigint)
    and (cast(:restatement as bigint) is null or t.restatement_id = cast(:restatement as bigint))
    and (cast(:units as text []) is null or t.unit_code = any(cast(:units as text [])))
order by t.unit_code, t.item, r.indicator_code, r.basis, r.unit_code
