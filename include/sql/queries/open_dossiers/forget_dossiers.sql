-- grain: one row for each of some dossiers and of some days on which it was open: it is deleted, since it is judged again
-- source: mart.dossier_open
-- traps: a trigger takes the days of deleted rows from ops.open_dossier_day. Materialized, so that each pair is one look into the key: PostgreSQL expects a hundred times as many rows of a list

with asked as materialized (
    select
        a.source_code,
        a.as_of_date,
        c.dossier_id
    from jsonb_to_recordset(cast(:days as jsonb)) as a (source_code text, as_of_date date)
    cross join unnest(cast(:dossiers as bigint [])) as c (dossier_id)
)

delete from mart.dossier_open as o
using asked as a
where o.source_code = a.source_code and o.as_of_date = a.as_of_date and o.dossier_id = a.dossier_id
