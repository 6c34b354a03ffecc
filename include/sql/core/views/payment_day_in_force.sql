-- grain: one row for each payment log and day: the delivery of the day that counts
-- source: core.payment_day
-- traps: the highest revision of a day counts, and of equal revisions the newest delivery

create or replace view core.payment_day_in_force as
select distinct on (source_code, file_date)
    source_code,
    file_date,
    file_revision,
    _first_seen_at,
    _load_id
from core.payment_day
order by source_code asc, file_date asc, file_revision desc, _first_seen_at desc;
comment on view core.payment_day_in_force is 'One row a payment log and day: the delivery of the day that counts | Tệp giao dịch có hiệu lực của từng ngày';
comment on column core.payment_day_in_force.source_code is 'Source | Nguồn dữ liệu';
comment on column core.payment_day_in_force.file_date is 'Day in the name of the file | Ngày trong tên tệp';
comment on column core.payment_day_in_force.file_revision is 'Highest revision of the day | Lần phát hành cao nhất';
comment on column core.payment_day_in_force._first_seen_at is 'T of the extract that read it first; the newest of equal revisions | Lần đầu được biết';
comment on column core.payment_day_in_force._load_id is 'Load | Lần nạp';
