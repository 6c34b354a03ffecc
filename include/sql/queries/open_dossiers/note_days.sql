-- grain: one row for each source and day whose open dossiers are kept from now on
-- source: core.source

insert into ops.open_dossier_day (source_code, as_of_date, end_at, rule_hash)
select
    a.source_code,
    a.as_of_date,
    a.end_at,
    ops.open_dossier_rule(s.zone) as rule_hash
from jsonb_to_recordset(cast(:days as jsonb)) as a (source_code text, as_of_date date, end_at timestamptz)
inner join core.source as s on a.source_code = s.source_code
on conflict (source_code, as_of_date) do update set
    end_at = excluded.end_at,
    rule_hash = excluded.rule_hash
