-- grain: one row for each moment: the hash of the procedures of dossiers as of it
-- source: core.procedure_span
-- traps: the hash is made of the procedures themselves: a list that brings the same ones makes no count obsolete. Moments that have the
--        same lists are asked once (queries/values/same_lists.sql)

select
    m.moment,
    coalesce(
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
            from core.procedure_span(cast(:source as text), m.moment, cast(:known_at as timestamptz)) as p
        ),
        'none'
    ) as flags
from unnest(cast(:moments as timestamptz[])) as m (moment)
