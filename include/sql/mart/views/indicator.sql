-- grain: one row for each indicator: its newest definition
-- source: core.indicator
-- traps: a published value may have been made by an older version of the formula (mart.publication_value.formula_version)

create or replace view mart.indicator as
select distinct on (i.indicator_code)
    i.indicator_code,
    i.name_vi,
    i.name_en,
    i.kind as indicator_kind,
    i.role as source_role,
    i.numerator_vi,
    i.denominator_vi,
    i.formula_version
from core.indicator as i
order by i.indicator_code asc, i.formula_version desc;
comment on view mart.indicator is 'One row an indicator: its newest definition | Mỗi chỉ tiêu một dòng: định nghĩa hiện hành';
comment on column mart.indicator.indicator_code is 'Indicator | Mã chỉ tiêu';
comment on column mart.indicator.name_vi is 'Name in Vietnamese | Tên chỉ tiêu';
comment on column mart.indicator.name_en is 'Name in English | Tên tiếng Anh';
comment on column mart.indicator.indicator_kind is 'flow: counted over the period; stock: the state on its last day; count: a number without denominator; score: points | Loại chỉ tiêu';
comment on column mart.indicator.source_role is 'Role of the sources that it counts: dossiers, documents, payments, feedback, declared | Nguồn được tính';
comment on column mart.indicator.numerator_vi is 'Numerator in words | Tử số, bằng lời';
comment on column mart.indicator.denominator_vi is 'Denominator in words | Mẫu số, bằng lời';
comment on column mart.indicator.formula_version is 'Version of its formula | Phiên bản công thức';
