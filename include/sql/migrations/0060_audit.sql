-- grain: one row an act that must be accounted for: who approved, took data out, looked at dossiers, ran SQL, changed keys or rights
-- source: ops.audited, which the program calls before or within the act
-- traps: rows are only added. No role may change one, and a row can be removed only when it is older than its category is kept; the trigger
--        holds for the owner of the table too. Whoever owns the database can still drop the trigger: copy the log elsewhere
--        (docs/guides/audit.md)

create table ops.audit_category (
    category text not null,
    keep_days integer not null,
    what text not null,
    constraint audit_category_pk primary key (category),
    constraint audit_category_keep_ck check (keep_days >= 365)
);
comment on table ops.audit_category is 'One row a category of acts in ops.audit, and how long its rows are kept at least';
comment on column ops.audit_category.category is 'Category';
comment on column ops.audit_category.keep_days is 'Days that a row is kept; until then nobody can remove it. At least a year';
comment on column ops.audit_category.what is 'What belongs to it';

insert into ops.audit_category (category, keep_days, what) values
('approval', 3650, 'a period was published: by whom, by a person or by rule'),
('export', 1825, 'figures, papers, bundles, lists of dossiers or a data package were written, downloaded or sent'),
('look', 730, 'single dossiers or records were looked at'),
('sql', 730, 'a statement was run by `cchc sql`; its texts and long numbers are left out'),
('key', 3650, 'the privacy key was rotated'),
('erasure', 3650, 'the hashes of a citizen were erased, or looked for'),
('withdrawal', 3650, 'loads were withdrawn or read again'),
('account', 1825, 'an account or login was added, changed or removed');

create table ops.audit (
    audit_id bigint generated always as identity,
    happened_at timestamptz not null,
    category text not null,
    action text not null,
    subject text not null,
    by_whom text not null,
    database_login text not null,
    constraint audit_pk primary key (audit_id),
    constraint audit_category_fk foreign key (category) references ops.audit_category (category)
);
create index audit_happened_at_ix on ops.audit (happened_at);
comment on table ops.audit is 'One row an act that must be accounted for; rows are only added (docs/guides/audit.md)';
comment on column ops.audit.audit_id is 'Number, in the order of the acts';
comment on column ops.audit.happened_at is 'When, by the clock of the database';
comment on column ops.audit.category is 'Category: ops.audit_category';
comment on column ops.audit.action is 'The act: the command, page or step';
comment on column ops.audit.subject is 'Of what: period, indicator, unit, code of the dossier, table; never a person of a dossier';
comment on column ops.audit.by_whom is 'Who: the account of Airflow, or of the machine on which the command ran';
comment on column ops.audit.database_login is 'Login of the session that wrote the row; the database says it, not the program';

create function ops.keep_audit() returns trigger
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
begin
    if tg_op = 'DELETE' then
        if old.happened_at < now() - make_interval(days => (select c.keep_days from ops.audit_category as c where c.category = old.category))
        then
            return old;
        end if;
    end if;
    raise exception 'ops.audit is only added to: % is refused', lower(tg_op) using errcode = 'insufficient_privilege';
end
$$;
comment on function ops.keep_audit is 'Refuses every change of ops.audit but the removal of rows that are older than their category is kept';

create trigger audit_keep before update or delete on ops.audit for each row execute function ops.keep_audit();
create trigger audit_keep_whole before truncate on ops.audit for each statement execute function ops.keep_audit();
