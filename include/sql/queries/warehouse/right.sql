-- grain: one row for each right on the named views and functions, of a column or (null) of all of it: the statement that gives it again
-- source: PostgreSQL's catalogue
-- traps: the owner is named where it is another one; everybody may call a function until that is taken back

with made as (
    select n.nspname || '.' || c.relname as name, format('%I.%I', n.nspname, c.relname) as quoted, 'table' as word, 'view' as kind,
        c.oid, c.relowner as owner, c.relacl as acl
    from pg_class as c inner join pg_namespace as n on c.relnamespace = n.oid
    where c.relkind = 'v' and n.nspname || '.' || c.relname = any(:names)
    union all
    select n.nspname || '.' || p.proname as name, format('%I.%I', n.nspname, p.proname) as quoted, 'function' as word, 'function' as kind,
        p.oid, p.proowner as owner, p.proacl as acl
    from pg_proc as p inner join pg_namespace as n on p.pronamespace = n.oid
    where n.nspname || '.' || p.proname = any(:names)
),

granted as (
    select m.name, cast(null as text) as column_name, m.word, m.quoted, m.owner, a.grantee, a.privilege_type as what, a.is_grantable
    from made as m cross join lateral aclexplode(m.acl) as a
    union all
    select m.name, c.attname as column_name, m.word, m.quoted, m.owner, a.grantee, format('%s (%I)', a.privilege_type, c.attname) as what,
        a.is_grantable
    from made as m
    inner join pg_attribute as c on m.kind = 'view' and m.oid = c.attrelid and c.attnum > 0 and not c.attisdropped
    cross join lateral aclexplode(c.attacl) as a
)

select m.name, null as column_name, format('alter %s %s owner to %I', m.kind, m.quoted, pg_get_userbyid(m.owner)) as statement, 1 as place
from made as m
where pg_get_userbyid(m.owner) <> current_user
union
-- everybody may call a function until that is taken back
select m.name, null as column_name, format('revoke all on function %s from public', m.quoted) as statement, 2 as place
from made as m
where m.kind = 'function' and m.acl is not null and not exists (select 1 from aclexplode(m.acl) as a where a.grantee = 0)
union
select
    g.name,
    g.column_name,
    format(
        'grant %s on %s %s to %s%s', g.what, g.word, g.quoted,
        case when g.grantee = 0 then 'public' else format('%I', pg_get_userbyid(g.grantee)) end,
        case when g.is_grantable then ' with grant option' else '' end
    ) as statement,
    3 as place
from granted as g
where g.grantee <> g.owner
order by 4, 1, 3
