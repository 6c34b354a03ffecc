-- grain: none: what mart.dossier.left_out_reason can say since a role may have several sources
-- source: mart.dossier
-- traps: none

comment on column mart.dossier.left_out_reason is 'Why not: deleted, critical (rules), not_received, duplicate_source (its key stands in another source, too, and counts there) | Lý do không tính';
