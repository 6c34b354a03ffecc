-- grain: one statement a change; the secondary sources feedback and survey, and the predecessors of units
-- source: contracts/secondary.md; staging tables merged by cchc.core.filed; include/reference/units.csv
-- traps: of two rows with one key the one from the file with the greatest (date, revision) in its name is current, whatever the order
--        of arrival; every file's row is kept, also where it repeats an earlier one: what lies between may still arrive

create unlogged table staging.model_feedback (
    _row bigint not null,
    _load_id bigint not null,
    _file text,
    _line bigint,
    _key text,
    _changed_at timestamptz,
    _first_seen_at timestamptz not null,
    _content_hash bigint,
    _unreadable jsonb,
    _unreadable_critical text,
    _shape_error text,
    feedback_code text,
    channel_code text,
    sent_at timestamptz,
    received_at timestamptz,
    is_about_procedures boolean,
    unit_code text,
    due_at timestamptz,
    answered_at timestamptz,
    published_at timestamptz,
    status_code text,
    rating_code text,
    dossier_code text,
    repeated_code text,
    file_date date,
    file_revision integer
);
comment on table staging.model_feedback is 'Model: one item of feedback of a citizen or an enterprise; never holds rows itself | Mẫu: một phản ánh, kiến nghị';
comment on column staging.model_feedback._row is 'Number of the row in this table; what Great Expectations calls its primary key | Số thứ tự dòng trong bảng';
comment on column staging.model_feedback._load_id is 'Load that brought it | Lần nạp';
comment on column staging.model_feedback._file is 'Delivered file | Tệp được gửi';
comment on column staging.model_feedback._line is 'Line in that file, from 1 | Dòng trong tệp, từ 1';
comment on column staging.model_feedback._key is 'Key of the record as delivered; null where it has no readable one | Khóa của bản ghi; trống nếu không đọc được';
comment on column staging.model_feedback._changed_at is 'Change time: 00:00 of the day in the file''s name | Thời điểm thay đổi: 00:00 của ngày trong tên tệp';
comment on column staging.model_feedback._first_seen_at is 'T of the extract | Mốc T của lần trích xuất';
comment on column staging.model_feedback._content_hash is 'Hash of the typed content | Mã băm nội dung';
comment on column staging.model_feedback._unreadable is 'Fields that were present and could not be read, with what stood there; they count as missing | Trường có giá trị nhưng không đọc được; coi như trống';
comment on column staging.model_feedback._unreadable_critical is 'Those among them whose unreadability is critical | Trường không đọc được ở mức nghiêm trọng';
comment on column staging.model_feedback._shape_error is 'What is wrong with the shape of the record | Lỗi cấu trúc bản ghi';
comment on column staging.model_feedback.feedback_code is 'MaPhanAnh | Mã phản ánh';
comment on column staging.model_feedback.channel_code is 'KenhTiepNhan: 1022, dvcqg, tinh | Kênh tiếp nhận';
comment on column staging.model_feedback.sent_at is 'NgayGui | Ngày gửi';
comment on column staging.model_feedback.received_at is 'NgayTiepNhan | Ngày tiếp nhận';
comment on column staging.model_feedback.is_about_procedures is 'VeTTHC: about administrative procedures | Về thủ tục hành chính';
comment on column staging.model_feedback.unit_code is 'MaDonViXuLy: handling unit | Đơn vị xử lý';
comment on column staging.model_feedback.due_at is 'HanXuLy: answer due; judged by date | Hạn xử lý; xét theo ngày';
comment on column staging.model_feedback.answered_at is 'NgayTraLoi: finally answered | Ngày trả lời';
comment on column staging.model_feedback.published_at is 'NgayCongKhai: answer published | Ngày công khai kết quả';
comment on column staging.model_feedback.status_code is 'TrangThai: cho_tiep_nhan, dang_xu_ly, da_xu_ly, tu_choi, chuyen_don_vi | Trạng thái';
comment on column staging.model_feedback.rating_code is 'DanhGia: hai_long, khong_hai_long; missing = not rated | Đánh giá; trống = không đánh giá';
comment on column staging.model_feedback.dossier_code is 'MaHoSoLienQuan: dossier it is about, or missing | Mã hồ sơ liên quan';
comment on column staging.model_feedback.repeated_code is 'MaTrung: the first item that this one repeats through another channel, or missing | Mã phản ánh gốc bị trùng';
comment on column staging.model_feedback.file_date is 'Day in the file''s name | Ngày trong tên tệp';
comment on column staging.model_feedback.file_revision is 'Revision in the file''s name, 1 = the first | Số lần sửa trong tên tệp, 1 = lần đầu';

