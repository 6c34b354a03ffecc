-- grain: one row for each unit of the authority that is expected to send something in a period, and indicator that has a coverage there
-- source: mart.source_coverage, core.indicator, core.unit_at
-- traps: as stored when the period was last computed; scopes of several units are left out

select
    c.unit_code,
    u.name as unit_name,
    u.level,
    c.indicator_code,
    i.role,
    c.coverage
from mart.source_coverage as c
inner join core.indicator as i on c.indicator_code = i.indicator_code
inner join core.unit_at(cast(:d as date)) as u on c.unit_code = u.unit_code
where
    i.ended_at is null and i.valid_to is null
    and c.period_kind = cast(:kind as text)
    and c.period_start = cast(:start as date)
    and c.basis = 'period'
