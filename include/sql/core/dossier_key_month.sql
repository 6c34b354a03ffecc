-- grain: one row a month: when its key list was asked last
-- source: the extract
-- traps: only the newest answer counts

insert into core.dossier_key_month (source_code, month_start, asked_at)
values (cast(:source as text), cast(:month as date), cast(:known_at as timestamptz))
on conflict (source_code, month_start) do update set
    asked_at = greatest(core.dossier_key_month.asked_at, excluded.asked_at)
