-- grain: one statement a comment
-- source: the folder of the authority (CCHC_AUTHORITY)
-- traps: nothing but comments: the files of the authority moved from include/reference into a folder of its own

comment on table core.authority is 'One row: the authority whose plan is measured (authority.yaml of its folder) | Một dòng: cơ quan có kế hoạch được đo lường';
comment on table core.declaration is 'One row a plan, indicator and unit that declares it (declarations.yaml of the authority, crossed with the levels of the plan), whatever the unit''s validity | Mỗi kế hoạch, chỉ tiêu và đơn vị tự khai một dòng, kể cả đơn vị đã hết hiệu lực';
comment on column ops.alert.event is 'Kind of event, as alerts.yaml of the authority names it';
comment on column ops.alert_delivery.recipient is 'Recipient, by its name in alerts.yaml of the authority';
comment on column ops.alert_recipient.recipient is 'Recipient, by its name in alerts.yaml of the authority';
