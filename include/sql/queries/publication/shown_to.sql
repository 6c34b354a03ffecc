-- grain: one row or none: what an account was shown of a period since the newest edition of the period
-- source: ops.close_shown, mart.publication
-- traps: what was shown before an edition says nothing of the next one

select
    s.shown_at,
    s.value_count,
    s.keys_hash,
    s.content_hash
from ops.close_shown as s
where
    s.period_kind = cast(:period_kind as text)
    and s.period_start = cast(:period_start as date)
    and s.by_account = cast(:by_account as text)
    and not exists (
        select 1
        from mart.publication as p
        where p.period_kind = s.period_kind and p.period_start = s.period_start and p.published_at >= s.shown_at
    )
