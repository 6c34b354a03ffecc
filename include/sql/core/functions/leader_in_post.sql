-- grain: one row for each post of a leader held on day D, as known at `known` (T)
-- source: core.leader_list, core.leader_list_item, core.unit
-- traps: a post that a later list lacks ends on the day before that list; a unit that does not exist on D has no leaders

create or replace function core.leader_in_post(source text, d date, known timestamptz)
returns table (
    person_code text,
    unit_code text,
    post_name text,
    from_date date,
    to_date date
)
language sql stable
as $$
with fetched as (
    select l.list_hash, max(l.fetched_at) as last_at
    from core.leader_list as l
    where l.source_code = source and l.fetched_at <= known
    group by l.list_hash
),

newest as (
    select distinct on (i._key) i.*, f.last_at
    from fetched as f
    inner join core.leader_list_item as i on i.list_hash = f.list_hash
    order by i._key asc, f.last_at desc
),

ended as (
    select
        n.person_code,
        n.unit_code,
        n.post_name,
        n.from_date,
        least(
            n.to_date,
            (
                select cast(min(l.fetched_at) at time zone (select a.zone from core.authority as a) as date) - 1
                from core.leader_list as l
                where l.source_code = source and l.fetched_at <= known and l.fetched_at > n.last_at
            )
        ) as to_date
    from newest as n
    where n._failed_rules is null
)

select e.person_code, e.unit_code, e.post_name, e.from_date, e.to_date
from ended as e
inner join core.unit as u on e.unit_code = u.unit_code and u.valid_from <= d and (u.valid_to is null or u.valid_to >= d)
where e.from_date <= d and (e.to_date is null or e.to_date >= d)
$$;
comment on function core.leader_in_post is 'One row a post of a leader held on day D, as known at T';
