-- grain: one statement a change; the reason of a restatement whose record was withdrawn
-- source: include/sql/queries/publication/restatement_item.sql
-- traps: forward only; the constraint on mart.restatement_item holds the kinds of change, not the reasons

comment on column mart.restatement_item.reason is 'The first that holds. withdrawn: a person withdrew what had been delivered of its record; deleted, restored: its record is deleted now, or was then; left_out: it breaks a critical rule now, or did then; late: its record was first learnt after the publication; changed: a version of it was; definition: the formula is another one; reference: what it was counted by is another one | Lý do';
comment on column mart.restatement_item.detail is 'Of withdrawn: who withdrew, and why; of definition and reference: what is another one (formula; units, procedure_list, leader_list, calendar, another_source; record_not_named: the catalogue does not say what stands behind an item) | Chi tiết';
