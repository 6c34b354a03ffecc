-- grain: one row for each thing that a recipient is still to be told, the oldest first
-- source: ops.alert_delivery, ops.alert

select
    d.delivery_id,
    d.recipient,
    d.kind,
    a.alert_id,
    a.event,
    a.subject,
    a.source_code,
    a.unit_code,
    a.level,
    a.facts,
    a.since_at,
    a.ended_at
from ops.alert_delivery as d
inner join ops.alert as a on d.alert_id = a.alert_id
where d.sent_at is null
order by a.alert_id, d.delivery_id
