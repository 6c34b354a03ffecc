-- grain: one new table: the bundle of each edition
-- source: cchc.bundle
-- traps: rows are never updated or deleted. Editions of before this migration have no bundle; the chain begins with the first one after it

create table mart.publication_bundle (
    publication_id bigint not null,
    position integer not null,
    content_sha256 text not null,
    manifest_sha256 text not null,
    path text not null,
    constraint publication_bundle_pk primary key (publication_id),
    constraint publication_bundle_fk foreign key (publication_id) references mart.publication (publication_id),
    constraint publication_bundle_position_uq unique (position)
);
comment on table mart.publication_bundle is 'One row an edition that was frozen with its bundle (docs/guides/bundles.md). | Mỗi lần công bố có gói dữ liệu tự chứng minh một dòng.';
comment on column mart.publication_bundle.publication_id is 'Publication | Lần công bố';
comment on column mart.publication_bundle.position is 'Place in the chain of all editions: 1 = the first; each bundle names the one before it | Thứ tự trong chuỗi các lần công bố';
comment on column mart.publication_bundle.content_sha256 is 'Hash of the figures, rows, definitions and queries; the papers print its first digits | Mã băm của số liệu, in trên văn bản';
comment on column mart.publication_bundle.manifest_sha256 is 'Hash of the whole bundle with its papers; the next edition names it | Mã băm của cả gói';
comment on column mart.publication_bundle.path is 'Folder of the edition, below CCHC_HOME | Thư mục của lần công bố';
