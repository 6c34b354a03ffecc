-- grain: one row for each edition in force whose numbers are known otherwise since
-- source: mart.publication, mart.restatement
-- traps: a restatement that was approved or withdrawn is told no more

select
    p.publication_id,
    p.period_kind,
    p.period_start,
    p.period_end,
    p.edition,
    count(*) as difference_count,
    min(r.found_at) as since_at
from mart.restatement as r
inner join mart.publication as p on r.publication_id = p.publication_id
where r.state = 'open'
group by p.publication_id, p.period_kind, p.period_start, p.period_end, p.edition
order by p.period_start, p.period_kind