create table core.feedback_version (
    source_code text not null,
    feedback_code text not null,
    channel_code text,
    sent_at timestamptz,
    received_at timestamptz,
    is_about_procedures boolean,
    unit_code text,
    due_at timestamptz,
    answered_at timestamptz,
    published_at timestamptz,
    status_code text,
    rating_code text,
    dossier_code text,
    repeated_code text,
    file_date date not null,
    file_revision integer not null,
    _changed_at timestamptz not null,
    _first_seen_at timestamptz not null,
    _content_hash bigint,
    _failed_rules text[],
    _is_current boolean not null,
    _load_id bigint not null,
    constraint feedback_version_pk primary key (source_code, feedback_code, file_date, file_revision, _first_seen_at)
);
create index feedback_version_current_ix on core.feedback_version (source_code, feedback_code) where _is_current;
comment on table core.feedback_version is 'One row a delivered version of one item of feedback of a citizen or an enterprise | Mỗi dòng là một phiên bản của một phản ánh, kiến nghị';
comment on column core.feedback_version.source_code is 'Source, as its profile is named | Nguồn';
comment on column core.feedback_version.feedback_code is 'MaPhanAnh | Mã phản ánh';
comment on column core.feedback_version.channel_code is 'KenhTiepNhan: 1022, dvcqg, tinh | Kênh tiếp nhận';
comment on column core.feedback_version.sent_at is 'NgayGui | Ngày gửi';
comment on column core.feedback_version.received_at is 'NgayTiepNhan | Ngày tiếp nhận';
comment on column core.feedback_version.is_about_procedures is 'VeTTHC: about administrative procedures | Về thủ tục hành chính';
comment on column core.feedback_version.unit_code is 'MaDonViXuLy: handling unit | Đơn vị xử lý';
comment on column core.feedback_version.due_at is 'HanXuLy: answer due; judged by date | Hạn xử lý; xét theo ngày';
comment on column core.feedback_version.answered_at is 'NgayTraLoi: finally answered | Ngày trả lời';
comment on column core.feedback_version.published_at is 'NgayCongKhai: answer published | Ngày công khai kết quả';
comment on column core.feedback_version.status_code is 'TrangThai: cho_tiep_nhan, dang_xu_ly, da_xu_ly, tu_choi, chuyen_don_vi | Trạng thái';
comment on column core.feedback_version.rating_code is 'DanhGia: hai_long, khong_hai_long; missing = not rated | Đánh giá; trống = không đánh giá';
comment on column core.feedback_version.dossier_code is 'MaHoSoLienQuan: dossier it is about, or missing | Mã hồ sơ liên quan';
comment on column core.feedback_version.repeated_code is 'MaTrung: the first item that this one repeats through another channel, or missing | Mã phản ánh gốc bị trùng';
comment on column core.feedback_version.file_date is 'Day in the file''s name | Ngày trong tên tệp';
comment on column core.feedback_version.file_revision is 'Revision in the file''s name, 1 = the first | Số lần sửa trong tên tệp, 1 = lần đầu';
comment on column core.feedback_version._changed_at is 'Change time of this version: 00:00 of the day in the file''s name (clock 2 of indicators.md §1) | Thời điểm thay đổi của phiên bản: 00:00 của ngày trong tên tệp';
comment on column core.feedback_version._first_seen_at is 'T of the extract that delivered it (clock 3) | Mốc T của lần trích xuất đã nhận';
comment on column core.feedback_version._content_hash is 'Hash of the content | Mã băm nội dung';
comment on column core.feedback_version._failed_rules is 'Critical rules that this version breaks: it is left out, and no earlier one takes its place; null = passes | Quy tắc nghiêm trọng bị vi phạm; trống = đạt';
comment on column core.feedback_version._is_current is 'Whether it is the newest version of its key, by (file date, revision), then by delivery | Có phải phiên bản mới nhất';
comment on column core.feedback_version._load_id is 'Load that brought it | Lần nạp';

create view core.feedback as
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
where _is_current and _failed_rules is null;
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
comment on column core.feedback._changed_at is 'Change time of this version: 00:00 of the day in the file''s name (clock 2 of indicators.md §1) | Thời điểm thay đổi của phiên bản: 00:00 của ngày trong tên tệp';
comment on column core.feedback._first_seen_at is 'T of the extract that delivered it (clock 3) | Mốc T của lần trích xuất đã nhận';
comment on column core.feedback._content_hash is 'Hash of the content | Mã băm nội dung';
comment on column core.feedback._load_id is 'Load that brought it | Lần nạp';

