-- grain: one row for each role, tree of units and source that fills it there: T of the source
-- source: core.source_role, core.source_tree, core.authority, ops.source_clock
-- traps: a source without any record yet belongs to the authority's own tree; known_at is null if it was never extracted

create or replace view core.role_clock as
select
    r.role,
    coalesce(t.root_code, a.root_code) as root_code,
    r.source_code,
    c.known_at
from core.source_role as r
cross join core.authority as a
left join core.source_tree as t on r.source_code = t.source_code
left join ops.source_clock as c on r.source_code = c.source_code;
comment on view core.role_clock is 'One row a role, tree of units and source that fills it there: a value over several sources has as its T the earliest of theirs, and each is judged at its own | Mỗi vai trò, cây đơn vị và nguồn một dòng; số từ nhiều nguồn lấy mốc T sớm nhất';
comment on column core.role_clock.role is 'Role: dossiers, documents, payments, feedback, survey, declared | Vai trò: hồ sơ, văn bản, thanh toán, phản ánh, khảo sát, tự khai';
comment on column core.role_clock.root_code is 'Root of the tree of units | Đơn vị gốc của cây';
comment on column core.role_clock.source_code is 'Source | Nguồn dữ liệu';
comment on column core.role_clock.known_at is 'T of the source; null = none yet | Mốc T của nguồn; trống = chưa có';
