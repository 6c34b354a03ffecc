-- grain: one row for each dossier of ops.dirty_dossier: its facts as of T, without personal data
-- source: core.dossier_version (newest of each), judged_version (temporary), core.dossier_due, core.dossier_key,
--         ops.key_list
-- traps: the temporary table derived_dossier is compared with mart.dossier before it is written there (months touched);
--        local dates are those of the source's zone; end_at (J) is not used here: it is applied when the facts are counted;
--        missing is materialized, because PostgreSQL expects hardly any list, and else compares each dossier with each other

create temp table derived_dossier on commit drop as
with newest as (
    select
        v.dossier_id,
        v.source_code,
        v.dossier_code,
        v.other_dossier_code,
        v.unit_code,
        v.receiving_unit_code,
        v.procedure_code,
        v.procedure_name,
        v.field_code,
        v.field_name,
        v.channel_code,
        v.applicant_kind_code,
        v.service_level,
        v.status_code,
        v.result_kind_code,
        v.submitted_at,
        v.received_at,
        v.apology_count,
        v.paid_online_code,
        v.deleted_at,
        v._changed_at,
        v._first_seen_at,
        v._load_id,
        s.zone,
        case when j.failed_rules is null and v.received_at is not null then j.finished_at end as finished_at,
        j.failed_rules,
        coalesce((
            select
                bool_or(
                    coalesce(cast(p.item ->> 'is_digitized' as boolean), false)
                    and not coalesce(cast(p.item ->> 'is_deleted' as boolean), false)
                    and coalesce(p.item ->> 'path', '') <> ''
                )
            from jsonb_array_elements(v.papers) as p (item)
        ), false) as is_digitized,
        exists (
            select 1
            from jsonb_array_elements(v.results) as r (item)
            where
                coalesce(r.item ->> 'path', '') <> ''
                and cast(r.item ->> 'is_signed' as boolean)
                and not exists (
                    select 1
                    from jsonb_array_elements(coalesce(v.papers, cast('[]' as jsonb))) as p (item)
                    where p.item ->> 'path' = r.item ->> 'path'
                )
        ) as has_signed_result
    from core.dossier_version as v
    inner join judged_version as j on v.dossier_id = j.dossier_id and j._is_current
    inner join core.source as s on v.source_code = s.source_code
    where v._is_current
),

listed as (
    select
        k.dossier_id,
        bool_or(k.deleted_at is not null) as is_listed_deleted,
        max(k.deleted_at) as deleted_at,
        max(m.asked_at) as asked_at
    from core.dossier_key as k
    inner join ops.dirty_dossier as d on k.dossier_id = d.dossier_id
    inner join core.dossier_key_month as m on k.source_code = m.source_code and k.month_start = m.month_start
    where k._ended_at is null
    group by k.dossier_id
),

month_listed as (
    select
        n.dossier_id,
        m.asked_at,
        exists (
            select 1
            from core.dossier_key as k
            where k.dossier_id = n.dossier_id and k.month_start = m.month_start and k._ended_at is null
        ) as is_listed
    from newest as n
    inner join core.dossier_key_month as m
        on n.source_code = m.source_code
        and m.month_start = cast(date_trunc('month', n.received_at at time zone n.zone) as date)
),

missing as materialized (
    select
        n.dossier_id,
        n.source_code,
        n._first_seen_at,
        n._changed_at,
        m.asked_at,
        cast(date_trunc('month', n.received_at at time zone n.zone) as date) as month_start
    from newest as n
    inner join month_listed as m on n.dossier_id = m.dossier_id
    where not m.is_listed
),

-- the first list without the dossier, since it was listed last and its newest version is known; later lists without it say the same
gone as (
    select
        n.dossier_id,
        min(a.asked_at) as gone_at
    from missing as n
    inner join ops.key_list as a
        on n.source_code = a.source_code and n.asked_at >= a.asked_at and n.month_start = a.month_start
    where
        a.asked_at >= n._first_seen_at and a.asked_at > n._changed_at
        and not exists (
            select 1
            from core.dossier_key as k
            where k.dossier_id = n.dossier_id and k.month_start = a.month_start and k._ended_at > a.asked_at
        )
    group by n.dossier_id
),

first_promise as (
    select distinct on (j.dossier_id) j.dossier_id, j.due_at
    from judged_version as j
    where j.failed_rules is null and j.due_at is not null
    order by j.dossier_id asc, j._changed_at asc
),

-- all delivered versions, including those that a later delivery with the same change time replaced
first_before as (
    select v.dossier_id, min(cast(r.item ->> 'due_before_at' as timestamptz)) as due_at
    from core.dossier_version as v
    inner join ops.dirty_dossier as d on v.dossier_id = d.dossier_id
    left join judged_version as j
        on v.dossier_id = j.dossier_id and v._changed_at = j._changed_at and v._first_seen_at = j._first_seen_at
    cross join lateral jsonb_array_elements(v.supplements) as r (item)
    where v._failed_rules is null and j.failed_rules is null and v.supplements <> cast('[]' as jsonb)
    group by v.dossier_id
),

