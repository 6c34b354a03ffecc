-- grain: one row for each counted item of an indicator, basis and unit that counts differently now than when the period was published
-- source: published_item, item_now (temporary: what was counted then and is counted now), mart.restatement, core.declared_figure_version,
--        ops.withdrawn_row
-- traps: a dossier without a unit counts nowhere, and an edition does not freeze it. The item of a declared figure names file, line and
--        figure. Two such items of one unit, month and indicator are one row, `changed`

create temp table changed_item on commit drop as
with restated as (
    select distinct
        r.indicator_code,
        r.basis
    from mart.restatement as r
    where
        r.publication_id = cast(:publication_id as bigint)
        and r.state = 'open'
        and r.indicator_code in (select l.code from jsonb_to_recordset(cast(:listed as jsonb)) as l (code text))
),

counted as (
    select n.*
    from item_now as n
    inner join restated as r on n.indicator_code = r.indicator_code and n.basis = r.basis
    where n.unit_code is not null
),

differing as (
    select
        coalesce(p.indicator_code, c.indicator_code) as indicator_code,
        coalesce(p.basis, c.basis) as basis,
        coalesce(p.unit_code, c.unit_code) as unit_code,
        coalesce(p.item, c.item) as item,
        case
            when p.item is null then 'added'
            when c.item is null then 'removed'
            when c.is_numerator then 'numerator_gained'
            else 'numerator_lost'
        end as change,
        case when p.is_numerator then 'numerator' when p.item is not null then 'denominator' end as before,
        case when c.is_numerator then 'numerator' when c.item is not null then 'denominator' end as after
    from published_item as p
    full join counted as c
        on p.indicator_code = c.indicator_code and p.basis = c.basis and p.unit_code = c.unit_code and p.item = c.item
    where p.item is null or c.item is null or p.is_numerator <> c.is_numerator
),

-- a figure that was withdrawn since stands in core no longer
delivered as (
    select
        indicator_code,
        file_name,
        file_line,
        unit_code,
        numerator,
        denominator
    from core.declared_figure_version
    union all
    select
        v.indicator_code,
        v.file_name,
        v.file_line,
        v.unit_code,
        v.numerator,
        v.denominator
    from ops.withdrawn_row as r
    cross join lateral jsonb_populate_record(cast(null as core.declared_figure_version), r.record) as v
    where r.table_name = 'core.declared_figure_version'
),

-- the declared figure that an item names
figure as (
    select distinct
        d.indicator_code,
        d.item,
        f.unit_code as declared_by,
        concat_ws('/', f.numerator, f.denominator) as figure
    from differing as d
    inner join delivered as f
        on
            d.indicator_code = f.indicator_code
            and d.item = concat_ws('', f.file_name, ', SoLieu!A', f.file_line, ': ' || concat_ws('/', f.numerator, f.denominator))
),

declared as (
    select
        d.*,
        f.declared_by,
        f.figure
    from differing as d
    inner join figure as f on d.indicator_code = f.indicator_code and d.item = f.item
),

arrived as (
    select * from declared where change = 'added'
),

gone as (
    select * from declared where change = 'removed'
)

select
    d.indicator_code,
    d.basis,
    d.unit_code,
    d.item,
    d.change,
    d.before,
    d.after,
    cast(null as text) as declared_by
from differing as d
where not exists (select 1 from figure as f where d.indicator_code = f.indicator_code and d.item = f.item)
union all
select
    coalesce(a.indicator_code, r.indicator_code) as indicator_code,
    coalesce(a.basis, r.basis) as basis,
    coalesce(a.unit_code, r.unit_code) as unit_code,
    coalesce(a.item, r.item) as item,
    case when a.item is null then 'removed' when r.item is null then 'added' else 'changed' end as change,
    r.figure as before,
    a.figure as after,
    coalesce(a.declared_by, r.declared_by) as declared_by
from arrived as a
full join gone as r
    on
        a.indicator_code = r.indicator_code
        and a.basis = r.basis
        and a.unit_code = r.unit_code
        and a.declared_by = r.declared_by
-- the same figure in another file or line is no difference
where a.figure is distinct from r.figure
