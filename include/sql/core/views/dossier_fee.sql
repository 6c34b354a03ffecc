-- grain: one row for each dossier whose newest version has a list of fees: their sum
-- source: core.dossier_version
-- traps: a dossier without a list of fees has no row, and one with an empty list or without amounts has null. Whether the version breaks a
--        rule does not matter

create or replace view core.dossier_fee as
select
    v.dossier_id,
    sum((select sum(cast(f.item ->> 'amount_vnd' as bigint)) from jsonb_array_elements(v.fees) as f (item))) as fee_vnd
from core.dossier_version as v
where v._is_current and v.fees is not null
group by v.dossier_id;
comment on view core.dossier_fee is 'One row a dossier whose newest version has a list of fees: their sum | Tổng phí, lệ phí của hồ sơ';
comment on column core.dossier_fee.dossier_id is 'Dossier | Hồ sơ';
comment on column core.dossier_fee.fee_vnd is 'Sum of the amounts; null if none is known | Tổng số tiền';
