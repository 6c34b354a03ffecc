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
comment on view core.payment is 'One row a payment transaction of the files in force; one key in two days: the later day';
comment on column core.payment.source_code is 'Source, as its profile is named';
comment on column core.payment._key is 'Key of the record as delivered';
comment on column core.payment.order_code is 'MaThamChieu';
comment on column core.payment.transaction_code is 'MaGiaoDich; missing for a try that never reached the gateway';
comment on column core.payment.kind_code is 'LoaiGiaoDich: PAY, REFUND';
comment on column core.payment.dossier_code is 'MaHoSo';
comment on column core.payment.procedure_code_full is 'MaTTHC';
comment on column core.payment.unit_code is 'MaDonVi: collecting unit';
comment on column core.payment.amount_vnd is 'SoTien';
comment on column core.payment.fee_vnd is 'Phi';
comment on column core.payment.charge_vnd is 'LePhi';
comment on column core.payment.method_code is 'HinhThucThanhToan';
comment on column core.payment.channel_code is 'KenhThanhToan';
comment on column core.payment.status_code is 'TrangThaiGD: 1 success, 3 pending, 4 failed';
comment on column core.payment.error_code is 'MaLoi';
comment on column core.payment.bank_code is 'MaNganHang';
comment on column core.payment.paid_at is 'ThoiGianGD, brought onto the file''s day where ± 12 hours do that';
comment on column core.payment.is_time_shifted is 'Whether paid_at was shifted by 12 hours';
comment on column core.payment.refunded_order_code is 'MaThamChieuGoc';
comment on column core.payment.receipt_number is 'SoBienLai';
comment on column core.payment.file_date is 'Day of the file';
comment on column core.payment.file_revision is 'Revision of the file, 1 = the first';
comment on column core.payment._changed_at is 'Change time of this version (docs/reference/indicators.md#21-three-clocks)';
comment on column core.payment._first_seen_at is 'T of the extract that delivered it (clock 3)';
comment on column core.payment._content_hash is 'Hash of the content; a version is stored once';
comment on column core.payment._load_id is 'Load that brought it';
