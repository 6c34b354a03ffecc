-- grain: one row for each published value of a period that is another one by now
-- source: mart.restatement
-- traps: only those that wait for approval; approved ones stand in a newer edition

select
    r.restatement_id,
    r.publication_id,
    r.indicator_code,
    r.unit_code,
    r.basis,
    r.published_numerator,
    r.published_denominator,
    r.published_value,
    r.published_status,
    r.numerator,
    r.denominator,
    r.value,
    r.status
from mart.restatement as r
where r.publication_id = cast(:p as bigint) and r.state = 'open'
