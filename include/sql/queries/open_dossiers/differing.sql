-- grain: one row for each dossier and day on which what is kept is not what judging the whole day gives
-- source: mart.dossier_open, ops.open_dossier_day, core.dossier_open_at
-- traps: every note of a change is taken before

with judged as (
    select
        y.source_code,
        y.as_of_date,
        o.*
    from ops.open_dossier_day as y
    cross join lateral core.dossier_open_at(y.source_code, y.end_at, y.as_of_date) as o
),

kept as (
    select k.*
    from mart.dossier_open as k
    inner join ops.open_dossier_day as y on k.source_code = y.source_code and k.as_of_date = y.as_of_date
)

select
    coalesce(j.source_code, k.source_code) as source_code,
    coalesce(j.as_of_date, k.as_of_date) as as_of_date,
    coalesce(j.dossier_code, k.dossier_code) as dossier_code
from judged as j
full join kept as k on j.source_code = k.source_code and j.as_of_date = k.as_of_date and j.dossier_id = k.dossier_id
where
    j.dossier_id is null
    or k.dossier_id is null
    or (j.dossier_code, j.unit_code, j.field_code, j.received_date, j.due_date, j.is_paused, j.paused_since_date, j.is_past_due)
    is distinct from (k.dossier_code, k.unit_code, k.field_code, k.received_date, k.due_date, k.is_paused, k.paused_since_date, k.is_past_due)
order by 1, 2, 3