create unlogged table staging.model_survey_answer (
    _row bigint not null,
    _load_id bigint not null,
    _file text,
    _line bigint,
    _key text,
    _changed_at timestamptz,
    _first_seen_at timestamptz not null,
    _content_hash bigint,
    _unreadable jsonb,
    _unreadable_critical text,
    _shape_error text,
    answer_code text,
    surveyed_date date,
    unit_code text,
    dossier_code text,
    score smallint,
    file_date date,
    file_revision integer
);
comment on table staging.model_survey_answer is 'Model: one answered form of the satisfaction survey; never holds rows itself | Mẫu: một phiếu khảo sát hài lòng';
comment on column staging.model_survey_answer._row is 'Number of the row in this table; what Great Expectations calls its primary key | Số thứ tự dòng trong bảng';
comment on column staging.model_survey_answer._load_id is 'Load that brought it | Lần nạp';
comment on column staging.model_survey_answer._file is 'Delivered file | Tệp được gửi';
comment on column staging.model_survey_answer._line is 'Line in that file, from 1 | Dòng trong tệp, từ 1';
comment on column staging.model_survey_answer._key is 'Key of the record as delivered; null where it has no readable one | Khóa của bản ghi; trống nếu không đọc được';
comment on column staging.model_survey_answer._changed_at is 'Change time: 00:00 of the day in the file''s name | Thời điểm thay đổi: 00:00 của ngày trong tên tệp';
comment on column staging.model_survey_answer._first_seen_at is 'T of the extract | Mốc T của lần trích xuất';
comment on column staging.model_survey_answer._content_hash is 'Hash of the typed content | Mã băm nội dung';
comment on column staging.model_survey_answer._unreadable is 'Fields that were present and could not be read, with what stood there; they count as missing | Trường có giá trị nhưng không đọc được; coi như trống';
comment on column staging.model_survey_answer._unreadable_critical is 'Those among them whose unreadability is critical | Trường không đọc được ở mức nghiêm trọng';
comment on column staging.model_survey_answer._shape_error is 'What is wrong with the shape of the record | Lỗi cấu trúc bản ghi';
comment on column staging.model_survey_answer.answer_code is 'MaPhieu | Mã phiếu';
comment on column staging.model_survey_answer.surveyed_date is 'NgayKhaoSat | Ngày khảo sát';
comment on column staging.model_survey_answer.unit_code is 'MaDonVi: unit that is judged | Đơn vị được đánh giá';
comment on column staging.model_survey_answer.dossier_code is 'MaHoSo or missing | Mã hồ sơ';
comment on column staging.model_survey_answer.score is 'MucDoHaiLong: 1 very dissatisfied to 5 very satisfied; missing = no answer | Mức độ hài lòng 1–5; trống = không trả lời';
comment on column staging.model_survey_answer.file_date is 'Day in the file''s name | Ngày trong tên tệp';
comment on column staging.model_survey_answer.file_revision is 'Revision in the file''s name, 1 = the first | Số lần sửa trong tên tệp, 1 = lần đầu';

create table core.survey_answer_version (
    source_code text not null,
    answer_code text not null,
    surveyed_date date,
    unit_code text,
    dossier_code text,
    score smallint,
    file_date date not null,
    file_revision integer not null,
    _changed_at timestamptz not null,
    _first_seen_at timestamptz not null,
    _content_hash bigint,
    _failed_rules text[],
    _is_current boolean not null,
    _load_id bigint not null,
    constraint survey_answer_version_pk primary key (source_code, answer_code, file_date, file_revision, _first_seen_at)
);
create index survey_answer_version_current_ix on core.survey_answer_version (source_code, answer_code) where _is_current;
comment on table core.survey_answer_version is 'One row a delivered version of one answered form of the satisfaction survey | Mỗi dòng là một phiên bản của một phiếu khảo sát hài lòng';
comment on column core.survey_answer_version.source_code is 'Source, as its profile is named | Nguồn';
comment on column core.survey_answer_version.answer_code is 'MaPhieu | Mã phiếu';
comment on column core.survey_answer_version.surveyed_date is 'NgayKhaoSat | Ngày khảo sát';
comment on column core.survey_answer_version.unit_code is 'MaDonVi: unit that is judged | Đơn vị được đánh giá';
comment on column core.survey_answer_version.dossier_code is 'MaHoSo or missing | Mã hồ sơ';
comment on column core.survey_answer_version.score is 'MucDoHaiLong: 1 very dissatisfied to 5 very satisfied; missing = no answer | Mức độ hài lòng 1–5; trống = không trả lời';
comment on column core.survey_answer_version.file_date is 'Day in the file''s name | Ngày trong tên tệp';
comment on column core.survey_answer_version.file_revision is 'Revision in the file''s name, 1 = the first | Số lần sửa trong tên tệp, 1 = lần đầu';
comment on column core.survey_answer_version._changed_at is 'Change time of this version: 00:00 of the day in the file''s name (clock 2 of indicators.md §1) | Thời điểm thay đổi của phiên bản: 00:00 của ngày trong tên tệp';
comment on column core.survey_answer_version._first_seen_at is 'T of the extract that delivered it (clock 3) | Mốc T của lần trích xuất đã nhận';
comment on column core.survey_answer_version._content_hash is 'Hash of the content | Mã băm nội dung';
comment on column core.survey_answer_version._failed_rules is 'Critical rules that this version breaks: it is left out, and no earlier one takes its place; null = passes | Quy tắc nghiêm trọng bị vi phạm; trống = đạt';
comment on column core.survey_answer_version._is_current is 'Whether it is the newest version of its key, by (file date, revision), then by delivery | Có phải phiên bản mới nhất';
comment on column core.survey_answer_version._load_id is 'Load that brought it | Lần nạp';

