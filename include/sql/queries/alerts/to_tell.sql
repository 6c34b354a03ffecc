-- grain: one row for each open alert and recipient, with what the recipient was told of it last
-- source: ops.alert, ops.alert_delivery

select
    a.alert_id,
    a.event,
    a.subject,
    a.source_code,
    a.unit_code,
    a.level,
    d.recipient,
    max(d.sent_at) as last_sent_at,
    bool_or(d.sent_at is null) as is_waiting
from ops.alert as a
left join ops.alert_delivery as d on a.alert_id = d.alert_id and d.kind in ('opened', 'reminder')
where a.ended_at is null
group by a.alert_id, a.event, a.subject, a.source_code, a.unit_code, a.level, d.recipient
order by a.alert_id, d.recipient
