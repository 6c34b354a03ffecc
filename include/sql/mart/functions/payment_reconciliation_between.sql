-- grain: as mart.payment_reconciliation, for days from `first_day` to the day before `before`; null = no bound
-- source: ops.reconciled_between
-- traps: readers without rights on core and ops call it, so it runs with the rights of its owner. A login of a unit sees the rows of its unit
--        alone (docs/guides/roles.md). The settings forbid to compare each row of a list with each row of another, and to read a whole table

create or replace function mart.payment_reconciliation_between(first_day date default null, before date default null)
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
    state text
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
    r.state
from ops.reconciled_between(first_day, before, false) as r
$$;
comment on function mart.payment_reconciliation_between is 'Fees, payments and receipts of the days that are asked for: the rows of mart.payment_reconciliation, without the work for the other days | Đối soát thanh toán của các ngày được hỏi
first_day: First day; null = from the beginning | Ngày đầu
before: Day after the last; null = to the end | Ngày sau ngày cuối
source_code: Payment log | Nguồn
order_code: MaThamChieu; the key of a row without one; null for a dossier without a transaction | Mã tham chiếu
dossier_code: MaHoSo | Mã hồ sơ
unit_code: Collecting unit; handling unit of a dossier without a transaction | Đơn vị
day: Local date of the first success, else of the first try; else of the reception | Ngày
fee_vnd: Fees of the dossier; null where it is not known | Phí, lệ phí của hồ sơ
paid_vnd: Successful payments of the order | Số tiền đã trả
refunded_vnd: Given back | Số tiền hoàn
success_count: Successful payments above 0 | Số lần thành công
receipt_numbers: Receipts | Số biên lai
is_receipt_missing: A success above 0 without a receipt | Thiếu biên lai
state: matched, amount_differs, paid_without_transaction, transaction_without_dossier, duplicate_success, pending_over_3_days, refunded; pending: young, or its dossier may still come | Trạng thái';
