-- grain: one row for each dossier code behind a changed item, with what was learnt about it since the publication
-- source: changed_item (temporary), mart.publication_item (the dossiers frozen as deleted or left out), mart.dossier,
--        core.dossier_version, core.dossier_step_version
-- traps: the known_at of the publication is that of the item's own source, and -infinity if the publication had none. A publication from
--        before migration 0021 did not freeze which dossiers were deleted or left out, so none of them is reported as restored. If two
--        sources have the code, the record that counts decides, else the one that is no duplicate. The code is late if every record of
--        it is late, and changed if one of them is

create temp table dossier_learnt on commit drop as
with listed as (
    select l.*
    from jsonb_to_recordset(cast(:listed as jsonb)) as l (code text, record text, source text)
),

-- the dossiers themselves, and those by which a unit certifies; the published count of certified copies names those of the publication
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
        row_number() over (
            partition by d.dossier_code
            order by d.is_counted desc, d.left_out_reason is not distinct from 'duplicate_source' asc, d._changed_at desc, d.source_code asc
        ) as place,
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
),

told as (
    select
        s.dossier_id,
        s.dossier_code,
        s.place,
        s.is_deleted and not s.was_deleted as is_deleted,
        s.was_deleted and not s.is_deleted as is_restored,
        not s.is_deleted and (s.was_left_out = s.is_counted) as is_left_out,
        coalesce(d.is_late, false) as is_late,
        coalesce(d.is_changed, false) or coalesce(t.is_changed, false) as is_changed
    from standing as s
    left join delivered as d on s.dossier_id = d.dossier_id
    left join stepped as t on s.dossier_id = t.dossier_id
),

of_code as (
    select
        t.dossier_code,
        bool_and(t.is_late) as is_late,
        bool_or(t.is_changed) as is_changed
    from told as t
    group by t.dossier_code
)

select
    t.dossier_id,
    t.dossier_code,
    t.is_deleted,
    t.is_restored,
    t.is_left_out,
    c.is_late,
    c.is_changed
from told as t
inner join of_code as c on t.dossier_code = c.dossier_code
where t.place = 1
