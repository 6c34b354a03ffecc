-- grain: one statement a change; which months a run of refresh_indicators was asked for
-- source: include/sql/ops/ask_refresh.sql
-- traps: a mark that exists already was asked by nobody, so the next load that touches its month asks

alter table ops.dirty_month add column asked_at timestamptz;
alter table ops.dirty_month add column asked_by bigint;
comment on column ops.dirty_month.asked_at is 'When a load last asked Airflow for a refresh of the month because of this mark; null = none has asked';
comment on column ops.dirty_month.asked_by is 'Extract whose load asked';
