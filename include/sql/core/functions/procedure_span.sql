-- grain: one row for each version of a procedure at a unit, with the days of reception for which it is the procedure of a dossier
-- source: core.procedure_at
-- traps: the version with the greatest first day on or before the reception, else the oldest: the spans of a procedure at a unit leave no
--        gap

create or replace function core.procedure_span(source text, j timestamptz, known timestamptz)
returns table (
    procedure_code text,
    unit_code text,
    from_date date,
    before_date date,
    yields_document boolean,
    is_certification boolean
)
language sql stable
as $$
with version as (
    select distinct on (p.unit_code, p.procedure_code, p.valid_from) p.*
    from core.procedure_at(source, j, known) as p
    where p.procedure_code is not null
    order by p.unit_code asc, p.procedure_code asc, p.valid_from asc, p.listed_valid_to desc nulls first
),

placed as (
    select
        v.*,
        row_number() over (partition by v.unit_code, v.procedure_code order by v.valid_from) as position,
        lead(v.valid_from) over (partition by v.unit_code, v.procedure_code order by v.valid_from) as next_from
    from version as v
)

select
    p.procedure_code,
    p.unit_code,
    case when p.position = 1 then cast('-infinity' as date) else p.valid_from end as from_date,
    coalesce(p.next_from, cast('infinity' as date)) as before_date,
    p.yields_document,
    p.is_certification
from placed as p
$$;
comment on function core.procedure_span is 'The procedure of a dossier (docs/reference/indicators.md#39-procedure-of-a-dossier): the version with the greatest HieuLucTu <= day of reception, else the oldest';
