-- grain: one row for each month of reception whose newest list of keys was withdrawn: the newest list that still counts
-- source: withdrawn_list (temporary)
-- traps: a month without another list was never asked for; its row is deleted beside this

insert into core.dossier_key_month (source_code, month_start, asked_at)
select
    w.source_code,
    w.month_start,
    max(w.newest_at) as asked_at
from withdrawn_list as w
where w.newest_at is not null
group by w.source_code, w.month_start
on conflict (source_code, month_start) do update set asked_at = excluded.asked_at
