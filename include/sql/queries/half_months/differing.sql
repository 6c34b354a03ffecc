-- grain: one row for each half month of an indicator whose kept count differed from the count that was just made
-- source: kept_half_month (temporary: what was kept, of what could be up to date), ops.half_month_count
-- traps: only half months that were kept as up to date and are counted now in the same context are compared

with together as (
    select
        k.context,
        k.source_code,
        k.half_month,
        k.unit_code,
        k.from_date,
        k.numerator,
        k.denominator,
        'kept' as origin
    from kept_half_month as k
    union all
    select
        c.context,
        c.source_code,
        c.half_month,
        c.unit_code,
        c.from_date,
        c.numerator,
        c.denominator,
        'new' as origin
    from ops.half_month_count as c
),

summed as (
    select
        b.context,
        b.source_code,
        b.half_month,
        b.unit_code,
        b.from_date,
        coalesce(sum(b.numerator) filter (where b.origin = 'kept'), 0) as kept_numerator,
        coalesce(sum(b.denominator) filter (where b.origin = 'kept'), 0) as kept_denominator,
        coalesce(sum(b.numerator) filter (where b.origin = 'new'), 0) as new_numerator,
        coalesce(sum(b.denominator) filter (where b.origin = 'new'), 0) as new_denominator
    from together as b
    group by b.context, b.source_code, b.half_month, b.unit_code, b.from_date
)

select
    c.indicator_code,
    s.source_code,
    s.half_month,
    s.unit_code,
    s.kept_numerator,
    s.kept_denominator,
    s.new_numerator,
    s.new_denominator
from summed as s
inner join kept_half_month_counted as k on s.context = k.context and s.source_code = k.source_code and s.half_month = k.half_month
inner join ops.half_month_counted as c on s.context = c.context and s.source_code = c.source_code and s.half_month = c.half_month
where
    k.end_at = c.end_at
    and k.changes = c.changes
    and (s.kept_numerator, s.kept_denominator) is distinct from (s.new_numerator, s.new_denominator)
order by c.indicator_code, s.source_code, s.half_month, s.unit_code
