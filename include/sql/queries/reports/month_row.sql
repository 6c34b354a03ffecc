-- grain: one row for each month (or report month) of the year up to the end of the period, for one scope
-- source: mart.indicator_value
-- traps: a month that is not computed is missing, not zero

select
    v.period_start,
    cast(v.period_end - 1 as date) as last_day,
    max(v.denominator) filter (where v.indicator_code = 'online_dossier_rate') as received,
    max(v.numerator) filter (where v.indicator_code = 'online_dossier_rate') as received_online,
    max(v.denominator) filter (where v.indicator_code = 'dossier_on_time_rate') as resolved,
    round(max(v.value) filter (where v.indicator_code = 'dossier_on_time_rate') * 100, 2) as on_time_value,
    round(max(v.value) filter (where v.indicator_code = 'online_dossier_rate') * 100, 2) as online_value
from mart.indicator_value as v
inner join core.indicator as i on v.indicator_code = i.indicator_code and v.formula_version = i.formula_version
where
    i.ended_at is null
    and v.unit_code = cast(:scope as text)
    and v.basis = 'period'
    and v.period_kind = cast(:month_kind as text)
    and v.period_start >= cast(:year_start as date) and v.period_end <= cast(:end_day as date)
    and v.indicator_code in ('online_dossier_rate', 'dossier_on_time_rate')
group by v.period_start, v.period_end
order by v.period_start
