-- grain: one row: what the findings depend on, so that a change of it can be seen
-- source: ops.load, ops.extract, mart.indicator_value

select
    (select max(l.load_id) from ops.load as l where l.status = 'loaded') as newest_load,
    (select max(e.extract_id) from ops.extract as e where e.status = 'complete') as newest_extract,
    (select max(v.computed_at) from mart.indicator_value as v where v.unit_code = 'all') as computed_at
