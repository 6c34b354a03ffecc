-- grain: one row for each feedback or petition: its newest version, where that passes the checks
-- source: core.feedback_version, core.duplicate_record
-- traps: only the newest version of a key; if it breaks a critical rule, the key is missing here, and no earlier version takes its
--        place

create or replace view core.feedback as
select
    source_code,
    feedback_code,
    channel_code,
    sent_at,
    received_at,
    is_about_procedures,
    unit_code,
    due_at,
    answered_at,
    published_at,
    status_code,
    rating_code,
    dossier_code,
    repeated_code,
    file_date,
    file_revision,
    _changed_at,
    _first_seen_at,
    _content_hash,
    _load_id
from core.feedback_version
where
    _is_current
    and _failed_rules is null
    and not exists (
        select 1
        from core.duplicate_record as d
        where d.model = 'feedback' and d.source_code = feedback_version.source_code and d.key = feedback_version.feedback_code
    );
comment on view core.feedback is 'One row is one item of feedback of a citizen or an enterprise: its newest version, where that passes the checks | Phiên bản mới nhất, đạt kiểm tra, của một phản ánh, kiến nghị';
comment on column core.feedback.source_code is 'Source, as its profile is named | Nguồn';
comment on column core.feedback.feedback_code is 'MaPhanAnh | Mã phản ánh';
comment on column core.feedback.channel_code is 'KenhTiepNhan: 1022, dvcqg, tinh | Kênh tiếp nhận';
comment on column core.feedback.sent_at is 'NgayGui | Ngày gửi';
comment on column core.feedback.received_at is 'NgayTiepNhan | Ngày tiếp nhận';
comment on column core.feedback.is_about_procedures is 'VeTTHC: about administrative procedures | Về thủ tục hành chính';
comment on column core.feedback.unit_code is 'MaDonViXuLy: handling unit | Đơn vị xử lý';
comment on column core.feedback.due_at is 'HanXuLy: answer due; judged by date | Hạn xử lý; xét theo ngày';
comment on column core.feedback.answered_at is 'NgayTraLoi: finally answered | Ngày trả lời';
comment on column core.feedback.published_at is 'NgayCongKhai: answer published | Ngày công khai kết quả';
comment on column core.feedback.status_code is 'TrangThai: cho_tiep_nhan, dang_xu_ly, da_xu_ly, tu_choi, chuyen_don_vi | Trạng thái';
comment on column core.feedback.rating_code is 'DanhGia: hai_long, khong_hai_long; missing = not rated | Đánh giá; trống = không đánh giá';
comment on column core.feedback.dossier_code is 'MaHoSoLienQuan: dossier it is about, or missing | Mã hồ sơ liên quan';
comment on column core.feedback.repeated_code is 'MaTrung: the first item that this one repeats through another channel, or missing | Mã phản ánh gốc bị trùng';
comment on column core.feedback.file_date is 'Day in the file''s name | Ngày trong tên tệp';
comment on column core.feedback.file_revision is 'Revision in the file''s name, 1 = the first | Số lần sửa trong tên tệp, 1 = lần đầu';
comment on column core.feedback._changed_at is 'Change time of this version: 00:00 of the day in the file''s name (docs/reference/indicators.md#21-three-clocks) | Thời điểm thay đổi của phiên bản: 00:00 của ngày trong tên tệp';
comment on column core.feedback._first_seen_at is 'T of the extract that delivered it (clock 3) | Mốc T của lần trích xuất đã nhận';
comment on column core.feedback._content_hash is 'Hash of the content | Mã băm nội dung';
comment on column core.feedback._load_id is 'Load that brought it | Lần nạp';
