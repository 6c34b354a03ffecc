-- grain: one statement a change; how many values of a field were another than the first one of their load
-- source: cchc.staging.fields
-- traps: forward only; of loads of before nobody knows it (null). A field that always had several values and has one alone is what a vendor
--        leaves behind who fills in a constant; nothing of it can be seen from single records

alter table ops.load_field add column differing_count bigint;
comment on column ops.load_field.differing_count is 'Values that are another than the first value of the load; 0: all are the same; null where no column uses the field, and for loads of before';
