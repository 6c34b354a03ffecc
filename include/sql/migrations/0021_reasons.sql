-- grain: one statement a change; why an item counts otherwise than when its period was published
-- source: indicators.md §8.4
-- traps: what was found before stays as it was found: no before and after, and the reasons of then

alter table mart.restatement_item drop constraint restatement_item_change_ck;
alter table mart.restatement_item add constraint restatement_item_change_ck
check (change in ('added', 'removed', 'changed', 'numerator_gained', 'numerator_lost'));
alter table mart.restatement_item add column before text;
alter table mart.restatement_item add column after text;
alter table mart.restatement_item add column detail text;
comment on column mart.restatement_item.change is 'added, removed: counted now, or then; numerator_gained, numerator_lost: counted both times, on the other side; changed: a declared figure that is another one | Thay đổi';
comment on column mart.restatement_item.reason is 'The first that holds. deleted, restored: its record is deleted now, or was then; left_out: it breaks a critical rule now, or did then; late: its record was first learnt after the publication; changed: a version of it was; definition: the formula is another one; reference: what it was counted by is another one | Lý do';
comment on column mart.restatement_item.before is 'How it counted when the period was published: numerator, denominator (that side alone), the figure of a declared one; null = not at all | Trước';
comment on column mart.restatement_item.after is 'How it counts now; null = not at all | Sau';
comment on column mart.restatement_item.detail is 'Of definition and reference: what is another one (formula; units, procedure_list, leader_list, calendar, another_source; record_not_named: the catalogue does not say what stands behind an item) | Chi tiết';
