-- grain: one row for each edition of a period, the newest first
-- source: mart.publication, mart.restatement
-- traps: open_restatements counts what differs now from the edition and is not approved

select
    p.*,
    (
        select count(*)
        from mart.restatement as r
        where r.publication_id = p.publication_id and r.state = 'open'
    ) as open_restatements
from mart.publication as p
where p.period_kind = cast(:kind as text) and p.period_start = cast(:start as date)
order by p.published_at desc, p.publication_id desc
