-- grain: none: two more reasons for which a run is given up before it ended
-- source: cchc.runs.extracts
-- traps: forward only

alter table ops.extract drop constraint extract_superseded_by_ck;
alter table ops.extract add constraint extract_superseded_by_ck check (
    superseded_by in ('newer_run', 'newer_retry', 'rewind', 'withdrawal', 'new_key')
);
comment on column ops.extract.superseded_by is
'Of a superseded run: newer_run (a newer ingest of the source began), newer_retry (a newer retry of the same extract began), rewind (T of the source was set back), withdrawal (what the retry reads again was withdrawn), new_key (the privacy key was changed, and what it had landed is gone); else null';
