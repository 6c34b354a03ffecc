-- grain: one row for each dossier in left_over, with the reason why an indicator does not count it
-- source: left_over (the candidates that it does not count, of the statement around this one), mart.dossier, mart.dossier_open,
--         core.procedure_span
-- traps: a reason is the first that applies. A dossier for which none does gets the reason `definition`. The last condition is
--        coalesced, because of an equality PostgreSQL expects one row in two hundred, and would look for each dossier by itself

with asked_for as (
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
    a.*,
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
from left_over as a
inner join mart.dossier as c on c.source_code = cast(:source as text) and a.item = c.dossier_code
cross join asked_for as q
left join mart.dossier_open as o
    on c.source_code = o.source_code and o.as_of_date = cast(:last_day as date) and c.dossier_id = o.dossier_id
left join span as p
    on
        c.procedure_code = p.procedure_code
        and c.unit_code = p.unit_code
        and c.received_date >= p.from_date
        and c.received_date < p.before_date
where coalesce(a.clock = cast(:clock as integer), false)
