-- grain: one row for each time range with one due of a dossier, with what set it, the oldest first
-- source: core.dossier_due, core.dossier_supplement, core.dossier_version, mart.dossier
-- traps: a due holds for moments after `valid_after`. The one in force is the last that holds on the day of the end, or, of an open
--        dossier, the last of all (core/dossier_due.sql, mart/dossier.sql)

with due as (
    select
        u.valid_after,
        u.due_at,
        d.finished_date,
        s.zone
    from core.dossier_due as u
    inner join mart.dossier as d on u.dossier_id = d.dossier_id
    inner join core.source as s on u.source_code = s.source_code
    where u.dossier_id = cast(:dossier_id as bigint)
),

in_force as (
    select max(u.valid_after) as valid_after
    from due as u
    where u.finished_date is null or u.valid_after < cast(u.finished_date + 1 as timestamp) at time zone u.zone
)

select
    nullif(u.valid_after, '-infinity') as valid_after,
    u.due_at,
    u.valid_after = f.valid_after as is_in_force,
    case
        when exists (
            select 1
            from core.dossier_supplement as r
            where r.dossier_id = cast(:dossier_id as bigint) and r.received_back_at = u.valid_after
        ) then 'supplement'
        when u.valid_after = '-infinity' then 'first'
        else 'version'
    end as set_by,
    v._first_seen_at as known_at,
    v._load_id as load_id
from due as u
cross join in_force as f
left join lateral (
    select
        w._first_seen_at,
        w._load_id
    from core.dossier_version as w
    where
        w.dossier_id = cast(:dossier_id as bigint)
        and (u.valid_after = '-infinity' or w._changed_at = u.valid_after)
    order by w._changed_at asc, w._first_seen_at asc
    limit 1
) as v on true
order by u.valid_after
