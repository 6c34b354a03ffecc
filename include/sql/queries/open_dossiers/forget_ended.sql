-- grain: one row for each day of a source on which no period ends any more: its open dossiers are deleted
-- source: mart.dossier_open, ops.open_dossier_day
-- traps: a running period ends at known_at, often on a day on which no complete period ends (`running`). When known_at moves, that day is
--        obsolete. The days are found one after the other by the key of mart.dossier_open, because it has thousands of rows for each

with recursive day as (
    (
        select o.as_of_date
        from mart.dossier_open as o
        where o.source_code = cast(:source as text)
        order by o.as_of_date
        limit 1
    )
    union all
    select n.as_of_date
    from day as d
    cross join lateral (
        select o.as_of_date
        from mart.dossier_open as o
        where o.source_code = cast(:source as text) and o.as_of_date > d.as_of_date
        order by o.as_of_date
        limit 1
    ) as n
),

obsolete as (
    delete from ops.open_dossier_day as y
    where
        y.source_code = cast(:source as text)
        and y.as_of_date <> cast(:running as date)
        and y.as_of_date <> all(cast(:ends as date []))
)

delete from mart.dossier_open as o
using day as d
where
    o.source_code = cast(:source as text)
    and o.as_of_date = d.as_of_date
    and d.as_of_date <> cast(:running as date)
    and d.as_of_date <> all(cast(:ends as date []))
