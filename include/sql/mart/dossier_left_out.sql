-- grain: one row for each dossier and rule of ops.quarantine, for rules that depend on steps (K4, K7)
-- source: derived_dossier (temporary), ops.quarantine, ops.load
-- traps: a later step can correct the record, and a hidden step can break it: the open entries follow the current facts. A profile names
--        its entities as it likes, so an entry stands under the entity of the load that brought the dossier; no other model has these rules

with now_broken as (
    select
        d.dossier_id,
        d.dossier_code,
        d._load_id,
        r.rule
    from derived_dossier as d
    cross join lateral unnest(d.left_out_rules) as r (rule)
    where r.rule in ('K4', 'K7')
),

resolved as (
    update ops.quarantine as q
    set resolved_at = cast(:now as timestamptz)
    from derived_dossier as d
    where
        q.source_code = cast(:source as text)
        and q.key = d.dossier_code
        and q.rule in ('K4', 'K7')
        and q.resolved_at is null
        and not exists (select 1 from now_broken as b where b.dossier_id = d.dossier_id and b.rule = q.rule)
    returning q.quarantine_id
)

insert into ops.quarantine (load_id, source_code, entity, key, rule, action, reason, record, first_seen_at)
select
    cast(:load_id as bigint) as load_id,
    cast(:source as text) as source_code,
    coalesce(l.entity, 'dossiers') as entity,
    b.dossier_code,
    b.rule,
    'quarantine' as action,
    case b.rule
        when 'K4' then 'finished before received, by the steps known now · kết thúc trước khi tiếp nhận'
        else 'status says finished, and no field and no step tells when · trạng thái đã kết thúc nhưng không có thời điểm kết thúc'
    end as reason,
    jsonb_build_object('dossier_code', b.dossier_code) as record,
    cast(:known_at as timestamptz) as first_seen_at
from now_broken as b
left join ops.load as l on b._load_id = l.load_id
where not exists (
    select 1
    from ops.quarantine as q
    where
        q.source_code = cast(:source as text) and q.key = b.dossier_code
        and q.rule = b.rule and q.resolved_at is null
)
