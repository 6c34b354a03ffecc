-- grain: one statement a change; by what a run of a source was superseded
-- source: cchc.extracts, cchc.retry, cchc.set_back
-- traps: forward only; before, the cause stood in `message` alone, as a sentence; what `message` holds stays

alter table ops.extract add column superseded_by text;
update ops.extract
set
    superseded_by = case
        when message = 'T of the source was set back' then 'rewind'
        when kind = 'retry' then 'newer_retry'
        else 'newer_run'
    end
where status = 'superseded';
alter table ops.extract add constraint extract_superseded_by_ck check (
    superseded_by in ('newer_run', 'newer_retry', 'rewind')
);
alter table ops.extract add constraint extract_superseded_ck check (
    (status = 'superseded') = (superseded_by is not null)
);
comment on column ops.extract.superseded_by is 'Of a superseded run: newer_run (a newer ingest of the source began), newer_retry (a newer retry of the same extract began), rewind (T of the source was set back); else null';
comment on column ops.extract.status is 'running, complete, blocked (validation stopped a load), failed (by an error), superseded (given up before it ended; superseded_by says why)';
comment on column ops.extract.message is 'What went wrong, in words for people; nothing is decided by it';
comment on column ops.load.message is 'What went wrong, in words for people; nothing is decided by it';
