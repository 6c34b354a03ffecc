-- grain: one row: whether the login of this session loads the warehouse without being its owner, or a member of who is
-- source: PostgreSQL's catalogue
-- traps: false in a warehouse that `cchc init` has not made yet, and for a login that an administrator has given rights of its own

select exists (
    select 1
    from pg_namespace as n cross join pg_roles as r
    where n.nspname = 'ops' and r.rolname = 'cchc_loader' and pg_has_role(r.oid, 'usage') and not pg_has_role(n.nspowner, 'usage')
) as only_loads
