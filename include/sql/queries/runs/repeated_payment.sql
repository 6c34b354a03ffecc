-- grain: one row for each loaded payment file of a run with rows whose key stands in the file of another day, too
-- source: ops.load, core.payment_day, core.payment_version
-- traps: of one key the row of the latest day is in force; which of the two files is the later one does not matter here. A file that a
--        higher revision of its day replaced is not looked at

select
    l.load_id,
    l.source_code,
    l.entity,
    l.file_name,
    l.landed as delivered,
    count(*) as repeated,
    (array_agg(v._key order by v._key))[1:20] as keys
from ops.load as l
inner join core.payment_day as d on l.source_code = d.source_code and l.load_id = d._load_id
inner join core.payment_version as v
    on
        d.source_code = v.source_code
        and d.file_date = v.file_date
        and d.file_revision = v.file_revision
        and d._first_seen_at = v._first_seen_at
where
    l.extract_id = :extract_id
    and l.status = 'loaded'
    and exists (
        select 1 from core.payment_version as o
        where
            o.source_code = v.source_code
            and o._key = v._key
            and o.file_date <> v.file_date
            and (o._is_current or v._is_current)
    )
group by l.load_id, l.source_code, l.entity, l.file_name, l.landed
order by l.load_id
