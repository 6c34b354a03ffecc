-- grain: one row for each open alert, the newest first, with who was told and what waits
-- source: ops.alert, ops.alert_delivery

select
    a.alert_id,
    a.event,
    a.subject,
    a.source_code,
    a.unit_code,
    a.facts,
    a.since_at,
    a.opened_at,
    array_remove(array_agg(distinct d.recipient) filter (where d.sent_at is not null), null) as told,
    array_remove(array_agg(distinct d.recipient) filter (where d.sent_at is null), null) as untold
from ops.alert as a
left join ops.alert_delivery as d on a.alert_id = d.alert_id
where a.ended_at is null
group by a.alert_id
order by a.event, a.since_at, a.subject
