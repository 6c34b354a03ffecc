-- grain: one row of ops.load for each delivery of a day of payments that lacks payments which were in force; it is noted there
-- source: payment_before (temporary: the payments of the day that were in force), core.payment_version, core.payment_day_in_force, ops.load
-- traps: a payment that the file of another day has is not lost

update ops.load as l
set
    manifest = coalesce(l.manifest, cast('{}' as jsonb))
    || jsonb_build_object('lost_payments', jsonb_build_object('gone', g.gone, 'before', g.before, 'example', g.example))
from (
    select
        d._load_id,
        count(*) filter (where v._key is null) as gone,
        count(*) as before,
        min(b._key) filter (where v._key is null) as example
    from payment_before as b
    inner join core.payment_day_in_force as d on b.source_code = d.source_code and b.file_date = d.file_date
    left join core.payment_version as v on b.source_code = v.source_code and b._key = v._key and v._is_current
    group by d._load_id
) as g
where l.load_id = g._load_id and l.extract_id = :extract_id and g.gone > 0
