-- grain: one row for each edition of every plan, the newest period first
-- source: mart.publication, mart.publication_value, mart.publication_report, mart.restatement
-- traps: in force is the newest edition of a period under its plan, as in mart.published_value

select
    p.*,
    p.edition = max(p.edition) over (partition by p.plan_code, p.period_kind, p.period_start) as is_in_force,
    (
        select count(*)
        from mart.publication_value as v
        where v.publication_id = p.publication_id
    ) as value_count,
    (
        select count(*)
        from mart.publication_report as f
        where f.publication_id = p.publication_id
    ) as paper_count,
    (
        select count(*)
        from mart.restatement as r
        where r.publication_id = p.publication_id and r.state = 'open'
    ) as open_restatements
from mart.publication as p
order by p.period_start desc, p.period_kind asc, p.plan_code desc, p.edition desc
