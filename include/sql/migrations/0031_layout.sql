-- Which layout of include/reports the papers of an edition have: the next edition of the period keeps it, so that its papers differ from those
-- before in what was restated, and not in their form. Editions from before this migration were written with the only layout that there was.

alter table mart.publication add column layout text;
update mart.publication set layout = 'v2022-01-01';
comment on column mart.publication.layout is
'Folder of include/reports by which its papers were written; null = it has no papers. The next edition of the period keeps it | Mẫu trình bày của các báo cáo kèm theo';
