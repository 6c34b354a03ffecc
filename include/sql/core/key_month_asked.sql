-- grain: one row for each month of reception whose list of keys came with one extract, and the T of the next list of the month
-- source: ops.load, whose manifest names the months; ops.key_list, core.dossier_key_month
-- traps: a list says what holds from its T on until the next list that was loaded, in whatever order they come; without a later list
--        next_at is null. The newest list of a month stands in core.dossier_key_month too

create temp table asked_month on commit drop as
select
    a.source_code,
    a.month_start,
    least(
        (
            select min(n.asked_at)
            from ops.key_list as n
            where n.source_code = a.source_code and n.month_start = a.month_start and n.asked_at > cast(:known_at as timestamptz)
        ),
        (
            select k.asked_at
            from core.dossier_key_month as k
            where k.source_code = a.source_code and k.month_start = a.month_start and k.asked_at > cast(:known_at as timestamptz)
        )
    ) as next_at
from (
    select distinct
        l.source_code,
        cast(m.month || '-01' as date) as month_start
    from ops.load as l
    cross join lateral jsonb_array_elements_text(coalesce(l.manifest -> 'months', '[]')) as m (month)
    where l.status = 'validated' and l.extract_id = :extract_id and l.entity like '%.keys'
) as a
