-- grain: one row for each moment: the hash of the procedures of dossiers as of it, and the moment as of which that is
-- source: core.procedure_list, core.procedure_span
-- traps: the procedures are those of the newest list fetched at or before a moment, so they are read once for each such list. The hash is
--        made of the procedures themselves: a list that brings the same ones makes no count obsolete

with asked as (
    select
        m.moment,
        (
            select max(l.fetched_at)
            from core.procedure_list as l
            where
                l.source_code = cast(:source as text)
                and l.fetched_at <= m.moment
                and l.fetched_at <= cast(:known_at as timestamptz)
        ) as fetched_at
    from unnest(cast(:moments as timestamptz[])) as m (moment)
),

listed as (
    select
        a.fetched_at,
        min(a.moment) as flags_at
    from asked as a
    group by a.fetched_at
),

hashed as (
    select
        l.fetched_at,
        l.flags_at,
        (
            select
                md5(
                    string_agg(
                        concat_ws(
                            '|', p.procedure_code, p.unit_code, p.from_date, p.before_date, p.yields_document, p.is_certification
                        ),
                        ';' order by p.procedure_code, p.unit_code, p.from_date, p.before_date
                    )
                )
            from core.procedure_span(cast(:source as text), l.flags_at, cast(:known_at as timestamptz)) as p
        ) as flags
    from listed as l
)

select
    a.moment,
    h.flags_at,
    coalesce(h.flags, 'none') as flags
from asked as a
inner join hashed as h on a.fetched_at is not distinct from h.fetched_at
