-- grain: one row for each row of the payment log: its newest version, where that passes the checks
-- source: core.payment_version, core.duplicate_record
-- traps: only the newest version of a key; if it breaks a critical rule, the key is missing here, and no earlier version takes its
--        place

create or replace view core.payment as
select
    source_code,
    _key,
    order_code,
    transaction_code,
    kind_code,
    dossier_code,
    procedure_code_full,
    unit_code,
    amount_vnd,
    fee_vnd,
    charge_vnd,
    method_code,
    channel_code,
    status_code,
    error_code,
    bank_code,
    paid_at,
    is_time_shifted,
    refunded_order_code,
    receipt_number,
    file_date,
    file_revision,
    _changed_at,
    _first_seen_at,
    _content_hash,
    _load_id
from core.payment_version
where
    _is_current
    and _failed_rules is null
    and not exists (
        select 1
        from core.duplicate_record as d
        where d.model = 'payment' and d.source_code = payment_version.source_code and d.key = payment_version._key
    );
comment on view core.payment is 'One row a payment transaction of the files in force; one key in two days: the later day | Mỗi giao dịch của các tệp có hiệu lực một dòng; khóa có ở hai ngày thì lấy ngày sau';
comment on column core.payment.source_code is 'Source, as its profile is named | Nguồn dữ liệu, theo tên hồ sơ cấu hình';
comment on column core.payment._key is 'Key of the record as delivered | Khóa của bản ghi như khi nhận';
comment on column core.payment.order_code is 'Request to pay, with all its tries (MaThamChieu) | Mã tham chiếu';
comment on column core.payment.transaction_code is 'Transaction (MaGiaoDich); missing for a try that never reached the gateway | Mã giao dịch; trống nếu chưa đến cổng thanh toán';
comment on column core.payment.kind_code is 'Kind (LoaiGiaoDich): PAY, REFUND | Loại giao dịch: thanh toán, hoàn tiền';
comment on column core.payment.dossier_code is 'Code of the dossier (MaHoSo) | Mã hồ sơ';
comment on column core.payment.procedure_code_full is 'Code of the procedure (MaTTHC) | Mã thủ tục';
comment on column core.payment.unit_code is 'Collecting unit (MaDonVi) | Đơn vị thu';
comment on column core.payment.amount_vnd is 'Amount (SoTien) | Số tiền';
comment on column core.payment.fee_vnd is 'Fee for a service (Phi) | Phí';
comment on column core.payment.charge_vnd is 'Charge fixed by law (LePhi) | Lệ phí';
comment on column core.payment.method_code is 'Method (HinhThucThanhToan); mart.code_label has the words | Hình thức thanh toán';
comment on column core.payment.channel_code is 'Channel (KenhThanhToan): 1 national portal, 2 provincial gateway, 3 counter | Kênh thanh toán: 1 cổng quốc gia, 2 cổng của tỉnh, 3 tại quầy';
comment on column core.payment.status_code is 'State (TrangThaiGD): 1 success, 3 pending, 4 failed | Trạng thái giao dịch: 1 thành công, 3 đang chờ, 4 thất bại';
comment on column core.payment.error_code is 'Result code (MaLoi): 00 = success | Mã lỗi';
comment on column core.payment.bank_code is 'Bank (MaNganHang) | Mã ngân hàng';
comment on column core.payment.paid_at is 'Moment of the payment (ThoiGianGD), brought onto the file''s day where ± 12 hours do that | Thời gian giao dịch, chỉnh ± 12 giờ về ngày của tệp nếu cần';
comment on column core.payment.is_time_shifted is 'Whether paid_at was shifted by 12 hours | Thời gian giao dịch đã chỉnh 12 giờ';
comment on column core.payment.refunded_order_code is 'Of a refund: the request that is given back (MaThamChieuGoc) | Mã tham chiếu gốc được hoàn';
comment on column core.payment.receipt_number is 'Receipt (SoBienLai) | Số biên lai';
comment on column core.payment.file_date is 'Day of the file | Ngày của tệp';
comment on column core.payment.file_revision is 'Revision of the file, 1 = the first | Lần sửa của tệp, 1 = lần đầu';
comment on column core.payment._changed_at is 'Change time of this version (docs/reference/indicators.md#21-three-clocks) | Thời điểm thay đổi của phiên bản';
comment on column core.payment._first_seen_at is 'T of the extract that delivered it (clock 3) | Mốc T của lần trích xuất đã nhận';
comment on column core.payment._content_hash is 'Hash of the content; a version is stored once | Mã băm nội dung; mỗi phiên bản chỉ lưu một lần';
comment on column core.payment._load_id is 'Load that brought it | Lần nạp đã nhận';
