-- grain: one row for each document of the document management system, in force
-- source: core.document, core.unit, mart.code_label, core.own_unit
-- traps: the text of a document and secret documents are not in the warehouse. A login of a unit sees the documents that its unit handles
--        or has issued (docs/guides/roles.md)

create or replace view mart.document with (security_barrier) as
select
    d.source_code,
    d.document_code,
    d.direction_code,
    di.name_vi as direction_vi,
    d.document_sign,
    d.issued_date,
    d.document_type_code,
    ty.name_vi as document_type_vi,
    d.issuing_unit_code,
    i.name as issuing_unit_name,
    d.handling_unit_code,
    h.name as handling_unit_name,
    d.urgency_code,
    d.arrived_at,
    d.due_at,
    d.done_at,
    case
        when d.done_at is not null and d.due_at is not null
            then cast(d.done_at at time zone (select a.zone from core.authority as a) as date) <= cast(d.due_at at time zone (select a.zone from core.authority as a) as date)
    end as is_done_on_time,
    d.is_handled_online,
    d.is_digitally_signed,
    d.dossier_code
from core.document as d
left join core.unit as i on d.issuing_unit_code = i.unit_code
left join core.unit as h on d.handling_unit_code = h.unit_code
left join mart.code_label as di on d.direction_code = di.code and di.code_list = 'document_direction'
left join mart.code_label as ty on d.document_type_code = ty.code and ty.code_list = 'document_type'
where
    case
        when (select core.own_unit()) is null then true
        else d.handling_unit_code = (select core.own_unit()) or d.issuing_unit_code = (select core.own_unit())
    end;
comment on view mart.document is 'One row a document of the document management system, without its text; secret ones never come here | Mỗi văn bản một dòng, không có nội dung; văn bản mật không có ở đây';
comment on column mart.document.source_code is 'Source, as its profile is named | Nguồn dữ liệu';
comment on column mart.document.document_code is 'IdVanBan | Mã văn bản';
comment on column mart.document.direction_code is 'den incoming, di outgoing | Chiều văn bản';
comment on column mart.document.direction_vi is 'The same in words | Chiều văn bản, bằng lời';
comment on column mart.document.document_sign is 'SoKyHieu | Số, ký hiệu';
comment on column mart.document.issued_date is 'NgayBanHanh | Ngày ban hành';
comment on column mart.document.document_type_code is 'LoaiVanBan, as Decree 30/2020 abbreviates it | Loại văn bản';
comment on column mart.document.document_type_vi is 'The same in words | Loại văn bản, bằng lời';
comment on column mart.document.issuing_unit_code is 'Unit that issued it | Đơn vị ban hành';
comment on column mart.document.issuing_unit_name is 'Its name now | Tên đơn vị ban hành';
comment on column mart.document.handling_unit_code is 'Unit that handles it | Đơn vị xử lý';
comment on column mart.document.handling_unit_name is 'Its name now | Tên đơn vị xử lý';
comment on column mart.document.urgency_code is 'DoKhan, as the source writes it | Độ khẩn';
comment on column mart.document.arrived_at is 'NgayDen | Thời điểm đến';
comment on column mart.document.due_at is 'HanXuLy | Hạn xử lý';
comment on column mart.document.done_at is 'NgayHoanThanh; null = not yet | Thời điểm hoàn thành';
comment on column mart.document.is_done_on_time is 'Of one that is done and has a due: done on or before its day | Hoàn thành đúng hạn';
comment on column mart.document.is_handled_online is 'XuLyTrenMang | Xử lý trên môi trường mạng';
comment on column mart.document.is_digitally_signed is 'KySo | Có ký số';
comment on column mart.document.dossier_code is 'One-stop dossier that it belongs to; null = none | Mã hồ sơ liên quan';
