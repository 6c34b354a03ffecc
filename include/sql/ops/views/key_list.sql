-- grain: one row for each list of keys that counts: source, month of reception, T of the extract that asked for it
-- source: ops.load, whose manifest names the months; ops.extract
-- traps: a list that is asked for twice with one T is one list. A load that is being published is validated until the end of the
--        transaction, and its extract is complete already

create or replace view ops.key_list as
select distinct
    l.source_code,
    cast(m.month || '-01' as date) as month_start,
    l.window_to as asked_at
from ops.load as l
cross join lateral jsonb_array_elements_text(coalesce(l.manifest -> 'months', '[]')) as m (month)
left join ops.extract as e on l.extract_id = e.extract_id
where l.entity like '%.keys' and (l.status = 'loaded' or (l.status = 'validated' and e.status = 'complete'));
comment on view ops.key_list is 'One row a list of the keys of a month of reception that was loaded and not withdrawn';
comment on column ops.key_list.source_code is 'Source';
comment on column ops.key_list.month_start is 'First day of the month of reception';
comment on column ops.key_list.asked_at is 'T of the extract that asked for it';
