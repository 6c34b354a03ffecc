-- grain: one row: whether PostgreSQL has a role of that name
-- source: PostgreSQL's catalogue

select exists (select 1 from pg_roles as r where r.rolname = :user)
