-- grain: one row for each declared workbook of one extract
-- source: staged_declared_figure (temporary: the staged figures)
-- traps: the hash covers the figures in the order of their indicators, with their row in the sheet; a row without a number is not a figure

create temp table declared_file_delivered on commit drop as
select
    source_code,
    unit_code,
    month_start,
    file_revision,
    _first_seen_at,
    _load_id,
    min(_file) as file_name,
    count(*) as figure_count,
    md5(string_agg(concat_ws('|', _line, _content_hash), ',' order by indicator_code)) as content_hash
from staged_declared_figure
where numerator is not null
group by source_code, unit_code, month_start, file_revision, _first_seen_at, _load_id
