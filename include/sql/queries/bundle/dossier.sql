-- grain: one row for each dossier that was in work in the days that a publication counts, also the ones that are left out
-- source: mart.dossier
-- traps: days, no times: the limits of counting are midnights, so a day decides as its time does. An end at or after end_at is not known
--        to the count, and is null. Names, other codes and free text stay in the warehouse

select
    d.source_code,
    d.dossier_code,
    d.unit_code,
    d.procedure_code,
    d.channel,
    d.received_date,
    case when d.finished_at < cast(:end_at as timestamptz) then d.finished_date end as finished_date,
    case when d.finished_at < cast(:end_at as timestamptz) then d.outcome end as outcome,
    d.due_date,
    d.first_due_date,
    d.is_digitized,
    d.has_signed_result,
    d.is_counted,
    d.left_out_reason
from mart.dossier as d
where
    d.source_code = cast(:source as text)
    and d.received_at < cast(:end_at as timestamptz)
    and (d.finished_at is null or d.finished_at >= cast(:start_at as timestamptz))
