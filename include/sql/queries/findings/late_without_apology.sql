-- grain: one row for each late dossier, open or finished, without an apology to the applicant
-- source: mart.dossier, core.dossier_open_at, ops.source_clock; plan 53, 2.2b (an apology for every late dossier)
-- traps: open dossiers are judged at known_at; a missing SoLanXinLoi counts as 0; the outcome does not matter

with late as (
    select
        d.*,
        d.finished_date - d.due_date as days_late
    from mart.dossier as d
    where d.is_counted and d.timeliness = 'late'
    union all
    select
        d.*,
        coalesce(o.paused_since_date, k.last_day) - o.due_date as days_late
    from (
        select
            c.source_code,
            c.known_at,
            cast((c.known_at - interval '1 microsecond') at time zone (select a.zone from core.authority as a) as date) as last_day
        from ops.source_clock as c
    ) as k
    cross join lateral core.dossier_open_at(k.source_code, k.known_at, k.last_day) as o
    inner join mart.dossier as d on o.dossier_id = d.dossier_id
    where o.is_past_due
)

select
    d.source_code,
    d.unit_code,
    coalesce(d.finished_date, d.received_date) as month_day,
    d.dossier_code as item,
    d.dossier_code,
    d.due_date as event_date,
    jsonb_build_object('days_late', d.days_late, 'due_date', d.due_date, 'is_open', d.finished_at is null) as detail
from late as d
where coalesce(d.apology_count, 0) = 0
