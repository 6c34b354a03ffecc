-- grain: one row for each order or dossier that does not match, and one or more for each payment log, unit and day with those that match,
--        from `first_day` to the day before `before`; null = no bound
-- source: ops.reconciled_between
-- traps: an order that has changed since it was last compared stands by itself, also where it matches. Rights and settings are those of
--        mart.payment_reconciliation_between

create or replace function mart.payment_reconciliation_sums_between(first_day date default null, before date default null)
returns table (
    source_code text,
    order_code text,
    dossier_code text,
    unit_code text,
    day date,
    fee_vnd numeric,
    paid_vnd bigint,
    refunded_vnd bigint,
    success_count integer,
    receipt_numbers text,
    is_receipt_missing boolean,
    state text,
    order_count bigint
)
language sql stable security definer
set search_path = pg_catalog, pg_temp
set enable_seqscan = off
set enable_nestloop = off
as $$
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
    r.state,
    r.order_count
from ops.reconciled_between(first_day, before, true) as r
$$;
comment on function mart.payment_reconciliation_sums_between is 'Fees, payments and receipts of the days that are asked for: each order and dossier that does not match, and sums by day and unit of those that do | Đối soát thanh toán của các ngày được hỏi: từng giao dịch lệch, và tổng của các giao dịch khớp
first_day: First day; null = from the beginning | Ngày đầu
before: Day after the last; null = to the end | Ngày sau ngày cuối
source_code: Payment log | Nguồn
order_code: MaThamChieu; the key of a row without one; null for a dossier without a transaction, and for a sum | Mã tham chiếu
dossier_code: MaHoSo | Mã hồ sơ
unit_code: Collecting unit; handling unit of a dossier without a transaction | Đơn vị
day: Local date of the first success, else of the first try; else of the reception | Ngày
fee_vnd: Fees of the dossier; null where it is not known | Phí, lệ phí của hồ sơ
paid_vnd: Successful payments of the order | Số tiền đã trả
refunded_vnd: Given back | Số tiền hoàn
success_count: Successful payments above 0 | Số lần thành công
receipt_numbers: Receipts | Số biên lai
is_receipt_missing: A success above 0 without a receipt | Thiếu biên lai
state: matched, amount_differs, paid_without_transaction, transaction_without_dossier, duplicate_success, pending_over_3_days, refunded; pending: young, or its dossier may still come | Trạng thái
order_count: Orders and dossiers in the row; more than one of those that match | Số giao dịch, hồ sơ trong dòng';
