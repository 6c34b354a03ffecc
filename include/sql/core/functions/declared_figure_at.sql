-- grain: one row for each unit and indicator: the declared figure of a month, of the files in force as known at `known` (T)
-- source: core.declared_file, core.declared_figure_version
-- traps: a newer file replaces the whole earlier one, including figures that it leaves out

create or replace function core.declared_figure_at(source text, month date, known timestamptz)
returns table (
    unit_code text,
    indicator_code text,
    numerator bigint,
    denominator bigint,
    is_approved boolean,
    file_name text,
    file_line bigint,
    file_revision integer,
    first_seen_at timestamptz
)
language sql stable
as $$
with in_force as (
    select distinct on (f.unit_code) f.unit_code, f.file_revision, f._first_seen_at
    from core.declared_file as f
    where f.source_code = source and f.month_start = month and f._first_seen_at <= known
    order by f.unit_code asc, f.file_revision desc, f._first_seen_at desc
)

select v.unit_code, v.indicator_code, v.numerator, v.denominator, v.is_approved, v.file_name, v.file_line, v.file_revision, v._first_seen_at
from in_force as f
inner join core.declared_figure_version as v
    on v.unit_code = f.unit_code and v.month_start = month and v.file_revision = f.file_revision
    and v._first_seen_at = f._first_seen_at and v.source_code = source
$$;
comment on function core.declared_figure_at is 'One row a declared figure of a month, of the files in force as known at T';
