-- grain: one row for each staged row and rule that it breaks
-- source: failing (temporary: row and rule), judged_row (temporary: the staged rows), bind values (the rules, the names of the fields)
-- traps: the record names the unreadable columns of the model (`_unreadable`, `_shape_error`) and the vendor's fields (`_fields`); empty
--        values and the pipeline's own columns are left out

insert into ops.quarantine (load_id, source_code, entity, file, line, key, rule, action, reason, record, first_seen_at)
select
    j._load_id,
    :source,
    :entity,
    j._file,
    j._line,
    j._key,
    r.rule,
    r.action,
    r.reason,
    jsonb_strip_nulls(to_jsonb(j) - cast(:pipeline as text []))
    || case when j._unreadable is null then '{}' else jsonb_build_object('_unreadable', j._unreadable) end
    || case when j._shape_error is null then '{}' else jsonb_build_object('_shape_error', j._shape_error) end
    || coalesce((
        select jsonb_build_object('_fields', jsonb_object_agg(n.name, cast(:fields as jsonb) ->> n.name))
        from (
            select distinct regexp_replace(u.name, '\[[0-9]+\]', '') as name
            from (
                select jsonb_object_keys(j._unreadable) as name
                union all
                select unnest(string_to_array(j._shape_error, ','))
            ) as u
        ) as n
        where jsonb_exists(cast(:fields as jsonb), n.name)
        having count(*) > 0
    ), '{}') as record,
    j._first_seen_at
from failing as f
inner join judged_row as j on f._row = j._row
inner join unnest(cast(:rules as text []), cast(:actions as text []), cast(:reasons as text [])) as r (rule, action, reason)
    on f.rule = r.rule
order by j._row, r.rule
