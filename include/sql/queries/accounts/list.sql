-- grain: one row for each account of a kind, with whether PostgreSQL has its login
-- source: ops.account, PostgreSQL's catalogue, core.unit

select
    a.user_name,
    a.role,
    a.unit_code,
    u.name as unit_name,
    a.added_at,
    a.added_by,
    exists (select 1 from pg_roles as r where r.rolname = a.user_name and r.rolcanlogin) as has_login
from ops.account as a
left join core.unit as u on a.unit_code = u.unit_code
where a.kind = :kind
order by a.user_name
