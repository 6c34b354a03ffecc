-- grain: one row, or none: the edition of a period that is in force
-- source: mart.publication, core.plan
-- traps: an edition under the plan that holds in the period comes first (as in mart.published_value), then the newest edition

select p.*
from mart.publication as p
left join core.plan as h on p.plan_code = h.plan_code and p.period_end - 1 between h.valid_from and h.valid_to
where p.period_kind = :kind and p.period_start = :start
order by h.plan_code is not null desc, p.edition desc, p.publication_id desc
limit 1
