-- grain: one statement a change; an extract over HTTP or of a database whose loads were all withdrawn
-- source: cchc.pipeline.withdraw
-- traps: forward only; such an extract covers nothing any more, so T of its source moves back and the next run asks again. An extract of
--        files stays complete: its folder was read, whatever was withdrawn of it

alter table ops.extract drop constraint extract_status_ck;
alter table ops.extract add constraint extract_status_ck check (
    status in ('running', 'complete', 'blocked', 'failed', 'superseded', 'withdrawn')
);
comment on column ops.extract.status is 'running, complete, blocked (validation stopped a load), failed (by an error), superseded (given up before it ended; superseded_by says why), withdrawn (a person took back what it had brought)';
