-- grain: one statement a change; what was told to whom
-- source: cchc.notices
-- traps: what is told is found in the warehouse or reported by Airflow; these tables only remember it, so that it is told once

create table ops.alert (
    alert_id bigint generated always as identity,
    event text not null,
    subject text not null,
    source_code text,
    unit_code text,
    level text,
    is_reported boolean not null,
    facts jsonb not null,
    since_at timestamptz not null,
    opened_at timestamptz not null,
    ended_at timestamptz,
    constraint alert_pk primary key (alert_id)
);
create unique index alert_open_uq on ops.alert (event, subject) where ended_at is null;
comment on table ops.alert is 'One row a trouble from when it was seen until it was well again: it is told once, whatever often it is seen';
comment on column ops.alert.alert_id is 'Number of the alert';
comment on column ops.alert.event is 'Kind of event, as include/reference/alerts.yaml names it';
comment on column ops.alert.subject is 'What it concerns: one event has at most one open alert of a subject';
comment on column ops.alert.source_code is 'Source that it concerns; null = none alone';
comment on column ops.alert.unit_code is 'Unit or scope that it concerns; null = none alone';
comment on column ops.alert.level is 'Level of that unit or scope';
comment on column ops.alert.is_reported is 'Whether Airflow reported it, and reports its end; otherwise it is looked for in the warehouse';
comment on column ops.alert.facts is 'What the message says, without personal data; the newest state while it is open';
comment on column ops.alert.since_at is 'Since when it has been so';
comment on column ops.alert.opened_at is 'When it was seen first';
comment on column ops.alert.ended_at is 'When it was seen to be well again; null = open';

create table ops.alert_delivery (
    delivery_id bigint generated always as identity,
    alert_id bigint not null,
    recipient text not null,
    kind text not null,
    created_at timestamptz not null,
    sent_at timestamptz,
    tries integer not null default 0,
    tried_at timestamptz,
    problem text,
    constraint alert_delivery_pk primary key (delivery_id),
    constraint alert_delivery_kind_ck check (kind in ('opened', 'reminder', 'ended'))
);
create unique index alert_delivery_waiting_uq on ops.alert_delivery (alert_id, recipient, kind) where sent_at is null;
create index alert_delivery_alert_ix on ops.alert_delivery (alert_id);
comment on table ops.alert_delivery is 'One row what a recipient is told of an alert; it is tried again until it is sent';
comment on column ops.alert_delivery.delivery_id is 'Number of the row';
comment on column ops.alert_delivery.alert_id is 'Alert';
comment on column ops.alert_delivery.recipient is 'Recipient, by its name in include/reference/alerts.yaml';
comment on column ops.alert_delivery.kind is 'opened: it is so; reminder: it is still so; ended: it is well again';
comment on column ops.alert_delivery.created_at is 'When it was to be sent first';
comment on column ops.alert_delivery.sent_at is 'When it was sent; null = it waits';
comment on column ops.alert_delivery.tries is 'How often sending it has failed';
comment on column ops.alert_delivery.tried_at is 'When sending it failed last';
comment on column ops.alert_delivery.problem is 'Why it failed last, in words, without the address';

create table ops.alert_recipient (
    recipient text not null,
    problem text,
    checked_at timestamptz not null,
    constraint alert_recipient_pk primary key (recipient)
);
comment on table ops.alert_recipient is 'One row a recipient as the last sending found it: whether it has an address to be told at';
comment on column ops.alert_recipient.recipient is 'Recipient, by its name in include/reference/alerts.yaml';
comment on column ops.alert_recipient.problem is 'What is missing, such as its connection; null = it can be told';
comment on column ops.alert_recipient.checked_at is 'When it was looked at';
