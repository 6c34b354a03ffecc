-- grain: one index a question of a refresh about documents and payments
-- source: include/sql/queries/indicators/leader_digital_signature_rate.sql, cashless_transaction_rate.sql, electronic_work_file_rate.sql;
--         include/sql/queries/coverage
-- traps: the conditions are those of the views core.signature, core.payment and core.work_file. Without these indexes all signatures were read
--        for each leader, all payments for each period, and all work files for each unit

create index signature_version_signer_ix on core.signature_version (source_code, person_code, signed_at) include (is_valid)
where _is_current and _failed_rules is null;

create index payment_version_paid_at_ix on core.payment_version (source_code, paid_at)
where _is_current and _failed_rules is null and kind_code = 'PAY' and status_code = 1 and amount_vnd > 0;

create index work_file_version_unit_ix on core.work_file_version (source_code, unit_code, closed_at)
where _is_current and _failed_rules is null;
