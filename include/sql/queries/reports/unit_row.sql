-- grain: one row for each unit of the plan's tree that existed on any day of the period and has a value in it
-- source: mart.scorecard, core.unit_in_period, core.plan_target
-- traps: targets judged leave out no_data; a unit is called as on the last day, or as it was published

with shown as (
    select s.*
    from mart.scorecard as s
    where s.period_kind = cast(:kind as text) and s.period_start = cast(:start as date)
)

select
    u.unit_code,
    u.name as unit_name,
    u.level,
    u.kind as unit_kind,
    max(s.period_denominator) filter (where s.indicator_code = 'online_dossier_rate') as received,
    max(s.period_denominator) filter (where s.indicator_code = 'dossier_on_time_rate') as resolved,
    max(s.period_value) filter (where s.indicator_code = 'dossier_on_time_rate') as on_time_value,
    max(s.period_value) filter (where s.indicator_code = 'online_dossier_rate') as online_value,
    max(s.period_value) filter (where s.indicator_code = 'dossier_digitized_rate') as digitized_value,
    max(s.period_value) filter (where s.indicator_code = 'electronic_result_rate') as electronic_result_value,
    count(*) filter (where s.target_no is not null and s.status = 'met') as met,
    count(*) filter (where s.target_no is not null and s.status in ('met', 'missed', 'on_pace', 'behind')) as judged,
    coalesce(
        array_agg(s.target_no order by s.target_order) filter (where s.target_no is not null and s.status = any(cast(:failed as text []))),
        cast(array[] as text [])
    ) as failed,
    coalesce(bool_or(s.is_provisional) filter (where s.period_denominator > 0), false) as is_provisional
from core.unit_in_period(cast(:kind as text), cast(:start as date), cast(:last_day as date), cast(:as_published as boolean)) as u
inner join shown as s on u.unit_code = s.unit_code
where
    u.root_code = cast(:root as text)
    and u.has_existed
group by u.unit_code, u.name, u.level, u.kind
order by u.level desc, lpad(substring(u.unit_code from '[0-9]+$'), 6, '0') asc, u.unit_code asc
