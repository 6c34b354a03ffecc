-- grain: one row: the hash of the units for which items count, of the levels in which they count, and of the rules of open dossiers
-- source: core.unit_scope, core.unit_at, core.source, ops.open_dossier_rule

select
    md5(
        concat_ws(
            '#',
            (
                select
                    string_agg(
                        concat_ws('|', s.unit_code, s.from_date, s.to_date, s.scope_code, s.root_code), ';' order by s.unit_code, s.from_date
                    )
                from core.unit_scope(cast(:last_day as date)) as s
            ),
            (
                select string_agg(concat_ws('|', u.unit_code, u.level, u.root_code), ';' order by u.unit_code)
                from core.unit_at(cast(:last_day as date)) as u
            ),
            (select string_agg(ops.open_dossier_rule(c.zone), ';' order by c.source_code) from core.source as c)
        )
    ) as units
