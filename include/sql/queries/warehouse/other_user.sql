-- grain: one row for each thing outside the named views and functions that stands on one of them: a view, an index, a default …
-- source: PostgreSQL's catalogue

with target as (
    select cast('pg_class' as regclass) as class_id, c.oid, n.nspname || '.' || c.relname as made
    from pg_class as c inner join pg_namespace as n on c.relnamespace = n.oid
    where c.relkind = 'v' and n.nspname || '.' || c.relname = any(:names)
    union all
    select cast('pg_type' as regclass) as class_id, c.reltype as oid, n.nspname || '.' || c.relname as made
    from pg_class as c inner join pg_namespace as n on c.relnamespace = n.oid
    where c.relkind = 'v' and n.nspname || '.' || c.relname = any(:names)
    union all
    select cast('pg_proc' as regclass) as class_id, p.oid, n.nspname || '.' || p.proname as made
    from pg_proc as p inner join pg_namespace as n on p.pronamespace = n.oid
    where n.nspname || '.' || p.proname = any(:names)
)

select distinct
    case
        when r.oid is null then pg_describe_object(d.classid, d.objid, d.objsubid)
        else 'the view ' || cast(cast(r.ev_class as regclass) as text)
    end as other,
    t.made
from pg_depend as d
inner join target as t on d.refclassid = t.class_id and d.refobjid = t.oid
left join pg_rewrite as r on d.classid = cast('pg_rewrite' as regclass) and d.objid = r.oid
where
    d.deptype = 'n'
    and not exists (select 1 from target as x where x.class_id = d.classid and x.oid = d.objid)
    and not exists (select 1 from target as x where x.class_id = cast('pg_class' as regclass) and x.oid = r.ev_class)
order by 1, 2
