-- grain: one statement a change; a plan says of itself what papers print: number, day of signature, title
-- source: plan.yaml in the folder of a plan (include/plans)
-- traps: null for a plan that was loaded before a plan had a header and whose files are gone; papers take the number from its code then

alter table core.plan add column plan_number text;
alter table core.plan add column signed_on date;
alter table core.plan add column title_vi text;
comment on column core.plan.plan_code is 'Plan, as its folder in include/plans is named | Kế hoạch, theo tên thư mục';
comment on column core.plan.plan_number is 'Its number as papers print it, for example 53/KH-UBND; null = ended before it had a header | Số ký hiệu';
comment on column core.plan.signed_on is 'Day on which it was signed; null = ended before it had a header | Ngày ký';
comment on column core.plan.title_vi is 'Its title; null = ended before it had a header | Tên kế hoạch';
comment on column core.plan_target.plan_code is 'Plan, as its folder in include/plans is named | Kế hoạch, theo tên thư mục';
comment on column core.plan.ended_at is 'When its folder was found to be gone: it holds no more, what was published under it stays; null = in force | Thời điểm kế hoạch hết hiệu lực do thư mục không còn; trống = còn hiệu lực';
