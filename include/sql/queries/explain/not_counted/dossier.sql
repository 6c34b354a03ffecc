-- grain: one row for each dossier that an indicator could count in the period: unit_code, counted_on, item; the reason follows
-- source: mart.dossier
-- counts: dossiers received in the period, for indicators that count ends also those that ended in it, and those that nothing counts
--        (deleted, not received, breaking a critical rule, known from two sources). The statement around this one takes away what the
--        indicator's own SQL counts, and explain/reason/dossier says of the few others what they lack
-- clocks: start_at <= moment < end_at (J). Of a dossier without a reception, the submission, else the change time
-- traps: a counted dossier has a reception. What is read of these stands in dossier_received_ix and dossier_finished_ix: whoever reads
--        another column here reads half of all rows

select
    d.unit_code,
    d.received_date as counted_on,
    d.dossier_code as item,
    cast(null as text) as reason
from mart.dossier as d
where
    d.source_code = cast(:source as text)
    and d.is_counted
    and d.received_at >= cast(:start_at as timestamptz)
    and d.received_at < cast(:end_at as timestamptz)
union all
select
    d.unit_code,
    d.received_date as counted_on,
    d.dossier_code as item,
    cast(null as text) as reason
from mart.dossier as d
where
    d.source_code = cast(:source as text)
    and d.is_counted
    and d.finished_at >= cast(:start_at as timestamptz)
    and d.finished_at < cast(:end_at as timestamptz)
    and d.received_at < cast(:start_at as timestamptz)
    and cast(:code as text) not in ('online_dossier_rate', 'dossier_digitized_rate')
union all
select
    d.unit_code,
    coalesce(d.received_date, cast(d.submitted_at at time zone cast(:zone as text) as date)) as counted_on,
    d.dossier_code as item,
    cast(null as text) as reason
from mart.dossier as d
where
    d.source_code = cast(:source as text)
    and not d.is_counted
    and coalesce(d.received_at, d.submitted_at, d._changed_at) >= cast(:start_at as timestamptz)
    and coalesce(d.received_at, d.submitted_at, d._changed_at) < cast(:end_at as timestamptz)
