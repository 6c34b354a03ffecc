-- grain: one row for each plan
-- source: bind values
-- traps: a plan whose folder is there again has not ended

insert into core.plan (plan_code, valid_from, valid_to, plan_number, signed_on, title_vi, added_at)
values (:plan, :first, :last, :number, :signed_on, :title, :now)
on conflict (plan_code) do update set
    valid_from = excluded.valid_from,
    valid_to = excluded.valid_to,
    plan_number = excluded.plan_number,
    signed_on = excluded.signed_on,
    title_vi = excluded.title_vi,
    ended_at = null
