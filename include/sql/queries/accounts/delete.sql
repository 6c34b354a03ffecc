-- grain: one row: an account that is removed
-- source: bind values

delete from ops.account
where kind = :kind and user_name = :user
