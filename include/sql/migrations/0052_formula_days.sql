-- grain: one statement a change; several versions of a formula hold beside one another, each for the periods that end on its days
-- source: include/reference/indicators.yaml (valid_from, earlier)
-- traps: a version that has ended is not computed any more; one with a valid_to still is, for the periods before that day

alter table core.indicator add column valid_from date;
alter table core.indicator add column valid_to date;
comment on column core.indicator.valid_from is 'First day on which it holds: in the periods whose last day is then or later; null = in every period before, too | Ngày đầu áp dụng công thức';
comment on column core.indicator.valid_to is 'Last day on which it holds; null = it is the newest version | Ngày cuối áp dụng công thức';
