-- grain: one row for each dossier that no indicator counts, with the reason
-- source: mart.dossier, core.own_unit
-- traps: mart.dossier decides what is counted and gives the reason; this view only selects. A login of a unit sees the rows of
--        its unit alone (docs/guides/roles.md)

create or replace view mart.left_out with (security_barrier) as
select
    d.source_code,
    d.dossier_code,
    d.unit_code,
    d.received_date,
    d.left_out_reason,
    d.left_out_rules,
    d.deleted_at
from mart.dossier as d
where
    not d.is_counted
    and case when (select core.own_unit()) is null then true else d.unit_code = (select core.own_unit()) end;
comment on view mart.left_out is 'One row a dossier that no indicator counts, with the reason | Hồ sơ không được tính vào chỉ tiêu và lý do';
comment on column mart.left_out.source_code is 'Source | Nguồn';
comment on column mart.left_out.dossier_code is 'MaHoSo | Mã hồ sơ';
comment on column mart.left_out.unit_code is 'Handling unit | Đơn vị xử lý';
comment on column mart.left_out.received_date is 'Received | Ngày tiếp nhận';
comment on column mart.left_out.left_out_reason is 'deleted, critical, not_received, duplicate_source | Lý do';
comment on column mart.left_out.left_out_rules is 'Critical rules broken | Quy tắc vi phạm';
comment on column mart.left_out.deleted_at is 'When deleted | Thời điểm xóa';
