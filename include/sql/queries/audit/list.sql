-- grain: one row for each act of a category (null: of all) since a moment (null: ever), the newest first
-- source: ops.audit

select
    happened_at,
    category,
    action,
    subject,
    by_whom,
    database_login
from ops.audit
where
    (cast(:category as text) is null or category = :category)
    and (cast(:since as timestamptz) is null or happened_at >= :since)
    and (cast(:by_whom as text) is null or by_whom = :by_whom)
order by audit_id desc
limit cast(:most as bigint)
