-- grain: one row for each note of an edition that is superseded or was published before `before`: removed
-- source: ops.edition_count, mart.publication
-- traps: an edition without notes is compared by all of its items (cchc.publication.changed_dossiers). An edition under another plan does
--        not supersede

delete from ops.edition_count as c
using mart.publication as p
where
    c.publication_id = p.publication_id
    and (
        p.published_at < cast(:before as timestamptz)
        or exists (
            select 1
            from mart.publication as n
            where
                n.plan_code = p.plan_code
                and n.period_kind = p.period_kind
                and n.period_start = p.period_start
                and n.edition > p.edition
        )
    )
