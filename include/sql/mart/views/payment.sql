-- grain: one row for each row of the payment log in force: a try to pay, or a refund
-- source: core.payment, core.unit, mart.code_label, core.own_unit
-- traps: sum the money `where is_success and kind_code = 'PAY'`: failed and pending tries are rows, too, and so is a second payment of one
--        order. Whether orders fit their dossiers is told by mart.payment_reconciliation. A login of a unit sees the rows of its unit alone
--        (docs/guides/roles.md)

create or replace view mart.payment with (security_barrier) as
select
    p.source_code,
    p._key as payment_code,
    p.order_code,
    p.transaction_code,
    p.kind_code,
    ki.name_vi as kind_vi,
    p.dossier_code,
    substring(p.procedure_code_full from '^\d+\.\d+') as procedure_code,
    p.unit_code,
    u.name as unit_name,
    u.level,
    p.amount_vnd,
    p.fee_vnd,
    p.charge_vnd,
    p.method_code,
    me.name_vi as method_vi,
    coalesce(p.method_code in ('truc-tuyen', 'the', 'qr', 'chuyen-khoan'), false) as is_cashless,
    p.channel_code,
    ch.name_vi as channel_vi,
    p.status_code,
    st.name_vi as status_vi,
    p.status_code = 1 as is_success,
    p.error_code,
    p.bank_code,
    p.paid_at,
    cast(p.paid_at at time zone (select a.zone from core.authority as a) as date) as paid_date,
    cast(date_trunc('month', p.paid_at at time zone (select a.zone from core.authority as a)) as date) as paid_month,
    p.refunded_order_code,
    p.receipt_number,
    p.file_date,
    p.file_revision
from core.payment as p
left join core.unit as u on p.unit_code = u.unit_code
left join mart.code_label as ki on p.kind_code = ki.code and ki.code_list = 'payment_kind'
left join mart.code_label as me on p.method_code = me.code and me.code_list = 'payment_method'
left join mart.code_label as ch on cast(p.channel_code as text) = ch.code and ch.code_list = 'payment_channel'
left join mart.code_label as st on cast(p.status_code as text) = st.code and st.code_list = 'payment_status'
where case when (select core.own_unit()) is null then true else p.unit_code = (select core.own_unit()) end;
comment on view mart.payment is 'One row a row of the payment log in force: a try to pay, or a refund | Mỗi dòng nhật ký thanh toán đang có hiệu lực một dòng';
comment on column mart.payment.source_code is 'Source, as its profile is named | Nguồn dữ liệu';
comment on column mart.payment.payment_code is 'Key of the row as delivered | Khóa của dòng';
comment on column mart.payment.order_code is 'MaThamChieu: the request to pay, with all its tries | Mã tham chiếu';
comment on column mart.payment.transaction_code is 'MaGiaoDich; missing for a try that never reached the gateway | Mã giao dịch';
comment on column mart.payment.kind_code is 'PAY, REFUND | Loại giao dịch';
comment on column mart.payment.kind_vi is 'The same in words | Loại giao dịch, bằng lời';
comment on column mart.payment.dossier_code is 'MaHoSo | Mã hồ sơ';
comment on column mart.payment.procedure_code is 'Procedure d.dddddd | Mã thủ tục';
comment on column mart.payment.unit_code is 'Collecting unit | Đơn vị thu';
comment on column mart.payment.unit_name is 'Its name now | Tên đơn vị thu';
comment on column mart.payment.level is 'Its level: district, commune | Cấp';
comment on column mart.payment.amount_vnd is 'Amount | Số tiền';
comment on column mart.payment.fee_vnd is 'Phi: fee for a service | Phí';
comment on column mart.payment.charge_vnd is 'LePhi: charge fixed by law | Lệ phí';
comment on column mart.payment.method_code is 'HinhThucThanhToan | Hình thức thanh toán';
comment on column mart.payment.method_vi is 'The same in words | Hình thức thanh toán, bằng lời';
comment on column mart.payment.is_cashless is 'Whether the method is online, card, QR or transfer, as the indicator counts it | Không dùng tiền mặt';
comment on column mart.payment.channel_code is 'KenhThanhToan: 1 national portal, 2 provincial gateway, 3 counter | Kênh thanh toán';
comment on column mart.payment.channel_vi is 'The same in words | Kênh thanh toán, bằng lời';
comment on column mart.payment.status_code is 'TrangThaiGD: 1 success, 3 pending, 4 failed | Trạng thái giao dịch';
comment on column mart.payment.status_vi is 'The same in words | Trạng thái giao dịch, bằng lời';
comment on column mart.payment.is_success is 'Whether it succeeded | Giao dịch thành công';
comment on column mart.payment.error_code is 'MaLoi: 00 = success | Mã lỗi';
comment on column mart.payment.bank_code is 'MaNganHang | Mã ngân hàng';
comment on column mart.payment.paid_at is 'ThoiGianGD | Thời gian giao dịch';
comment on column mart.payment.paid_date is 'Its local date | Ngày giao dịch';
comment on column mart.payment.paid_month is 'First day of its month | Tháng giao dịch';
comment on column mart.payment.refunded_order_code is 'Of a refund: the order that is given back | Mã tham chiếu được hoàn';
comment on column mart.payment.receipt_number is 'SoBienLai | Số biên lai';
comment on column mart.payment.file_date is 'Day of the file that delivered it | Ngày của tệp';
comment on column mart.payment.file_revision is 'Revision of that file, 1 = the first | Lần sửa của tệp';
