-- grain: one row for each stored payment row of the keys in `payment_key_changed`: sets whether the row is in force
-- source: core.payment_version, core.payment_day_in_force, payment_key_changed (temporary: the keys to decide)
-- traps: in force is the row of the latest day, of the delivery that counts for its day

update core.payment_version as v set _is_current = i.is_current
from (
    select
        p.source_code,
        p.file_date,
        p.file_revision,
        p._key,
        p._first_seen_at,
        f.file_date is not null and row_number() over (
            partition by p.source_code, p._key order by (f.file_date is null), p.file_date desc
        ) = 1 as is_current
    from core.payment_version as p
    inner join payment_key_changed as k on p.source_code = k.source_code and p._key = k._key
    left join core.payment_day_in_force as f
        on
            p.source_code = f.source_code and p.file_date = f.file_date
            and p.file_revision = f.file_revision and p._first_seen_at = f._first_seen_at
) as i
where
    v.source_code = i.source_code and v.file_date = i.file_date and v.file_revision = i.file_revision
    and v._key = i._key and v._first_seen_at = i._first_seen_at and v._is_current is distinct from i.is_current
