-- grain: one row for each day of a source on which no period ends any more: its open dossiers are deleted
-- source: mart.dossier_open, ops.open_dossier_day
-- traps: a running period ends at known_at, often on a day on which no complete period ends (`running`). When known_at moves, that day is
--        obsolete

with obsolete as (
    delete from ops.open_dossier_day as y
    where
        y.source_code = cast(:source as text)
        and y.as_of_date <> cast(:running as date)
        and y.as_of_date <> all(cast(:ends as date []))
)

delete from mart.dossier_open as o
where
    o.source_code = cast(:source as text)
    and o.as_of_date <> cast(:running as date)
    and o.as_of_date <> all(cast(:ends as date []))
