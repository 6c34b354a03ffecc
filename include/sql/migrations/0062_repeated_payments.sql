-- grain: one statement a change; what the loading of a file showed stands with the checks of its load
-- source: cchc.pipeline.repeated_payments
-- traps: forward only; runs before it told it and kept nothing

comment on column ops.check_result.phase is 'check: before publishing; audit: Great Expectations over the good rows; load: what loading it showed (REPEATED: payments that a file of another day has too)';
