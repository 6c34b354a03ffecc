-- grain: one row: how many values a period has, a hash of which they are, and one of all that they say
-- source: mart.indicator_value
-- traps: the moment at which a value was computed is in neither hash: one that changed and changed back is what it was

with value as (
    select
        concat_ws(' ', v.unit_code, v.indicator_code, v.formula_version, v.basis, v.plan_code) as value_key,
        cast(to_jsonb(v) - 'computed_at' as text) as content
    from mart.indicator_value as v
    where v.period_kind = cast(:period_kind as text) and v.period_start = cast(:period_start as date)
)

select
    count(*) as value_count,
    md5(coalesce(string_agg(v.value_key, '|' order by v.value_key), '')) as keys_hash,
    md5(coalesce(string_agg(v.content, '|' order by v.value_key), '')) as content_hash
from value as v
