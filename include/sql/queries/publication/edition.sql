-- grain: one row for each edition of every plan, the newest period first, with the number of its open restatements
-- source: mart.publication, mart.restatement

select
    p.*,
    (
        select count(*)
        from mart.restatement as r
        where r.publication_id = p.publication_id and r.state = 'open'
    ) as open_restatements
from mart.publication as p
order by p.period_start desc, p.period_kind asc, p.plan_code desc, p.edition desc
