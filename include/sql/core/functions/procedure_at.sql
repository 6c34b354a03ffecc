-- grain: one row for each version of a procedure at a unit: existence and dates as known at `known` (T), flags as of `j` (J)
-- source: core.procedure_list, core.procedure_list_item
-- traps: procedures come as full lists. Keys, dates and status are those of the newest list known at T; flags and level of a key are
--        those of the newest list fetched at or before J, or of the oldest list that has the key if there is none. A key that a later
--        list lacks ends on the day before that list. With an earlier `known` the past is computed again

create or replace function core.procedure_at(source text, j timestamptz, known timestamptz)
returns table (
    procedure_code text,
    unit_code text,
    valid_from date,
    valid_to date,
    listed_valid_to date,
    status_code text,
    decision_date date,
    published_date date,
    procedure_name text,
    field_code text,
    service_level smallint,
    is_online_eligible boolean,
    has_fee boolean,
    has_online_payment boolean,
    yields_document boolean,
    is_certification boolean,
    has_sample_dossier boolean,
    is_synced_to_portal boolean
)
language sql stable
as $$
with fetched as (
    select
        l.list_hash,
        max(l.fetched_at) as last_at,
        min(l.fetched_at) as first_at,
        max(l.fetched_at) filter (where l.fetched_at <= j) as last_at_j
    from core.procedure_list as l
    where l.source_code = source and l.fetched_at <= known
    group by l.list_hash
),

-- PostgreSQL expects `is null` of almost no row of a common table expression, and then compares every dossier with every procedure
item as (
    select i.*, i._failed_rules is null as has_passed, f.last_at, f.first_at, f.last_at_j
    from fetched as f
    inner join core.procedure_list_item as i on i.list_hash = f.list_hash
),

newest as (
    select distinct on (item._key) item.*
    from item
    order by item._key asc, item.last_at desc
),

flagged as (
    select distinct on (item._key) item.*
    from item
    order by item._key asc, item.last_at_j desc nulls last, item.first_at asc
)

select
    n.procedure_code,
    n.unit_code,
    n.valid_from,
    least(
        n.valid_to,
        (
            select cast(min(l.fetched_at) at time zone (select a.zone from core.authority as a) as date) - 1
            from core.procedure_list as l
            where l.source_code = source and l.fetched_at <= known and l.fetched_at > n.last_at
        )
    ) as valid_to,
    n.valid_to as listed_valid_to,
    n.status_code,
    n.decision_date,
    n.published_date,
    n.procedure_name,
    n.field_code,
    f.service_level,
    f.is_online_eligible,
    f.has_fee,
    f.has_online_payment,
    f.yields_document,
    f.is_certification,
    f.has_sample_dossier,
    f.is_synced_to_portal
from newest as n
inner join flagged as f on f._key = n._key
where n.has_passed
$$;
comment on function core.procedure_at is 'Every version of a procedure at a unit: existence and dates as known at T, flags as of J';
