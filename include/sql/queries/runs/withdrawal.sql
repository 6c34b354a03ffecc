-- grain: one withdrawal, with its loads, whose entries in quarantine nobody has to mend any more; returns its id
-- source: bind values

with added as (
    insert into ops.withdrawal (source_code, reason, by_whom, withdrawn_at, is_reload)
    values (:source, :reason, :who, :now, :is_reload)
    returning withdrawal_id
),

ended as (
    update ops.load set status = 'withdrawn' where load_id = any(cast(:load_ids as bigint []))
    returning load_id
),

named as (
    insert into ops.withdrawn_load (load_id, withdrawal_id)
    select
        e.load_id,
        a.withdrawal_id
    from ended as e
    cross join added as a
),

resolved as (
    update ops.quarantine set resolved_at = :now where load_id = any(cast(:load_ids as bigint [])) and resolved_at is null
)

select withdrawal_id
from added
