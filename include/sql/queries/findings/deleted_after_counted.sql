-- grain: one row for each deleted dossier that an earlier extract had delivered as a good one, so that it was counted
-- source: mart.dossier, core.dossier_version, core.dossier_key, core.dossier_key_month
-- traps: a dossier that was deleted in its first delivery, or in the key list of its first extract, was never counted

with deleted as (
    select d.*
    from mart.dossier as d
    where d.left_out_reason = 'deleted' and d.received_at is not null
),

learnt as (
    select
        x.dossier_id,
        least(
            (select min(v._first_seen_at) from core.dossier_version as v where v.dossier_id = x.dossier_id and v.deleted_at is not null),
            (
                select min(k._first_seen_at)
                from core.dossier_key as k
                where k.dossier_id = x.dossier_id and k.deleted_at is not null and k._ended_at is null
            ),
            -- a dossier that is missing in the list of its month was deleted by the first list without it
            (
                select max(k._ended_at)
                from core.dossier_key as k
                where
                    k.dossier_id = x.dossier_id
                    and not exists (select 1 from core.dossier_key as n where n.dossier_id = k.dossier_id and n._ended_at is null)
            )
        ) as learnt_at
    from deleted as x
)

select
    d.source_code,
    d.unit_code,
    coalesce(d.finished_date, d.received_date) as month_day,
    d.dossier_code as item,
    d.dossier_code,
    cast(d.deleted_at at time zone (select a.zone from core.authority as a) as date) as event_date,
    jsonb_build_object('deleted_at', d.deleted_at, 'learnt_at', l.learnt_at, 'received_at', d.received_at) as detail
from deleted as d
inner join learnt as l on d.dossier_id = l.dossier_id
where
    exists (
        select 1
        from core.dossier_version as v
        where
            v.dossier_id = d.dossier_id
            and v.deleted_at is null
            and v.received_at is not null
            and v._failed_rules is null
            and v._first_seen_at < coalesce(l.learnt_at, cast('infinity' as timestamptz))
    )
