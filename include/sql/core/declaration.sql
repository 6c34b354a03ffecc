-- grain: one row for each plan, indicator and unit that may declare it
-- source: bind values, one set for each duty that is new or changed

insert into core.declaration (plan_code, indicator_code, unit_code, form, is_required, reason, kinds, levels)
values (:plan_code, :indicator_code, :unit_code, :form, :is_required, :reason, :kinds, :levels)
on conflict (plan_code, indicator_code, unit_code) do update set
    form = excluded.form,
    is_required = excluded.is_required,
    reason = excluded.reason,
    kinds = excluded.kinds,
    levels = excluded.levels
