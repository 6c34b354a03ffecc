-- grain: one row for each value of one edition
-- source: mart.publication_value, mart.restatement
-- traps: is_restated: an open restatement of this edition says otherwise by now

select
    v.*,
    exists (
        select 1
        from mart.restatement as r
        where
            r.publication_id = v.publication_id
            and r.indicator_code = v.indicator_code
            and r.unit_code = v.unit_code
            and r.basis = v.basis
            and r.state = 'open'
    ) as is_restated
from mart.publication_value as v
where v.publication_id = cast(:p as bigint)
