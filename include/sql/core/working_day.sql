-- grain: one row for each day: whether people work on it
-- source: bind values, one set for each day that changed

insert into core.working_day (day, is_working, reason, is_decided)
values (:day, :is_working, :reason, :is_decided)
on conflict (day) do update set
    is_working = excluded.is_working,
    reason = excluded.reason,
    is_decided = excluded.is_decided
