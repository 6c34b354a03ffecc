-- grain: one row for each dossier that counts otherwise because of a withdrawal after a publication: who withdrew, and why (the newest)
-- source: ops.withdrawal, ops.withdrawn_row, ops.withdrawn_key, core.dossier_key, mart.dossier
-- traps: a dossier is concerned by its own version, by a step of it, and by a list of keys after which it counts as deleted or does not.
--        A dossier of which no version is left stands in mart.dossier no longer; its code, unit and day are then those that were withdrawn

create temp table withdrawn_dossier on commit drop as
with withdrawal as (
    select
        w.withdrawal_id,
        w.by_whom || ': ' || w.reason as detail
    from ops.withdrawal as w
    inner join mart.publication as p on p.publication_id = cast(:publication_id as bigint) and w.withdrawn_at > p.published_at
),

brought as (
    select
        w.withdrawal_id,
        w.detail,
        r.table_name,
        r.record,
        cast(r.record ->> 'dossier_id' as bigint) as dossier_id
    from withdrawal as w
    inner join ops.withdrawn_row as r on w.withdrawal_id = r.withdrawal_id
    inner join ops.withdrawn_load as l
        on w.withdrawal_id = l.withdrawal_id and l.load_id = cast(r.record ->> '_load_id' as bigint)
    where
        r.table_name in ('core.dossier_version', 'core.dossier_step_version')
        and cast(r.record ->> '_is_current' as boolean)
),

-- the dossiers that the lists of keys had before, and those that they have now
had as (
    select
        r.withdrawal_id,
        cast(r.record ->> 'dossier_id' as bigint) as dossier_id
    from withdrawal as w
    inner join ops.withdrawn_row as r on w.withdrawal_id = r.withdrawal_id and r.table_name = 'core.dossier_key'
    where r.record ->> '_ended_at' is null and r.record ->> 'deleted_at' is null
),

listed as (
    select
        w.withdrawal_id,
        w.detail,
        cast(k.key ->> 'dossier_id' as bigint) as dossier_id
    from withdrawal as w
    inner join ops.withdrawn_key as k on w.withdrawal_id = k.withdrawal_id and k.table_name = 'core.dossier_key'
),

concerned as (
    select
        b.withdrawal_id,
        b.detail,
        b.dossier_id
    from brought as b
    union
    select
        l.withdrawal_id,
        l.detail,
        l.dossier_id
    from listed as l
    left join had as h on l.withdrawal_id = h.withdrawal_id and l.dossier_id = h.dossier_id
    left join core.dossier_key as n on l.dossier_id = n.dossier_id and n._ended_at is null and n.deleted_at is null
    where (h.dossier_id is null) <> (n.dossier_id is null)
)

select distinct on (c.dossier_id)
    c.dossier_id,
    c.withdrawal_id,
    c.detail,
    coalesce(m.dossier_code, v.dossier_code) as dossier_code,
    coalesce(m.unit_code, v.unit_code) as unit_code,
    coalesce(m.received_date, cast(v.received_at at time zone cast(:zone as text) as date)) as received_date
from concerned as c
left join mart.dossier as m on c.dossier_id = m.dossier_id
left join brought as b
    on c.dossier_id = b.dossier_id and c.withdrawal_id = b.withdrawal_id and b.table_name = 'core.dossier_version'
left join lateral jsonb_populate_record(cast(null as core.dossier_version), b.record) as v on true
order by c.dossier_id asc, c.withdrawal_id desc
