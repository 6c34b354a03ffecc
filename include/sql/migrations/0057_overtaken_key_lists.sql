-- grain: one row for each load of lists of keys; changes only what its manifest says of months that counted for nothing
-- source: ops.load
-- traps: until now a list of keys that was loaded after a newer one changed nothing in core.dossier_key. From now on it counts for the time
--        between its neighbours. What the older ones said is not stored anywhere, so they are named apart (months_overtaken): they are no
--        neighbours of the lists to come

with listed as (
    select
        l.load_id,
        l.source_code,
        l.window_to,
        l.status,
        m.month,
        m.place
    from ops.load as l
    cross join lateral jsonb_array_elements_text(coalesce(l.manifest -> 'months', '[]')) with ordinality as m (month, place)
    where l.entity like '%.keys' and l.status in ('loaded', 'withdrawn')
),

judged as (
    select
        o.load_id,
        o.month,
        o.place,
        exists (
            select 1
            from listed as n
            where
                n.source_code = o.source_code and n.month = o.month and n.status = 'loaded'
                and n.window_to > o.window_to and n.load_id < o.load_id
        ) as is_overtaken
    from listed as o
),

divided as (
    select
        j.load_id,
        coalesce(jsonb_agg(j.month order by j.place) filter (where not j.is_overtaken), '[]') as months,
        jsonb_agg(j.month order by j.place) filter (where j.is_overtaken) as months_overtaken
    from judged as j
    group by j.load_id
)

update ops.load as l
set manifest = l.manifest || jsonb_build_object('months', d.months, 'months_overtaken', d.months_overtaken)
from divided as d
where l.load_id = d.load_id and d.months_overtaken is not null;
