-- grain: one row of a period and account: what was shown takes the place of what was shown before
-- source: cchc.publication.shown

insert into ops.close_shown (period_kind, period_start, by_account, shown_at, value_count, keys_hash, content_hash)
values (:period_kind, :period_start, :by_account, :shown_at, :value_count, :keys_hash, :content_hash)
on conflict (period_kind, period_start, by_account) do update
set
    shown_at = excluded.shown_at,
    value_count = excluded.value_count,
    keys_hash = excluded.keys_hash,
    content_hash = excluded.content_hash
