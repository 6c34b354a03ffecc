-- grain: one row for each month of reception whose list of keys came with one extract and is not older than the stored list
-- source: ops.load, whose manifest names the months

create temp table asked_month on commit drop as
select distinct cast(m.month || '-01' as date) as month_start
from ops.load as l
cross join lateral jsonb_array_elements_text(coalesce(l.manifest -> 'months', '[]')) as m (month)
where
    l.status = 'validated' and l.extract_id = :extract_id and l.entity like '%.keys'
    and not exists (
        select 1
        from core.dossier_key_month as k
        where k.source_code = l.source_code and k.month_start = cast(m.month || '-01' as date) and k.asked_at > :known_at
    )
