-- grain: one statement a change; files of payments without a manifest, for which nobody says a sum
-- source: core.payment_day, plugins/cchc/core/payments.py
-- traps: forward only; the files of before keep their sums

alter table core.payment_day alter column amount_vnd drop not null;
comment on table core.payment_day is 'One row a valid file of the payment log: of a day, or without a manifest of a month or year | Mỗi tệp hợp lệ của nhật ký thanh toán một dòng: của ngày, hoặc của tháng, năm khi không có tệp kê khai';
comment on column core.payment_day.file_date is 'Day of the file; of a month or year its first day | Ngày của tệp; tệp tháng hoặc năm: ngày đầu';
comment on column core.payment_day.row_count is 'Rows, by manifest and trailer; without a manifest as they were read | Số dòng, theo tệp kê khai và dòng tổng; không có tệp kê khai: theo số dòng đã đọc';
comment on column core.payment_day.amount_vnd is 'Sum of the successful PAY rows, by manifest and trailer; null without a manifest | Tổng tiền giao dịch thành công, theo tệp kê khai và dòng tổng; trống khi không có tệp kê khai';
