-- grain: one row for each changed dossier that no edition with notes asks for: removed
-- source: ops.changed_dossier, ops.edition_count, mart.publication
-- traps: an edition asks for what has changed since it was the newest one. Without any such edition the next one asks for what changes
--        after it

delete from ops.changed_dossier as c
where
    c.after_publication_id < coalesce(
        (select min(e.publication_id) from ops.edition_count as e),
        (select max(p.publication_id) + 1 from mart.publication as p)
    )
