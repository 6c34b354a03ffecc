-- grain: one row for each time range with one due, for each dossier of ops.dirty_dossier
-- source: judged_version (temporary), core.dossier_supplement, which the same versions filled
-- traps: the due at a moment X: the version with the greatest change time < X counts, with the supplement rounds of the newest
--        version received back in [that change time, X); before the oldest version, the rounds of the oldest count.
--        A stretch holds for X in (valid_after, next valid_after], so "< X" is "<= valid_after". Equal neighbours are one stretch

insert into core.dossier_due (dossier_id, valid_after, source_code, due_at)
with good as (
    select
        j.dossier_id,
        j.source_code,
        j._changed_at,
        j.due_at,
        j.supplements,
        row_number() over (partition by j.dossier_id order by j._changed_at) = 1 as is_oldest,
        count(*) over (partition by j.dossier_id) = 1 and coalesce(j.supplements = cast('[]' as jsonb), true) as is_plain
    from judged_version as j
    where j.failed_rules is null
),

-- most dossiers have one version and no round, so one due for all time; the steps below are for the others
moving as (
    select
        j.dossier_id,
        j.source_code,
        j._changed_at,
        j.due_at,
        j.supplements,
        j.is_oldest
    from good as j
    where not j.is_plain
),

oldest_round as (
    select
        g.dossier_id,
        cast(r.item ->> 'received_back_at' as timestamptz) as received_back_at,
        cast(r.item ->> 'due_before_at' as timestamptz) as due_before_at
    from moving as g
    cross join lateral jsonb_array_elements(g.supplements) as r (item)
    where g.is_oldest and g.supplements is not null and r.item ->> 'received_back_at' is not null
),

newest_round as (
    select
        s.dossier_id,
        s.received_back_at,
        s.due_after_at
    from core.dossier_supplement as s
    inner join ops.dirty_dossier as d on s.dossier_id = d.dossier_id
    where s.received_back_at is not null
),

breakpoint as (
    select g.dossier_id, cast('-infinity' as timestamptz) as valid_after from moving as g
    union
    select g.dossier_id, g._changed_at from moving as g
    union
    select r.dossier_id, r.received_back_at from oldest_round as r
    union
    select r.dossier_id, r.received_back_at from newest_round as r inner join moving as g on r.dossier_id = g.dossier_id
),

base as (
    select distinct on (b.dossier_id, b.valid_after)
        b.dossier_id,
        b.valid_after,
        g._changed_at,
        g.due_at
    from breakpoint as b
    left join moving as g on b.dossier_id = g.dossier_id and b.valid_after >= g._changed_at
    order by b.dossier_id asc, b.valid_after asc, g._changed_at desc nulls last
),

moved as (
    select
        b.dossier_id,
        b.valid_after,
        max(r.due_after_at) as due_after_at
    from base as b
    inner join newest_round as r
        on b.dossier_id = r.dossier_id and b._changed_at <= r.received_back_at and b.valid_after >= r.received_back_at
    group by b.dossier_id, b.valid_after
),

before_oldest as (
    select distinct on (b.dossier_id, b.valid_after)
        b.dossier_id,
        b.valid_after,
        r.due_before_at
    from base as b
    inner join oldest_round as r on b.dossier_id = r.dossier_id and b.valid_after < r.received_back_at
    where b._changed_at is null
    order by b.dossier_id asc, b.valid_after asc, r.received_back_at asc
),

stretch as (
    select
        b.dossier_id,
        b.valid_after,
        o.source_code,
        case
            when b._changed_at is null then coalesce(p.due_before_at, o.due_at)
            else coalesce(m.due_after_at, b.due_at)
        end as due_at
    from base as b
    inner join moving as o on b.dossier_id = o.dossier_id and o.is_oldest
    left join moved as m on b.dossier_id = m.dossier_id and b.valid_after = m.valid_after
    left join before_oldest as p on b.dossier_id = p.dossier_id and b.valid_after = p.valid_after
),

compared as (
    select
        s.*,
        lag(s.due_at) over w as due_before,
        row_number() over w as position
    from stretch as s
    window w as (partition by s.dossier_id order by s.valid_after)
)

select
    c.dossier_id,
    c.valid_after,
    c.source_code,
    c.due_at
from compared as c
where c.position = 1 or c.due_at is distinct from c.due_before
union all
select
    g.dossier_id,
    cast('-infinity' as timestamptz) as valid_after,
    g.source_code,
    g.due_at
from good as g
where g.is_plain
order by dossier_id, valid_after
