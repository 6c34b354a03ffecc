-- grain: one row for each loaded payment file with rows whose key stands in the file of another day, too, as long as it is so
-- source: ops.check_result (the files of which loading showed it), core.payment_day, core.payment_version
-- traps: of one key the row of the latest day is in force. A file that a later revision or answer for its day replaced is not looked at,
--        nor one whose load was withdrawn, and what was told then is looked up again

select
    l.source_code,
    l.entity,
    l.file_name,
    l.landed as delivered,
    count(*) as repeated,
    (array_agg(v._key order by v._key))[1:20] as keys
from ops.check_result as c
inner join ops.load as l on c.load_id = l.load_id
inner join core.payment_day as d on l.source_code = d.source_code and l.load_id = d._load_id
inner join core.payment_version as v
    on
        d.source_code = v.source_code
        and d.file_date = v.file_date
        and d.file_revision = v.file_revision
        and d._first_seen_at = v._first_seen_at
where
    c.rule = 'REPEATED'
    and c.phase = 'load'
    and not c.is_success
    and l.status = 'loaded'
    and not exists (
        select 1 from core.payment_day as n
        where
            n.source_code = d.source_code
            and n.file_date = d.file_date
            and (n.file_revision, n._first_seen_at) > (d.file_revision, d._first_seen_at)
    )
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
