-- grain: one row for each source, entity, field and change (for a kind or code, each of them), with the month in which it first came
-- source: ops.load_field, ops.load, core.authority
-- traps: a first delivery changes nothing, so nothing of the first load of an entity is told, but for fields that the contract of the
--        profile lacks (known_fields); a field counts as new where no column used it when it first came; the kinds and codes of a field are compared among the loads in which they were counted; a field is gone in a
--        month where its loads had 20 records or more and none of them had it, although earlier ones had

create or replace view ops.drift as
with delivered as (
    select
        l.source_code,
        l.entity,
        l.load_id,
        cast(date_trunc('month', l.window_to at time zone (select a.zone from core.authority as a)) as date) as month,
        l.profile_version,
        l.contract_version,
        f.in_contract,
        f.field,
        f.column_name,
        f.record_count,
        case when l.file_name ~* '\.(csv|xlsx?|ods|parquet)(\.gz)?$' then coalesce(f.filled_count, f.present_count) else f.present_count end
            as shown_count,
        f.present_count,
        f.kinds,
        f.unknown_codes,
        min(l.load_id) over (partition by l.source_code, l.entity) as first_load,
        min(l.load_id) filter (where f.kinds <> '{}') over (partition by l.source_code, l.entity, f.field) as first_counted,
        min(l.load_id) filter (where jsonb_exists_any(f.kinds, array['time with an offset', 'time without an offset']))
            over (partition by l.source_code, l.entity, f.field)
            as first_timed
    from ops.load_field as f
    inner join ops.load as l on f.load_id = l.load_id
    where l.status = 'loaded' and f.record_count > 0
),

shown as (
    select
        d.source_code, d.entity, d.load_id, d.month, d.profile_version, d.contract_version, d.in_contract, d.field, d.column_name, d.record_count, d.first_load,
        'new' as change, '' as word, d.present_count as number
    from delivered as d
    where d.present_count > 0
    union all
    select
        d.source_code, d.entity, d.load_id, d.month, d.profile_version, d.contract_version, d.in_contract, d.field, d.column_name, d.record_count,
        case when k.key like 'time %' then d.first_timed else d.first_counted end as first_load,
        'kind' as change, k.key as word, cast(k.value as bigint) as number
    from delivered as d
    cross join lateral jsonb_each_text(d.kinds) as k (key, value)
    union all
    select
        d.source_code, d.entity, d.load_id, d.month, d.profile_version, d.contract_version, d.in_contract, d.field, d.column_name, d.record_count, d.first_counted as first_load,
        'code' as change, c.key as word, cast(c.value as bigint) as number
    from delivered as d
    cross join lateral jsonb_each_text(d.unknown_codes) as c (key, value)
),

came as (
    select distinct on (s.source_code, s.entity, s.field, s.change, s.word)
        s.source_code, s.entity, s.load_id, s.month, s.profile_version, s.contract_version, s.in_contract, s.field, s.column_name, s.record_count, s.first_load, s.change, s.word,
        s.number
    from shown as s
    order by s.source_code, s.entity, s.field, s.change, s.word, s.load_id
),

by_month as (
    select
        d.source_code,
        d.entity,
        d.month,
        d.field,
        max(d.column_name) as column_name,
        max(d.profile_version) as profile_version,
        max(d.contract_version) as contract_version,
        sum(d.record_count) as records,
        sum(d.shown_count) as shown,
        min(d.load_id) as load_id
    from delivered as d
    where d.column_name is not null
    group by d.source_code, d.entity, d.month, d.field
),

lacking as (
    select
        l.source_code,
        l.entity,
        cast(date_trunc('month', l.window_to at time zone (select a.zone from core.authority as a)) as date) as month,
        f.field,
        l.load_id,
        l.profile_version,
        l.contract_version
    from ops.load as l
    cross join lateral jsonb_array_elements_text(
        case when jsonb_typeof(l.manifest -> 'lacks') = 'array' then l.manifest -> 'lacks' else '[]' end
    ) as f (field)
    where l.status = 'blocked'
)

select
    c.source_code,
    c.entity,
    c.month,
    c.field,
    c.column_name,
    c.change,
    nullif(c.word, '') as word,
    c.record_count,
    c.number as changed_count,
    c.load_id,
    c.profile_version,
    c.contract_version
from came as c
where
    (c.load_id > c.first_load and (c.change <> 'new' or (c.column_name is null and c.in_contract is not true)))
    or (c.change = 'new' and c.in_contract is false)
union all
select
    m.source_code,
    m.entity,
    m.month,
    m.field,
    m.column_name,
    'gone' as change,
    null as word,
    cast(m.records as bigint) as record_count,
    cast(m.records as bigint) as changed_count,
    m.load_id,
    m.profile_version,
    m.contract_version
from by_month as m
where
    m.shown = 0 and m.records >= 20
    and exists (
        select 1 from by_month as b
        where b.source_code = m.source_code and b.entity = m.entity and b.field = m.field and b.month < m.month and b.shown > 0
    )
union all
select
    l.source_code,
    l.entity,
    l.month,
    l.field,
    null as column_name,
    'blocked' as change,
    null as word,
    null as record_count,
    count(*) as changed_count,
    min(l.load_id) as load_id,
    max(l.profile_version) as profile_version,
    max(l.contract_version) as contract_version
from lacking as l
group by l.source_code, l.entity, l.month, l.field;
comment on view ops.drift is 'One row a source, entity, field and change of what is delivered, with the month in which it first came: what no contract said';
comment on column ops.drift.source_code is 'Source';
comment on column ops.drift.entity is 'Entity of the source';
comment on column ops.drift.month is 'First day of the month of T, in Vietnam''s time, in which it first came; of a field that is gone or blocked each month in which it was';
comment on column ops.drift.field is 'Field as delivered; list.field for the objects of a list';
comment on column ops.drift.column_name is 'Columns of the model that it fills; null: none, or the load was blocked';
comment on column ops.drift.change is 'new: a field that no column uses; gone: a field that no record of the month has; kind: its values came as another kind than before; code: a word that the list of codes does not have; blocked: loads were blocked because they lack it';
comment on column ops.drift.word is 'The kind (text, number, truth, list, object; of times also with or without an offset) or the word; null for other changes';
comment on column ops.drift.record_count is 'Records of the load that first had it, or of the month; null where loads were blocked';
comment on column ops.drift.changed_count is 'Those that have it (new, kind, code) or lack it (gone); the number of loads that were blocked';
comment on column ops.drift.load_id is 'Load that first had it, or the first one of the month';
comment on column ops.drift.profile_version is 'Version of the profile under which that load was read (ops.load.profile_version): by it the field or word is unknown';
comment on column ops.drift.contract_version is 'Version of the contract that the profile named for that load (ops.load.contract_version); null: none';
