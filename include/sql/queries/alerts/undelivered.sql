-- grain: one row for each recipient that could not be told of something
-- source: ops.alert_delivery, ops.alert
-- traps: what could not be told of an undelivered message itself does not count, or it would never end

select
    d.recipient,
    count(*) as waiting_count,
    min(d.created_at) as since_at,
    (array_agg(d.problem order by d.tried_at desc))[1] as problem
from ops.alert_delivery as d
inner join ops.alert as a on d.alert_id = a.alert_id
where d.sent_at is null and d.tries > 0 and a.event <> 'undelivered'
group by d.recipient
order by d.recipient
