-- grain: one statement a change: a login of a unit (role cchc_unit, ops.account) sees the dossiers of its unit alone
-- source: ops.account, docs/guides/roles.md
-- traps: the owner of a table and administrators see all its rows, so views, which read with the rights of their owner, filter for
--        themselves: they have `security_barrier` and the same condition as the policies here. The policies use the function, so it stays
--        in a migration: it cannot be dropped and made again. Who is asked is the login of the session, so `set role` changes nothing. The
--        condition is a `case`, because PostgreSQL takes `… is null or …` for one that few rows pass, and plans nested loops for it

create function core.own_unit() returns text
language sql stable security definer
set search_path = pg_catalog, pg_temp
as $$
select coalesce((select a.unit_code from ops.account as a where a.kind = 'warehouse' and a.user_name = session_user), '')
from pg_catalog.pg_roles as login
inner join pg_catalog.pg_roles as confined on confined.rolname = 'cchc_unit'
where login.rolname = session_user and not login.rolsuper and pg_has_role(login.oid, confined.oid, 'usage')
$$;
comment on function core.own_unit is 'Unit whose dossiers alone the login of this session may see; null = not confined to a unit; empty = a login of a unit that ops.account does not know, which sees nothing | Đơn vị mà tài khoản đang dùng chỉ được xem hồ sơ; trống là không giới hạn';

alter table mart.dossier enable row level security;
create policy own_unit on mart.dossier
using (case when (select core.own_unit()) is null then true else unit_code = (select core.own_unit()) end);

alter table mart.dossier_open enable row level security;
create policy own_unit on mart.dossier_open
using (case when (select core.own_unit()) is null then true else unit_code = (select core.own_unit()) end);

alter table mart.publication_item enable row level security;
create policy own_unit on mart.publication_item
using (case when (select core.own_unit()) is null then true else unit_code = (select core.own_unit()) end);

alter table mart.restatement_item enable row level security;
create policy own_unit on mart.restatement_item
using (case when (select core.own_unit()) is null then true else unit_code = (select core.own_unit()) end);
