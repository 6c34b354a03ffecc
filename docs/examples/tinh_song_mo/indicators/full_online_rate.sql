-- grain: one row for each received dossier: unit_code, counted_on, item, is_numerator
-- source: mart.dossier
-- counts: the numerator is those filed online of a service that is fully online (level 4)
-- traps: facts are read as known at the T of the source, so a late correction changes the period

select
    d.unit_code,
    d.received_date as counted_on,
    d.dossier_code as item,
    d.channel = 'online' and coalesce(d.service_level = 4, false) as is_numerator
from mart.dossier as d
where
    d.source_code = cast(:source as text)
    and d.is_counted
    and d.received_at >= cast(:start_at as timestamptz)
    and d.received_at < cast(:end_at as timestamptz)
