-- grain: one row for each change in what the sources deliver, by month, source, entity and field, the newest month first
-- source: ops.drift
-- traps: a change is told in the month in which it first came; a source or a month that is null asks for all

select
    d.month,
    d.source_code,
    d.entity,
    d.change,
    d.field,
    d.word,
    d.column_name,
    d.changed_count,
    d.record_count,
    d.load_id,
    d.profile_version,
    d.contract_version
from ops.drift as d
where
    (cast(:source as text) is null or d.source_code = :source)
    and (cast(:since as date) is null or d.month >= cast(:since as date))
order by d.month desc, d.source_code asc, d.entity asc, d.change asc, d.field asc, d.word asc
