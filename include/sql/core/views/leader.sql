-- grain: one row for each post of a leader in the newest list of a source
-- source: core.leader_list, core.leader_list_item
-- traps: only the newest list; for the leaders on a day use core.leader_in_post

create or replace view core.leader as
with newest as (
    select
        l.source_code,
        l.list_hash,
        row_number() over (partition by l.source_code order by l.fetched_at desc) as rank
    from core.leader_list as l
)

select
    n.source_code,
    i.person_code,
    i.unit_code,
    i.post_name,
    i.leader_level_code,
    i.from_date,
    i.to_date,
    i.has_signature
from newest as n
inner join core.leader_list_item as i on n.list_hash = i.list_hash
where n.rank = 1 and i._failed_rules is null;
comment on view core.leader is 'One row a post of a leader in the newest list | Mỗi chức vụ lãnh đạo trong danh sách mới nhất một dòng';
comment on column core.leader.source_code is 'Source, as its profile is named | Nguồn dữ liệu, theo tên hồ sơ cấu hình';
comment on column core.leader.person_code is 'Code of the person (NguoiId) | Mã người';
comment on column core.leader.unit_code is 'Unit (MaDonVi) | Đơn vị';
comment on column core.leader.post_name is 'Post (ChucVu) | Chức vụ';
comment on column core.leader.leader_level_code is 'Level of the leader (CapLanhDao): cap_huyen district, cap_phong office, cap_xa commune | Cấp lãnh đạo: huyện, phòng, xã';
comment on column core.leader.from_date is 'First day (TuNgay) | Từ ngày';
comment on column core.leader.to_date is 'Last day (DenNgay), inclusive | Đến ngày, tính cả ngày đó';
comment on column core.leader.has_signature is 'Whether a digital signature was issued (DaCapChuKySo) | Đã cấp chữ ký số';
