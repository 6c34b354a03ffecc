-- grain: one row for each dossier behind a changed item: what became known about it since the publication
-- source: changed_item (temporary), mart.publication_item (what was frozen as deleted and as left out), mart.dossier,
--        core.dossier_version, core.dossier_step_version
-- traps: T of the publication is that of the item's own source, -infinity where it had none; a publication of before 0021 froze neither what was deleted then nor what
--        was left out then, so nothing in it can be reported as restored

create temp table dossier_learnt on commit drop as
with listed as (
    select l.*
    from jsonb_to_recordset(cast(:listed as jsonb)) as l (code text, record text, source text)
),

-- the dossiers themselves, and those by which a unit certifies: the published count of certified copies names those of then
asked as (
    select d.dossier_id
    from changed_item as c
    inner join listed as l on c.indicator_code = l.code and l.record = 'dossier'
    inner join mart.dossier as d on c.item = d.dossier_code and l.source = d.source_code
    union
    select d.dossier_id
    from changed_item as c
    inner join listed as l on c.indicator_code = l.code and l.record = 'certification'
    inner join core.unit_on_day as o on c.item = o.counted_code
    inner join mart.dossier as d
        on
            l.source = d.source_code
            and o.unit_code = d.unit_code
            and o.from_date <= d.received_date
            and o.to_date >= d.received_date
    where d.procedure_code in (select i.procedure_code from core.procedure_list_item as i where i.is_certification)
),

frozen as (
    select
        p.indicator_code,
        i.item
    from mart.publication_item as p
    cross join lateral unnest(p.numerator_items) as i (item)
    where
        p.publication_id = cast(:publication_id as bigint)
        and p.indicator_code in ('deleted_dossier', 'left_out_dossier')
),

standing as (
    select
        d.dossier_id,
        d.dossier_code,
        coalesce(cast(cast(:published_clocks as jsonb) ->> d.source_code as timestamptz), '-infinity') as published_at,
        d.is_counted,
        d.deleted_at is not null as is_deleted,
        exists (select 1 from frozen as f where f.indicator_code = 'deleted_dossier' and f.item = d.dossier_code) as was_deleted,
        exists (select 1 from frozen as f where f.indicator_code = 'left_out_dossier' and f.item = d.dossier_code) as was_left_out
    from asked as a
    inner join mart.dossier as d on a.dossier_id = d.dossier_id
),

delivered as (
    select
        s.dossier_id,
        min(v._first_seen_at) > max(s.published_at) as is_late,
        max(v._first_seen_at) > max(s.published_at) as is_changed
    from standing as s
    inner join core.dossier_version as v on s.dossier_id = v.dossier_id
    group by s.dossier_id
),

stepped as (
    select
        s.dossier_id,
        max(v._first_seen_at) > max(s.published_at) as is_changed
    from standing as s
    inner join core.dossier_step_version as v on s.dossier_id = v.dossier_id
    group by s.dossier_id
)

select
    s.dossier_id,
    s.dossier_code,
    s.is_deleted and not s.was_deleted as is_deleted,
    s.was_deleted and not s.is_deleted as is_restored,
    not s.is_deleted and (s.was_left_out = s.is_counted) as is_left_out,
    coalesce(d.is_late, false) as is_late,
    coalesce(d.is_changed, false) or coalesce(t.is_changed, false) as is_changed
from standing as s
left join delivered as d on s.dossier_id = d.dossier_id
left join stepped as t on s.dossier_id = t.dossier_id
