-- grain: one row for each dossier that counts beside another one which seems to be the same under another code, with that one
-- source: mart.dossier, core.source_role, core.authority
-- traps: both count, so the case counts twice. Signs: the second code (MaHoSoKhac) of one is the code of the other, also in one source; of
--        two sources of the role an equal second code, or one unit and moment of reception with codes that differ in capitals, blanks and
--        signs alone, or with one procedure where the moment is no midnight. Told is the one whose second code it is, else the one that
--        changed earlier. Two applicants may stand at two counters in one second, so the reception alone is a weak sign

select
    d.source_code,
    d.unit_code,
    coalesce(d.finished_date, d.received_date) as month_day,
    d.dossier_code as item,
    d.dossier_code,
    d.received_date as event_date,
    jsonb_build_object('also', o.dossier_code, 'also_in', o.source_code, 'sign', o.sign) as detail
from mart.dossier as d
-- each dossier of the asked month looks into an index for each sign; those of several sources cost nothing where one source is alone
cross join lateral (
    select
        n.dossier_code,
        n.source_code,
        'second_code' as sign
    from mart.dossier as n
    where n.is_counted and n.dossier_code = d.other_dossier_code and n.dossier_id <> d.dossier_id
    union all
    select
        n.dossier_code,
        n.source_code,
        'same_second_code' as sign
    from mart.dossier as n
    where
        n.is_counted
        and n.other_dossier_code = d.other_dossier_code
        and n.source_code <> d.source_code
        and (n._changed_at, n.dossier_id) > (d._changed_at, d.dossier_id)
    union all
    select
        n.dossier_code,
        n.source_code,
        case when c.is_same then 'spelling' else 'reception' end as sign
    from core.source_role as s
    inner join mart.dossier as n
        on s.source_code = n.source_code and d.unit_code = n.unit_code and d.received_at = n.received_at
    cross join lateral (
        select
            upper(regexp_replace(n.dossier_code, '[[:space:][:punct:]]', '', 'g'))
            = upper(regexp_replace(d.dossier_code, '[[:space:][:punct:]]', '', 'g')) as is_same,
            n.received_at at time zone (select a.zone from core.authority as a) as moment
    ) as c
    where
        (select count(*) > 1 from core.source_role as r where r.role = 'dossiers')
        and s.role = 'dossiers'
        and s.source_code <> d.source_code
        and n.is_counted
        and (n._changed_at, n.dossier_id) > (d._changed_at, d.dossier_id)
        and (c.is_same or (n.procedure_code = d.procedure_code and c.moment <> date_trunc('day', c.moment)))
        and n.other_dossier_code is distinct from d.dossier_code
        and coalesce(d.other_dossier_code <> all(array[n.dossier_code, n.other_dossier_code]), true)
) as o
where d.is_counted
