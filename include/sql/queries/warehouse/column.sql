-- grain: one row for each column of a relation, with its type and its comment
-- source: PostgreSQL's catalogue

select
    a.attname as name,
    format_type(a.atttypid, a.atttypmod) as type,
    a.attnotnull as is_required,
    col_description(a.attrelid, a.attnum) as words
from pg_attribute as a
where a.attrelid = :oid and a.attnum > 0 and not a.attisdropped
order by a.attnum
