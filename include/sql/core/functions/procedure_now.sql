-- grain: as core.procedure: one row for each version of a procedure at a unit, as known now
-- source: core.procedure
-- traps: readers without rights on core ask for it through mart.procedure, so it runs with the rights of its owner and a fixed
--        search_path. core.procedure_at itself runs with those of who asks, because indicators need it as a part of their own plan

create or replace function core.procedure_now()
returns table (
    source_code text,
    procedure_code text,
    procedure_name text,
    field_code text,
    unit_code text,
    valid_from date,
    valid_to date,
    status_code text,
    decision_date date,
    published_date date,
    service_level smallint,
    is_online_eligible boolean,
    has_fee boolean,
    has_online_payment boolean,
    yields_document boolean,
    is_certification boolean,
    has_sample_dossier boolean,
    is_synced_to_portal boolean
)
language sql stable security definer
set search_path = pg_catalog, pg_temp
as $$
select
    p.source_code,
    p.procedure_code,
    p.procedure_name,
    p.field_code,
    p.unit_code,
    p.valid_from,
    p.valid_to,
    p.status_code,
    p.decision_date,
    p.published_date,
    p.service_level,
    p.is_online_eligible,
    p.has_fee,
    p.has_online_payment,
    p.yields_document,
    p.is_certification,
    p.has_sample_dossier,
    p.is_synced_to_portal
from core.procedure as p
$$;
comment on function core.procedure_now is 'core.procedure for readers without rights on core | Danh mục thủ tục theo hiểu biết hiện nay';
