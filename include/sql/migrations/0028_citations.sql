-- grain: none: comments that cite a page of docs/reference
-- source: docs/reference/indicators.md
-- traps: comments of views and functions stand in their own files; the earlier migrations are frozen and cite what they always did

comment on column core.assessment_version._changed_at is 'Change time of this version (docs/reference/indicators.md#21-three-clocks)';
comment on column core.document_version._changed_at is 'Change time of this version (docs/reference/indicators.md#21-three-clocks)';
comment on column core.dossier_version._changed_at is 'Change time of this version (docs/reference/indicators.md#21-three-clocks)';
comment on column core.dossier_step_version._changed_at is 'Change time of this version (docs/reference/indicators.md#21-three-clocks)';
comment on column core.payment_version._changed_at is 'Change time of this version (docs/reference/indicators.md#21-three-clocks)';
comment on column core.signature_version._changed_at is 'Change time of this version (docs/reference/indicators.md#21-three-clocks)';
comment on column core.work_file_version._changed_at is 'Change time of this version (docs/reference/indicators.md#21-three-clocks)';
comment on column core.feedback_version._changed_at is 'Change time of this version: 00:00 of the day in the file''s name (docs/reference/indicators.md#21-three-clocks) | Thời điểm thay đổi của phiên bản: 00:00 của ngày trong tên tệp';
comment on column core.survey_answer_version._changed_at is 'Change time of this version: 00:00 of the day in the file''s name (docs/reference/indicators.md#21-three-clocks) | Thời điểm thay đổi của phiên bản: 00:00 của ngày trong tên tệp';
comment on table core.dossier_due is 'One row a stretch of time with one due: for a moment X, the row with the greatest valid_after < X (docs/reference/indicators.md#34-due)';
comment on table core.indicator is 'One row an indicator and formula version: its definition (docs/reference/indicators.md#7-the-computed-indicators)';
comment on column mart.dossier.finished_at is 'Finished at (docs/reference/indicators.md#32-finished); null = open | Ngày kết thúc xử lý';
