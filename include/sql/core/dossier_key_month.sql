-- grain: one row for each month: when its key list was last asked for
-- source: asked_month (temporary)
-- traps: only the newest answer counts

insert into core.dossier_key_month (source_code, month_start, asked_at)
select
    cast(:source as text) as source_code,
    a.month_start,
    cast(:known_at as timestamptz) as asked_at
from asked_month as a
order by a.month_start
on conflict (source_code, month_start) do update set
    asked_at = greatest(core.dossier_key_month.asked_at, excluded.asked_at)
