-- grain: one row: an account, added or added anew
-- source: bind values

insert into ops.account (user_name, kind, role, unit_code, added_at, added_by)
values (:user, :kind, :role, cast(:unit as text), :added_at, :added_by)
on conflict (kind, user_name) do update set
    role = excluded.role,
    unit_code = excluded.unit_code,
    added_at = excluded.added_at,
    added_by = excluded.added_by
