-- grain: one row for each source and month of reception: the newest moment, up to `:moment`, at which its list of keys was asked for
-- source: ops.load, whose manifest names the months

insert into core.dossier_key_month (source_code, month_start, asked_at)
select
    l.source_code,
    cast(m.month || '-01' as date) as month_start,
    max(l.window_to) as asked_at
from ops.load as l
cross join lateral jsonb_array_elements_text(coalesce(l.manifest -> 'months', '[]')) as m (month)
where l.status = 'loaded' and l.entity like '%.keys' and l.window_to <= :moment
group by l.source_code, cast(m.month || '-01' as date)
on conflict do nothing
