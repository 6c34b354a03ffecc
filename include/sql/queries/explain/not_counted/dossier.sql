-- grain: one row for each dossier that an indicator could count in the period: unit_code, counted_on, item, reason
-- source: mart.dossier, mart.dossier_open, core.procedure_span
-- counts: dossiers received in the period, for indicators that count ends also those that ended in it, and those that nothing counts
--        (deleted, not received, breaking a critical rule, known from two sources). The statement around this one takes away what the
--        indicator's own SQL counts; `reason` says of the others what they lack
-- clocks: start_at <= moment < end_at (J). Of a dossier without a reception, the submission, else the change time
-- traps: a reason is the first that applies. A dossier for which none does gets the reason `definition`

with candidate as (
    select d.*
    from mart.dossier as d
    where
        d.source_code = cast(:source as text)
        and d.is_counted
        and d.received_at >= cast(:start_at as timestamptz)
        and d.received_at < cast(:end_at as timestamptz)
    union all
    select d.*
    from mart.dossier as d
    where
        d.source_code = cast(:source as text)
        and d.is_counted
        and d.finished_at >= cast(:start_at as timestamptz)
        and d.finished_at < cast(:end_at as timestamptz)
        and d.received_at < cast(:start_at as timestamptz)
        and cast(:code as text) not in ('online_dossier_rate', 'dossier_digitized_rate')
    union all
    select d.*
    from mart.dossier as d
    where
        d.source_code = cast(:source as text)
        and not d.is_counted
        and coalesce(d.received_at, d.submitted_at, d._changed_at) >= cast(:start_at as timestamptz)
        and coalesce(d.received_at, d.submitted_at, d._changed_at) < cast(:end_at as timestamptz)
),

asked_for as (
    select
        cast(:code as text) in (
            'dossier_on_time_rate', 'dossier_on_time_first_due_rate', 'electronic_result_rate', 'ecertified_copy_count'
        ) as is_of_resolved,
        cast(:code as text) in (
            'dossier_on_time_rate', 'dossier_on_time_first_due_rate', 'dossier_in_time_overall_rate'
        ) as is_of_due,
        cast(:code as text) in ('electronic_result_rate', 'ecertified_copy_count') as is_of_procedure
),

-- materialized: with wrong row estimates PostgreSQL would compute the lists again for every dossier
span as materialized (
    select s.*
    from core.procedure_span(cast(:source as text), cast(:end_at as timestamptz), cast(:known_at as timestamptz)) as s
)

select
    c.unit_code,
    coalesce(c.received_date, cast(c.submitted_at at time zone cast(:zone as text) as date)) as counted_on,
    c.dossier_code as item,
    case
        when not c.is_counted then coalesce(c.left_out_reason, 'definition')
        when q.is_of_resolved and (c.finished_at is null or c.finished_at >= cast(:end_at as timestamptz)) then 'not_ended'
        when q.is_of_resolved and c.outcome in ('returned', 'stopped') then c.outcome
        when q.is_of_due and o.dossier_id is null and c.due_date is null then 'no_due'
        when q.is_of_due and o.dossier_id is not null and o.due_date is null then 'no_due'
        when q.is_of_procedure and p.procedure_code is null then 'procedure_unknown'
        when cast(:code as text) = 'electronic_result_rate' and not coalesce(p.yields_document, false) then 'no_document'
        when cast(:code as text) = 'ecertified_copy_count' and not coalesce(p.is_certification, false) then 'no_certification'
        when cast(:code as text) = 'ecertified_copy_count' and not c.has_signed_result then 'no_signed_result'
        else 'definition'
    end as reason
from candidate as c
cross join asked_for as q
left join mart.dossier_open as o
    on c.source_code = o.source_code and o.as_of_date = cast(:last_day as date) and c.dossier_id = o.dossier_id
left join span as p
    on
        c.procedure_code = p.procedure_code
        and c.unit_code = p.unit_code
        and c.received_date >= p.from_date
        and c.received_date < p.before_date
