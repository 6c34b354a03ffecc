-- grain: one row for each dossier whose facts changed: the days from and up to which a count may differ
-- source: derived_dossier, due_before, supplement_before, changed_step (temporary), mart.dossier, core.dossier_due,
--        core.dossier_supplement
-- traps: an attribute without a time of its own changes every period of the dossier. A step, a supplement round or a due changes only
--        the periods from its time on

create temp table dossier_change on commit drop as
with due_change as (
    select x.dossier_id, min(x.valid_after) as changed_at
    from (
        (
            select dossier_id, valid_after, due_at from due_before
            except
            select u.dossier_id, u.valid_after, u.due_at
            from core.dossier_due as u inner join ops.dirty_dossier as d on u.dossier_id = d.dossier_id
        )
        union all
        (
            select u.dossier_id, u.valid_after, u.due_at
            from core.dossier_due as u inner join ops.dirty_dossier as d on u.dossier_id = d.dossier_id
            except
            select dossier_id, valid_after, due_at from due_before
        )
    ) as x
    group by x.dossier_id
),

round_now as (
    select u.*
    from core.dossier_supplement as u
    inner join ops.dirty_dossier as d on u.dossier_id = d.dossier_id
),

round_change as (
    select
        coalesce(b.dossier_id, s.dossier_id) as dossier_id,
        min(
            case
                when b.asked_at is not distinct from s.asked_at then least(b.received_back_at, s.received_back_at)
                else least(b.asked_at, s.asked_at)
            end
        ) as changed_at
    from supplement_before as b
    full join round_now as s on b.dossier_id = s.dossier_id and b.round_number = s.round_number
    where (b.asked_at, b.received_back_at) is distinct from (s.asked_at, s.received_back_at)
    group by coalesce(b.dossier_id, s.dossier_id)
),

compared as (
    select
        coalesce(n.dossier_id, o.dossier_id) as dossier_id,
        coalesce(n.source_code, o.source_code) as source_code,
        (
            o.dossier_id is null
            or (
                n.is_counted, n.unit_code, n.procedure_code, n.field_code, n.channel, n.received_at,
                n.is_digitized
            ) is distinct from (
                o.is_counted, o.unit_code, o.procedure_code, o.field_code, o.channel, o.received_at,
                o.is_digitized
            )
        ) and (coalesce(n.is_counted, false) or coalesce(o.is_counted, false)) as is_attribute_changed,
        -- a signed result and the first due count only from the end of the dossier on
        (
            n.finished_at is distinct from o.finished_at
            or n.outcome is distinct from o.outcome
            or n.timeliness is distinct from o.timeliness
            or n.first_timeliness is distinct from o.first_timeliness
            or n.has_signed_result is distinct from o.has_signed_result
        ) as is_end_changed,
        least(n.received_date, o.received_date) as received_date,
        least(n.finished_date, o.finished_date) as finished_from,
        greatest(n.finished_date, o.finished_date) as finished_to,
        n.finished_date is null or (o.dossier_id is not null and o.finished_date is null) as is_open_somewhere,
        coalesce(n.is_counted, false) or coalesce(o.is_counted, false) as is_counted_somewhere,
        coalesce(n.has_signed_result, false) or coalesce(o.has_signed_result, false) as is_signed_somewhere
    from derived_dossier as n
    left join mart.dossier as o on n.dossier_id = o.dossier_id
),

dated as (
    select
        c.dossier_id,
        c.source_code,
        c.is_open_somewhere,
        c.is_signed_somewhere,
        c.finished_to,
        c.received_date,
        case
            when c.is_attribute_changed then c.received_date
            else least(
                case when c.is_end_changed then c.finished_from end,
                -- a due without a beginning (valid after -infinity) counts from the reception on
                case
                    when u.changed_at is not null
                        then greatest(
                            case when isfinite(u.changed_at) then cast(u.changed_at at time zone s.zone as date) end, c.received_date
                        )
                end,
                greatest(cast(r.changed_at at time zone s.zone as date), case when r.changed_at is not null then c.received_date end),
                greatest(cast(t.changed_at at time zone s.zone as date), case when t.changed_at is not null then c.received_date end)
            )
        end as from_date
    from compared as c
    inner join core.source as s on c.source_code = s.source_code
    left join due_change as u on c.dossier_id = u.dossier_id
    left join round_change as r on c.dossier_id = r.dossier_id
    left join changed_step as t on c.dossier_id = t.dossier_id
    where c.is_counted_somewhere
)

select
    d.dossier_id,
    d.source_code,
    d.from_date,
    case when not d.is_open_somewhere then d.finished_to end as to_date,
    d.is_signed_somewhere
from dated as d
where d.from_date is not null
