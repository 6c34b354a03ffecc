-- grain: one row for each version of a procedure at a unit, as known now (effective-dated)
-- source: core.procedure_at at T of each source
-- traps: for another moment use core.procedure_at

create or replace view core.procedure as
select
    clock.source_code,
    p.*
from ops.source_clock as clock
cross join lateral core.procedure_at(clock.source_code, clock.known_at, clock.known_at) as p;
comment on view core.procedure is 'One row a version of a procedure at a unit, as known now (effective-dated)';
comment on column core.procedure.source_code is 'Source, as its profile is named';
comment on column core.procedure.procedure_code is 'First d.dddddd of MaTTHC';
comment on column core.procedure.unit_code is 'MaDonVi: unit it applies to';
comment on column core.procedure.valid_from is 'HieuLucTu';
comment on column core.procedure.valid_to is 'Last day: HieuLucDen, or the day before the first list without it; null = open';
comment on column core.procedure.listed_valid_to is 'HieuLucDen as the newest list that has it says, inclusive';
comment on column core.procedure.status_code is 'TrangThai: cong_khai, bai_bo';
comment on column core.procedure.decision_date is 'NgayQuyetDinhCongBo';
comment on column core.procedure.published_date is 'NgayCongKhai';
comment on column core.procedure.procedure_name is 'TenTTHC';
comment on column core.procedure.field_code is 'MaLinhVuc';
comment on column core.procedure.service_level is 'MucDo 2, 3, 4';
comment on column core.procedure.is_online_eligible is 'DuDieuKienTrucTuyen';
comment on column core.procedure.has_fee is 'CoPhiLePhi';
comment on column core.procedure.has_online_payment is 'ThanhToanTrucTuyen';
comment on column core.procedure.yields_document is 'CoKetQuaGiayTo';
comment on column core.procedure.is_certification is 'LaChungThuc';
comment on column core.procedure.has_sample_dossier is 'CoHoSoMau';
comment on column core.procedure.is_synced_to_portal is 'DaDongBoCongTinh';
