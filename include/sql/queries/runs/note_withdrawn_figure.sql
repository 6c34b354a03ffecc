-- grain: one row of ops.load for each declared workbook that lacks figures of the one before it of the same unit and month; it is noted there
-- source: declared_file_delivered (temporary: the files of one extract), core.declared_file, core.declared_figure_version, ops.load
-- traps: a newer workbook replaces the one before as a whole, so a row that was emptied takes its figure back

update ops.load as l
set
    manifest = coalesce(l.manifest, cast('{}' as jsonb))
    || jsonb_build_object('withdrawn_figures', jsonb_build_object('gone', g.gone, 'before', g.before, 'example', g.example))
from (
    select
        f._load_id,
        count(*) filter (where n.indicator_code is null) as gone,
        count(*) as before,
        min(o.indicator_code) filter (where n.indicator_code is null) as example
    from declared_file_delivered as f
    cross join lateral (
        select e.*
        from core.declared_file as e
        where
            e.source_code = f.source_code and e.unit_code = f.unit_code and e.month_start = f.month_start
            and (e.file_revision, e._first_seen_at) < (f.file_revision, f._first_seen_at)
        order by e.file_revision desc, e._first_seen_at desc
        limit 1
    ) as p
    inner join core.declared_figure_version as o
        on
            p.source_code = o.source_code and p.unit_code = o.unit_code and p.month_start = o.month_start
            and p.file_revision = o.file_revision and p._first_seen_at = o._first_seen_at
    left join core.declared_figure_version as n
        on
            f.source_code = n.source_code and f.unit_code = n.unit_code and f.month_start = n.month_start
            and f.file_revision = n.file_revision and f._first_seen_at = n._first_seen_at and o.indicator_code = n.indicator_code
    group by f._load_id
) as g
where l.load_id = g._load_id and g.gone > 0
