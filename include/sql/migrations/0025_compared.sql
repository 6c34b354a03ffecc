-- grain: none: what a direction was judged against, beside the value
-- source: mart.indicator_value, mart.publication_value
-- traps: filled where the plan that holds has a direction for the indicator; the year to date of the same period a year before

alter table mart.indicator_value add column compared_numerator bigint;
alter table mart.indicator_value add column compared_denominator bigint;
comment on column mart.indicator_value.compared_numerator is 'Of a direction: numerator of the year to date of the same period a year before, which the status compares with; of a merged unit that of its predecessors together | Tử số lũy kế cùng kỳ năm trước, dùng để đánh giá';
comment on column mart.indicator_value.compared_denominator is 'Of a direction: the denominator that goes with it; null of a count | Mẫu số lũy kế cùng kỳ năm trước';
comment on column mart.indicator_value.status is 'met, missed, on_pace, behind, no_data; null where no target stands or no plan holds. Of a flow both bases have the status of the year to date | Đánh giá; chỉ tiêu theo dòng lấy đánh giá lũy kế cho cả hai cách tính';
comment on column mart.indicator_value.gap_count is 'How many are missing to the target on this basis; the status of a flow belongs to the gap of the year to date | Còn thiếu theo cách tính này; đánh giá gắn với số còn thiếu lũy kế';

alter table mart.publication_value add column compared_numerator bigint;
alter table mart.publication_value add column compared_denominator bigint;
comment on column mart.publication_value.compared_numerator is 'As mart.indicator_value.compared_numerator, when it was published; null in editions of before this column | Tử số lũy kế cùng kỳ năm trước khi công bố';
comment on column mart.publication_value.compared_denominator is 'The denominator that goes with it | Mẫu số lũy kế cùng kỳ năm trước khi công bố';
