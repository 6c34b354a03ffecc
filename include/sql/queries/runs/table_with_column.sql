-- grain: one row for each table of core that keeps rows of sources, or items of their lists, and has the column
-- source: information_schema

select t.table_name
from information_schema.columns as c
inner join information_schema.tables as t on c.table_schema = t.table_schema and c.table_name = t.table_name
where
    c.table_schema = 'core'
    and t.table_type = 'BASE TABLE'
    and c.column_name = cast(:column_name as text)
    and exists (
        select 1
        from information_schema.columns as s
        where s.table_schema = 'core' and s.table_name = t.table_name and s.column_name in ('source_code', 'list_hash')
    )
order by t.table_name
