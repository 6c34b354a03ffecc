-- grain: one row for each delivered version of a dossier, the oldest first
-- source: core.dossier_version, ops.load
-- traps: the keyed hash of the applicant is not read: readers of the dashboard have no right to it. Papers, results and fees
--        are counted, because they hold hashes of paths; their content is compared by a hash

select
    v._changed_at as changed_at,
    v._first_seen_at as known_at,
    v._load_id as load_id,
    v._failed_rules as failed_rules,
    v._is_current as is_current,
    jsonb_build_object(
        'other_dossier_code', v.other_dossier_code,
        'procedure_code', v.procedure_code_full,
        'procedure_name', v.procedure_name,
        'field_name', v.field_name,
        'case_code', v.case_code,
        'processing_time', concat_ws(' ', v.processing_time, v.processing_time_unit),
        'service_level', v.service_level,
        'channel_code', v.channel_code,
        'applicant_kind_code', v.applicant_kind_code,
        'unit_code', v.unit_code,
        'receiving_unit_code', v.receiving_unit_code,
        'submitted_at', v.submitted_at,
        'received_at', v.received_at,
        'accept_due_at', v.accept_due_at,
        'due_at', v.due_at,
        'processed_at', v.processed_at,
        'returned_at', v.returned_at,
        'refused_at', v.refused_at,
        'status_code', v.status_code,
        'result_kind_code', v.result_kind_code,
        'return_method_code', v.return_method_code,
        'submitted_on_code', v.submitted_on_code,
        'paid_online_code', v.paid_online_code,
        'apology_count', v.apology_count,
        'deleted_at', v.deleted_at,
        'papers', (
            select
                count(*) || ' / ' || count(*) filter (
                    where cast(p.item ->> 'is_digitized' as boolean) and coalesce(p.item ->> 'path', '') <> ''
                )
            from jsonb_array_elements(v.papers) as p (item)
        ),
        'results', (
            select count(*) || ' / ' || count(*) filter (where cast(r.item ->> 'is_signed' as boolean))
            from jsonb_array_elements(v.results) as r (item)
        ),
        'fees', (
            select sum(cast(f.item ->> 'amount_vnd' as bigint))
            from jsonb_array_elements(v.fees) as f (item)
        ),
        'supplements', jsonb_array_length(v.supplements)
    ) as facts,
    jsonb_build_object(
        'papers', md5(coalesce(cast(v.papers as text), '')),
        'results', md5(coalesce(cast(v.results as text), '')),
        'fees', md5(coalesce(cast(v.fees as text), '')),
        'supplements', md5(coalesce(cast(v.supplements as text), '')),
        'databases', md5(coalesce(cast(v.databases as text), '')),
        'owner_ids', md5(coalesce(cast(v.owner_ids as text), ''))
    ) as contents
from core.dossier_version as v
where v.dossier_id = cast(:dossier_id as bigint)
order by v._changed_at, v._first_seen_at
