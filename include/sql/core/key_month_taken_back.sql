-- grain: one row for each source and month of reception: the newest moment, up to `:moment`, at which its list of keys was asked for
-- source: ops.key_list

insert into core.dossier_key_month (source_code, month_start, asked_at)
select
    l.source_code,
    l.month_start,
    max(l.asked_at) as asked_at
from ops.key_list as l
where l.asked_at <= :moment
group by l.source_code, l.month_start
on conflict do nothing
