-- grain: one row for each feedback or petition in force
-- source: core.feedback, core.unit, mart.code_label, core.own_unit
-- traps: the indicators count `where is_about_procedures and repeated_code is null`. A login of a unit sees the rows of its unit alone
--        (docs/guides/roles.md)

create or replace view mart.feedback with (security_barrier) as
select
    f.source_code,
    f.feedback_code,
    f.channel_code,
    ch.name_vi as channel_vi,
    f.sent_at,
    f.received_at,
    cast(f.received_at at time zone (select a.zone from core.authority as a) as date) as received_date,
    f.is_about_procedures,
    f.unit_code,
    u.name as unit_name,
    u.level,
    f.due_at,
    cast(f.due_at at time zone (select a.zone from core.authority as a) as date) as due_date,
    f.answered_at,
    cast(f.answered_at at time zone (select a.zone from core.authority as a) as date) as answered_date,
    case
        when f.answered_at is not null and f.due_at is not null
            then cast(f.answered_at at time zone (select a.zone from core.authority as a) as date) <= cast(f.due_at at time zone (select a.zone from core.authority as a) as date)
    end as is_answered_on_time,
    f.published_at,
    f.status_code,
    st.name_vi as status_vi,
    f.rating_code,
    ra.name_vi as rating_vi,
    f.dossier_code,
    f.repeated_code
from core.feedback as f
left join core.unit as u on f.unit_code = u.unit_code
left join mart.code_label as ch on f.channel_code = ch.code and ch.code_list = 'feedback_channel'
left join mart.code_label as st on f.status_code = st.code and st.code_list = 'feedback_status'
left join mart.code_label as ra on f.rating_code = ra.code and ra.code_list = 'rating'
where case when (select core.own_unit()) is null then true else f.unit_code = (select core.own_unit()) end;
comment on view mart.feedback is 'One row a feedback or petition, without its words and its sender | Mỗi phản ánh, kiến nghị một dòng, không có nội dung và người gửi';
comment on column mart.feedback.source_code is 'Source, as its profile is named | Nguồn dữ liệu';
comment on column mart.feedback.feedback_code is 'MaPhanAnh | Mã phản ánh';
comment on column mart.feedback.channel_code is 'KenhTiepNhan: 1022, dvcqg, tinh | Kênh tiếp nhận';
comment on column mart.feedback.channel_vi is 'The same in words | Kênh tiếp nhận, bằng lời';
comment on column mart.feedback.sent_at is 'NgayGui | Thời điểm gửi';
comment on column mart.feedback.received_at is 'NgayTiepNhan | Thời điểm tiếp nhận';
comment on column mart.feedback.received_date is 'Its local date | Ngày tiếp nhận';
comment on column mart.feedback.is_about_procedures is 'VeTTHC: about administrative procedures | Về thủ tục hành chính';
comment on column mart.feedback.unit_code is 'Handling unit | Đơn vị xử lý';
comment on column mart.feedback.unit_name is 'Its name now | Tên đơn vị xử lý';
comment on column mart.feedback.level is 'Its level: district, commune | Cấp';
comment on column mart.feedback.due_at is 'HanXuLy: answer due | Hạn xử lý';
comment on column mart.feedback.due_date is 'Its local date, by which it is judged | Ngày hạn xử lý';
comment on column mart.feedback.answered_at is 'NgayTraLoi: finally answered; null = not yet | Thời điểm trả lời';
comment on column mart.feedback.answered_date is 'Its local date | Ngày trả lời';
comment on column mart.feedback.is_answered_on_time is 'Of an answered one with a due: answered on or before its day | Trả lời đúng hạn';
comment on column mart.feedback.published_at is 'NgayCongKhai: answer published | Thời điểm công khai kết quả';
comment on column mart.feedback.status_code is 'TrangThai: cho_tiep_nhan, dang_xu_ly, da_xu_ly, tu_choi, chuyen_don_vi | Trạng thái';
comment on column mart.feedback.status_vi is 'The same in words | Trạng thái, bằng lời';
comment on column mart.feedback.rating_code is 'DanhGia: hai_long, khong_hai_long; null = not rated | Đánh giá';
comment on column mart.feedback.rating_vi is 'The same in words | Đánh giá, bằng lời';
comment on column mart.feedback.dossier_code is 'Dossier it is about; null = none | Mã hồ sơ liên quan';
comment on column mart.feedback.repeated_code is 'The first item that this one repeats through another channel; null = none | Mã phản ánh gốc bị trùng';
