-- grain: one row for each order of the payment log that succeeded or is pending, and for each dossier that was paid online by its record
--        but has no order
-- source: mart.payment_reconciliation_between
-- traps: it works on every day; for a month use mart.payment_reconciliation_between, which works on the month

create or replace view mart.payment_reconciliation as
select
    r.source_code,
    r.order_code,
    r.dossier_code,
    r.unit_code,
    r.day,
    r.fee_vnd,
    r.paid_vnd,
    r.refunded_vnd,
    r.success_count,
    r.receipt_numbers,
    r.is_receipt_missing,
    r.state
from mart.payment_reconciliation_between() as r;
comment on view mart.payment_reconciliation is 'One row an order of the payment log (a request with its tries) that succeeded or is pending, and one a dossier that says it was paid online without one: fees, payments, receipts | Đối soát thanh toán';
comment on column mart.payment_reconciliation.source_code is 'Payment log | Nguồn';
comment on column mart.payment_reconciliation.order_code is 'MaThamChieu; the key of a row without one; null for a dossier without a transaction | Mã tham chiếu';
comment on column mart.payment_reconciliation.dossier_code is 'MaHoSo | Mã hồ sơ';
comment on column mart.payment_reconciliation.unit_code is 'Collecting unit; handling unit of a dossier without a transaction | Đơn vị';
comment on column mart.payment_reconciliation.day is 'Local date of the first success, else of the first try; else of the reception | Ngày';
comment on column mart.payment_reconciliation.fee_vnd is 'Fees of the dossier; null where it is not known | Phí, lệ phí của hồ sơ';
comment on column mart.payment_reconciliation.paid_vnd is 'Successful payments of the order | Số tiền đã trả';
comment on column mart.payment_reconciliation.refunded_vnd is 'Given back | Số tiền hoàn';
comment on column mart.payment_reconciliation.success_count is 'Successful payments above 0 | Số lần thành công';
comment on column mart.payment_reconciliation.receipt_numbers is 'Receipts | Số biên lai';
comment on column mart.payment_reconciliation.is_receipt_missing is 'A success above 0 without a receipt | Thiếu biên lai';
comment on column mart.payment_reconciliation.state is 'matched, amount_differs, paid_without_transaction, transaction_without_dossier, duplicate_success, pending_over_3_days, refunded; pending: young, or its dossier may still come | Trạng thái';
