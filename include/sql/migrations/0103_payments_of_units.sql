-- grain: one index: the payments that a figure counts, by unit and moment
-- source: include/sql/queries/findings/record_unit_did_not_exist.sql
-- traps: the conditions are those of the query; whoever changes one of them changes the index

create index payment_version_unit_ix on core.payment_version (source_code, unit_code, paid_at)
where _is_current and _failed_rules is null and kind_code = 'PAY' and status_code = 1 and amount_vnd > 0;
