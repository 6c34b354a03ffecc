-- grain: one new row for each alert that has ended and recipient that was told of it, and not yet of its end
-- source: ops.alert, ops.alert_delivery
-- traps: what only announces something has no end; the outlook of a year ends with the year, and nothing is well by that

insert into ops.alert_delivery (alert_id, recipient, kind, created_at)
select distinct
    a.alert_id,
    d.recipient,
    'ended' as kind,
    cast(:now as timestamptz) as created_at
from ops.alert as a
inner join ops.alert_delivery as d on a.alert_id = d.alert_id
where
    a.ended_at is not null and a.event not in ('published', 'process_restarted') and d.kind = 'opened' and d.sent_at is not null
    and not (
        a.event = 'outlook_miss'
        and cast(a.facts ->> 'year' as integer) < extract(year from a.ended_at at time zone (select z.zone from core.authority as z))
    )
    and not exists (
        select 1 from ops.alert_delivery as e where e.alert_id = a.alert_id and e.recipient = d.recipient and e.kind = 'ended'
    )
