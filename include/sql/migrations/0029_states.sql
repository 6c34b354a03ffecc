-- The states of a load are those of cchc.states: a revision that another one replaced is given up, and `superseded` is a state of runs alone.

update ops.load set status = 'given_up' where status = 'superseded';
alter table ops.load drop constraint load_status_ck;
alter table ops.load add constraint load_status_ck check (
    status in ('landed', 'staged', 'validated', 'loaded', 'blocked', 'failed', 'waiting', 'given_up')
);
comment on column ops.load.status is
'landed, staged, validated, loaded; blocked by a check; failed by an error; waiting for its manifest or its end; given_up: its run failed or gave way before it was published';
