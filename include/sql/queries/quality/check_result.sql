-- grain: one row for each load, rule and phase (check, audit)
-- source: bind values

insert into ops.check_result (load_id, rule, action, phase, is_success, unexpected_count, message)
values (:load_id, :rule, :action, :phase, :is_success, :unexpected_count, :message)
on conflict (load_id, rule, phase) do update set
    action = excluded.action,
    is_success = excluded.is_success,
    unexpected_count = excluded.unexpected_count,
    message = excluded.message
