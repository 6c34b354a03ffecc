-- grain: one row for each open entry of ops.quarantine whose key was delivered again in a newer version that passes
-- source: passed_key (temporary, the keys of this load whose version in force breaks no rule, with its delivery), ops.quarantine
-- traps: newer is decided by known_at, then by load, so an old version that arrives late resolves nothing. An entry stays open while an
--        entry of its key that is newer than what passes is open (a warning of the same rule, or a row set aside). K4 and K7 depend on
--        the steps (mart/dossier_left_out resolves them). No version in core changes here. The rules that a stored version breaks were
--        written when it was loaded, and a retry judges all rows of its load again. Entries of a run beside this one that is not published
--        yet stay open: its rows would be stored as good ones otherwise. That run resolves them itself

with resolved as (
    update ops.quarantine as q
    set resolved_at = cast(:now as timestamptz)
    from passed_key as p
    where
        q.source_code = cast(:source as text)
        and q.entity = cast(:entity as text)
        and q.key = p.key
        and q.rule not in ('K4', 'K7')
        and q.resolved_at is null
        and (p.first_seen_at, p.load_id) > (q.first_seen_at, q.load_id)
        and not exists (
            select 1
            from ops.load as l
            inner join ops.extract as x on l.extract_id = x.extract_id
            where l.load_id = q.load_id and l.status = 'validated' and x.status in ('running', 'failed')
        )
        and not exists (
            select 1
            from ops.quarantine as n
            where
                n.source_code = q.source_code
                and n.entity = q.entity
                and n.key = q.key
                and (n.rule = q.rule or (n.action = 'quarantine' and n.rule not in ('K4', 'K7')))
                and n.resolved_at is null
                and (n.first_seen_at, n.load_id) > (q.first_seen_at, q.load_id)
                and (n.first_seen_at, n.load_id) >= (p.first_seen_at, p.load_id)
        )
    returning q.quarantine_id
)

select count(*) as resolved_count
from resolved
