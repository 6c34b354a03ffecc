-- grain: one statement a change; comments that the first migrations left out
-- source: tests/sql/test_catalogue.py reads the catalogue and names what has none
-- traps: a view has no comments of its columns' tables; mart speaks English | Vietnamese

comment on schema mart is 'What people read: indicators, scorecards, dossiers without personal data. Stable names. | Dữ liệu cho người đọc: chỉ tiêu, bảng điểm, hồ sơ không có dữ liệu cá nhân.';

comment on column mart.dossier.dossier_id is 'Number of the dossier | Số nội bộ của hồ sơ';
comment on column mart.dossier.source_code is 'Source | Nguồn dữ liệu';
comment on column mart.dossier_open.source_code is 'Source | Nguồn dữ liệu';
comment on column mart.dossier_open.dossier_id is 'Number of the dossier | Số nội bộ của hồ sơ';

comment on view core.assessment is 'One row an assessment: its newest version, where that passes the checks';

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

comment on column core.leader.source_code is 'Source, as its profile is named';
comment on column core.leader.person_code is 'NguoiId';
comment on column core.leader.unit_code is 'MaDonVi';
comment on column core.leader.post_name is 'ChucVu';
comment on column core.leader.leader_level_code is 'CapLanhDao: cap_huyen, cap_phong, cap_xa';
comment on column core.leader.from_date is 'TuNgay';
comment on column core.leader.to_date is 'DenNgay, inclusive';
comment on column core.leader.has_signature is 'DaCapChuKySo';