create view core.survey_answer as
select
    source_code,
    answer_code,
    surveyed_date,
    unit_code,
    dossier_code,
    score,
    file_date,
    file_revision,
    _changed_at,
    _first_seen_at,
    _content_hash,
    _load_id
from core.survey_answer_version
where _is_current and _failed_rules is null;
comment on view core.survey_answer is 'One row is one answered form of the satisfaction survey: its newest version, where that passes the checks | Phiên bản mới nhất, đạt kiểm tra, của một phiếu khảo sát hài lòng';
comment on column core.survey_answer.source_code is 'Source, as its profile is named | Nguồn';
comment on column core.survey_answer.answer_code is 'MaPhieu | Mã phiếu';
comment on column core.survey_answer.surveyed_date is 'NgayKhaoSat | Ngày khảo sát';
comment on column core.survey_answer.unit_code is 'MaDonVi: unit that is judged | Đơn vị được đánh giá';
comment on column core.survey_answer.dossier_code is 'MaHoSo or missing | Mã hồ sơ';
comment on column core.survey_answer.score is 'MucDoHaiLong: 1 very dissatisfied to 5 very satisfied; missing = no answer | Mức độ hài lòng 1–5; trống = không trả lời';
comment on column core.survey_answer.file_date is 'Day in the file''s name | Ngày trong tên tệp';
comment on column core.survey_answer.file_revision is 'Revision in the file''s name, 1 = the first | Số lần sửa trong tên tệp, 1 = lần đầu';
comment on column core.survey_answer._changed_at is 'Change time of this version: 00:00 of the day in the file''s name (clock 2 of indicators.md §1) | Thời điểm thay đổi của phiên bản: 00:00 của ngày trong tên tệp';
comment on column core.survey_answer._first_seen_at is 'T of the extract that delivered it (clock 3) | Mốc T của lần trích xuất đã nhận';
comment on column core.survey_answer._content_hash is 'Hash of the content | Mã băm nội dung';
comment on column core.survey_answer._load_id is 'Load that brought it | Lần nạp';

alter table core.unit add column predecessors text[];
comment on column core.unit.predecessors is 'Units whose place it took, from the day after the last day of each | Các đơn vị mà nó thay thế, từ ngày sau ngày cuối của từng đơn vị';

create view core.unit_successor as
select
    p.unit_code,
    p.name,
    u.unit_code as successor_code,
    u.name as successor_name,
    p.valid_to + 1 as from_date
from core.unit as u
cross join lateral unnest(u.predecessors) as l (predecessor_code)
inner join core.unit as p on l.predecessor_code = p.unit_code;
comment on view core.unit_successor is 'One row a unit that ended and the unit that took its place; a unit can have been handed on twice | Đơn vị đã kết thúc và đơn vị kế thừa';
comment on column core.unit_successor.unit_code is 'Unit that ended | Đơn vị đã kết thúc';
comment on column core.unit_successor.name is 'Its name | Tên';
comment on column core.unit_successor.successor_code is 'Unit that took its place | Đơn vị kế thừa';
comment on column core.unit_successor.successor_name is 'Its name | Tên đơn vị kế thừa';
comment on column core.unit_successor.from_date is 'First day under the successor | Ngày đầu tiên thuộc đơn vị kế thừa';
