-- grain: one row a period and account: what `cchc close` has shown last, so that the closing can tell what has changed since
-- source: cchc.publication.shown
-- traps: Airflow keeps what it showed between its own tasks

create table ops.close_shown (
    period_kind text not null,
    period_start date not null,
    by_account text not null,
    shown_at timestamptz not null,
    value_count integer not null,
    keys_hash text not null,
    content_hash text not null,
    constraint close_shown_pk primary key (period_kind, period_start, by_account)
);
comment on table ops.close_shown is 'One row a period and account: the values that `cchc close` of that account has shown last';
comment on column ops.close_shown.period_kind is 'Kind of period: month, quarter …';
comment on column ops.close_shown.period_start is 'First day of the period';
comment on column ops.close_shown.by_account is 'Account of the machine that ran the command';
comment on column ops.close_shown.shown_at is 'When it was shown';
comment on column ops.close_shown.value_count is 'How many values the period had';
comment on column ops.close_shown.keys_hash is 'Hash of which values these were';
comment on column ops.close_shown.content_hash is 'Hash of all that they said';
