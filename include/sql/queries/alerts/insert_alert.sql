-- grain: one row an alert; where the trouble is open already, its newest facts
-- source: what was found in the warehouse, or reported by Airflow

insert into ops.alert (event, subject, source_code, unit_code, level, is_reported, facts, since_at, opened_at)
values (:event, :subject, :source_code, :unit_code, :level, :is_reported, cast(:facts as jsonb), :since_at, :now)
on conflict (event, subject) where ended_at is null do update set facts = excluded.facts
