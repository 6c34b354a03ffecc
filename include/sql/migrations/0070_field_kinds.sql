-- grain: one statement a change; of which kinds the values of a field were as delivered, and which of its words no list of codes has
-- source: cchc.staging.fields
-- traps: forward only; of loads of before nobody knows it (null), and a field that no column uses has no values here at all

alter table ops.load_field add column kinds jsonb;
alter table ops.load_field add column unknown_codes jsonb;
comment on column ops.load_field.kinds is 'How many of its values came as text, number, truth, list, object; null where no column uses the field, and for loads of before';
comment on column ops.load_field.unknown_codes is 'Delivered words that the list of codes in force then does not have, each with its number; a word that may be personal by its length alone; null where there is no list, and for loads of before';