rounds as (
    select s.dossier_id, count(*) as supplement_count
    from core.dossier_supplement as s
    inner join ops.dirty_dossier as d on s.dossier_id = d.dossier_id
    group by s.dossier_id
),

due as (
    select distinct on (n.dossier_id) n.dossier_id, u.due_at
    from newest as n
    inner join core.dossier_due as u
        on n.dossier_id = u.dossier_id
        and (
            n.finished_at is null
            or u.valid_after < cast(cast(n.finished_at at time zone n.zone as date) + 1 as timestamp) at time zone n.zone
        )
    order by n.dossier_id asc, u.valid_after desc
),

fact as (
    select
        n.dossier_id,
        n.source_code,
        n.dossier_code,
        n.other_dossier_code,
        n.unit_code,
        n.receiving_unit_code,
        n.procedure_code,
        n.procedure_name,
        n.field_code,
        n.field_name,
        case n.channel_code when 2 then 'online' when 3 then 'post' else 'in_person' end as channel,
        n.applicant_kind_code,
        n.service_level,
        n.status_code,
        n.submitted_at,
        n.received_at,
        cast(n.received_at at time zone n.zone as date) as received_date,
        n.finished_at,
        cast(n.finished_at at time zone n.zone as date) as finished_date,
        case
            when n.finished_at is null then null
            when n.result_kind_code in ('tra_lai', 'xin_rut') or n.status_code in (3, 7) then 'returned'
            when n.status_code = 8 then 'stopped'
            else 'resolved'
        end as outcome,
        u.due_at,
        cast(u.due_at at time zone n.zone as date) as due_date,
        least(p.due_at, b.due_at) as first_due_at,
        cast(least(p.due_at, b.due_at) at time zone n.zone as date) as first_due_date,
        n.is_digitized,
        n.has_signed_result,
        cast(coalesce(r.supplement_count, 0) as integer) as supplement_count,
        n.apology_count,
        n.paid_online_code,
        n.failed_rules as left_out_rules,
        -- whether a dossier is deleted: the newer of its record and of the key list decides
        case
            when l.is_listed_deleted
                then case when n.deleted_at is null and n._changed_at > l.deleted_at then null else l.deleted_at end
            when m.asked_at is not null and not m.is_listed
                then case
                    when n.deleted_at is null and (n._changed_at >= m.asked_at or n._first_seen_at > m.asked_at) then null
                    else coalesce(n.deleted_at, g.gone_at, m.asked_at)
                end
            when n.deleted_at is not null
                then case when l.asked_at >= n._first_seen_at then null else n.deleted_at end
        end as deleted_at,
        n._changed_at,
        n._first_seen_at,
        n._load_id
    from newest as n
    left join listed as l on n.dossier_id = l.dossier_id
    left join month_listed as m on n.dossier_id = m.dossier_id
    left join gone as g on n.dossier_id = g.dossier_id
    left join due as u on n.dossier_id = u.dossier_id
    left join first_promise as p on n.dossier_id = p.dossier_id
    left join first_before as b on n.dossier_id = b.dossier_id
    left join rounds as r on n.dossier_id = r.dossier_id
)

select
    t.dossier_id,
    t.source_code,
    t.dossier_code,
    t.other_dossier_code,
    t.unit_code,
    t.receiving_unit_code,
    t.procedure_code,
    t.procedure_name,
    t.field_code,
    t.field_name,
    t.channel,
    t.applicant_kind_code,
    t.service_level,
    t.status_code,
    t.submitted_at,
    t.received_at,
    t.received_date,
    t.finished_at,
    t.finished_date,
    t.outcome,
    t.due_at,
    t.due_date,
    t.first_due_at,
    t.first_due_date,
    case
        when t.finished_date < t.due_date then 'early'
        when t.finished_date = t.due_date then 'on_time'
        when t.finished_date > t.due_date then 'late'
    end as timeliness,
    case
        when t.finished_date < t.first_due_date then 'early'
        when t.finished_date = t.first_due_date then 'on_time'
        when t.finished_date > t.first_due_date then 'late'
    end as first_timeliness,
    t.is_digitized,
    t.has_signed_result,
    t.supplement_count,
    t.apology_count,
    t.paid_online_code,
    t.deleted_at is null and t.left_out_rules is null and t.received_at is not null as is_counted,
    case
        when t.deleted_at is not null then 'deleted'
        when t.left_out_rules is not null then 'critical'
        when t.received_at is null then 'not_received'
    end as left_out_reason,
    t.left_out_rules,
    t.deleted_at,
    t._changed_at,
    t._first_seen_at,
    t._load_id
from fact as t
