-- grain: one row for each plan
-- source: bind values
-- traps: a plan whose files are there again has not ended

insert into core.plan (plan_code, valid_from, valid_to, added_at)
values (:plan, :first, :last, :now)
on conflict (plan_code) do update set valid_from = excluded.valid_from, valid_to = excluded.valid_to, ended_at = null
