-- grain: one row for each hole in what was asked for, and one row for each month of which dossiers are missing
-- source: ops.coverage_hole, ops.missing_key, core.dossier_key
-- traps: a hole concerns every period that ends after it begins; a month of missing dossiers every period that contains it

create or replace view mart.source_gap as
with hole as (
    select
        h.source_code,
        'hole' as gap_kind,
        string_agg(h.entity, ', ' order by h.entity) as entities,
        h.from_at,
        h.to_at
    from ops.coverage_hole as h
    group by h.source_code, h.from_at, h.to_at
),

lacking as (
    select
        m.source_code,
        m.month_start,
        count(*) as missing_count,
        min(m.first_seen_at) as since_at
    from ops.missing_key as m
    group by m.source_code, m.month_start
),

listed as (
    select
        k.source_code,
        k.month_start,
        count(*) as listed_count
    from core.dossier_key as k
    inner join lacking as l on k.source_code = l.source_code and k.month_start = l.month_start
    where k._ended_at is null and k.deleted_at is null
    group by k.source_code, k.month_start
)

select
    h.source_code,
    h.gap_kind,
    h.entities,
    h.from_at,
    h.to_at,
    cast(null as date) as month_start,
    cast(null as bigint) as listed_count,
    cast(null as bigint) as missing_count,
    cast(null as timestamptz) as since_at
from hole as h
union all
select
    l.source_code,
    'missing_dossiers' as gap_kind,
    'dossiers' as entities,
    cast(null as timestamptz) as from_at,
    cast(null as timestamptz) as to_at,
    l.month_start,
    k.listed_count,
    l.missing_count,
    l.since_at
from lacking as l
left join listed as k on l.source_code = k.source_code and l.month_start = k.month_start;
comment on view mart.source_gap is 'One row a gap in what is known of a source: what was never asked for, or is listed by the source and not stored. Empty = nothing is missing. | Mỗi khoảng trống số liệu của một nguồn một dòng; rỗng là không thiếu.';
comment on column mart.source_gap.source_code is 'Source | Nguồn';
comment on column mart.source_gap.gap_kind is 'hole: changes of a stretch of time were never asked for; missing_dossiers: the source lists more than is stored | Loại: chưa trích xuất, hoặc thiếu hồ sơ';
comment on column mart.source_gap.entities is 'Entities of the source | Loại bản ghi';
comment on column mart.source_gap.from_at is 'Of a hole: where it begins (inclusive); null = everything before its end | Từ thời điểm';
comment on column mart.source_gap.to_at is 'Of a hole: where it ends (exclusive) | Đến thời điểm';
comment on column mart.source_gap.month_start is 'Of missing dossiers: first day of their month of reception | Tháng tiếp nhận';
comment on column mart.source_gap.listed_count is 'Dossiers that the source lists in that month | Số hồ sơ nguồn có';
comment on column mart.source_gap.missing_count is 'Of these not stored | Số hồ sơ kho thiếu';
comment on column mart.source_gap.since_at is 'T of the first extract that missed them | Phát hiện từ lần trích xuất';
