-- grain: one row for each open restatement
-- source: difference (temporary)
-- traps: a difference that was found before and did not change keeps its row and its moment

insert into mart.restatement as r (
    publication_id, unit_code, indicator_code, basis, level,
    published_numerator, published_denominator, published_value, published_status,
    numerator, denominator, value, status, state, source_clocks, found_at
)
select
    cast(:publication_id as bigint) as publication_id,
    d.unit_code,
    d.indicator_code,
    d.basis,
    d.level,
    d.published_numerator,
    d.published_denominator,
    d.published_value,
    d.published_status,
    d.numerator,
    d.denominator,
    d.value,
    d.status,
    'open' as state,
    cast(:source_clocks as jsonb) as source_clocks,
    cast(:now as timestamptz) as found_at
from difference as d
order by d.unit_code, d.indicator_code, d.basis
on conflict (publication_id, unit_code, indicator_code, basis) where state = 'open' do update set
    numerator = excluded.numerator,
    denominator = excluded.denominator,
    value = excluded.value,
    status = excluded.status,
    source_clocks = excluded.source_clocks,
    found_at = excluded.found_at
where
    r.numerator is distinct from excluded.numerator
    or r.denominator is distinct from excluded.denominator
    or r.status is distinct from excluded.status
