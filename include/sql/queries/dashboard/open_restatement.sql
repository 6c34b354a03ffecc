-- grain: one row: how many published values are other ones by what is known now
-- source: mart.restatement

select count(*) as restatement_count
from mart.restatement as r
where r.state = 'open'
