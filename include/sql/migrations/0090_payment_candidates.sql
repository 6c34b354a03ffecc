-- grain: one statement a change; findings about payments are looked for among the few that may be one, as those about dossiers are (0082)
-- source: include/sql/queries/findings/double_payment.sql, transaction_without_dossier.sql
-- traps: a candidate is what may be a finding, the query decides. Whatever is a finding must be a candidate. Orders are noted when a second
--        payment of theirs comes into force; a candidate that is none any more costs a look. A code that no dossier has is noted when a
--        payment that names it comes into force, and whenever a dossier is taken away or loses the code, whether a payment names it or not:
--        a load of payments that is not committed yet may have relied on that dossier. It is taken back when a dossier comes with it. Two
--        loads at once do not see each other's rows, so what became known beside a load of payments is taken back by the next one. No key
--        forbids a row twice: an erasure replaces texts, and two of them may become equal. Nobody waits for a row that another deletes

create table ops.repeated_order (
    repeated_order_id bigint generated always as identity,
    source_code text not null,
    order_code text not null,
    constraint repeated_order_pk primary key (repeated_order_id)
);
create index repeated_order_ix on ops.repeated_order (source_code, order_code);
comment on table ops.repeated_order is 'One row an order that has been paid more than once at some time: the finding double_payment looks at these (docs/performance.md)';
comment on column ops.repeated_order.repeated_order_id is 'Number of the row';
comment on column ops.repeated_order.source_code is 'Payment log';
comment on column ops.repeated_order.order_code is 'MaThamChieu';

create table ops.unknown_dossier (
    unknown_dossier_id bigint generated always as identity,
    dossier_code text not null,
    constraint unknown_dossier_pk primary key (unknown_dossier_id)
);
create index unknown_dossier_ix on ops.unknown_dossier (dossier_code);
comment on table ops.unknown_dossier is 'One row a code of a dossier that payments may name and no dossier has: the finding transaction_without_dossier looks at these (docs/performance.md)';
comment on column ops.unknown_dossier.unknown_dossier_id is 'Number of the row';
comment on column ops.unknown_dossier.dossier_code is 'MaHoSo as payments name it';

create function ops.note_payment_candidates() returns trigger
language plpgsql
as $$
declare
    paid text :=
        ' as r where r._is_current and r._failed_rules is null and r.kind_code in (''PAY'', ''REFUND'') '
        'and r.status_code = 1 and r.amount_vnd > 0';
    facts text :=
        'select r.source_code, r.file_date, r.file_revision, r._key, r._first_seen_at, r.kind_code, r.order_code, r.dossier_code from ';
    touched text := facts || 'row_after' || paid;
begin
    if tg_op = 'UPDATE' then
        touched := touched || ' except ' || facts || 'row_before' || paid;
    end if;
    -- planned anew each time: the plan for a small table would read all of a large one for each payment
    execute
        'with touched as materialized (' || touched || '), '
        'asked as (select distinct t.source_code, t.order_code from touched as t where t.kind_code = ''PAY'' and t.order_code is not null), '
        'repeated as ('
        'insert into ops.repeated_order (source_code, order_code) '
        'select v.source_code, v.order_code '
        'from core.payment_version as v inner join asked as a on v.source_code = a.source_code and v.order_code = a.order_code '
        'where v._is_current and v._failed_rules is null and v.kind_code = ''PAY'' and v.status_code = 1 and v.amount_vnd > 0 '
        'and v.order_code is not null '
        'and not exists (select 1 from ops.repeated_order as o where o.source_code = v.source_code and o.order_code = v.order_code) '
        'group by v.source_code, v.order_code having count(*) > 1) '
        'insert into ops.unknown_dossier (dossier_code) '
        'select distinct t.dossier_code from touched as t '
        'where t.dossier_code is not null '
        'and not exists (select 1 from mart.dossier as d where d.dossier_code = t.dossier_code) '
        'and not exists (select 1 from mart.dossier as d where d.other_dossier_code = t.dossier_code) '
        'and not exists (select 1 from ops.unknown_dossier as u where u.dossier_code = t.dossier_code)';
    -- what came beside an earlier load of payments
    if tg_op = 'UPDATE' then
        execute
            'delete from ops.unknown_dossier as u where u.unknown_dossier_id in ('
            'select k.unknown_dossier_id from ops.unknown_dossier as k '
            'where exists (select 1 from mart.dossier as d where d.dossier_code = k.dossier_code) '
            'or exists (select 1 from mart.dossier as d where d.other_dossier_code = k.dossier_code) '
            'for update skip locked)';
    end if;
    return null;
end
$$;
comment on function ops.note_payment_candidates is 'Notes in ops.repeated_order and ops.unknown_dossier what may be a finding about payments, of those that a statement brings into force';

create trigger payment_candidate_insert after insert on core.payment_version
referencing new table as row_after
for each statement execute function ops.note_payment_candidates();

create trigger payment_candidate_update after update on core.payment_version
referencing old table as row_before new table as row_after
for each statement execute function ops.note_payment_candidates();

create function ops.note_known_dossiers() returns trigger
language plpgsql
as $$
begin
    if tg_op in ('UPDATE', 'DELETE') then
        execute
            'insert into ops.unknown_dossier (dossier_code) '
            'select c.dossier_code from ('
            'select r.dossier_code from row_before as r union select r.other_dossier_code from row_before as r '
            || case
                when tg_op = 'UPDATE'
                    then 'except (select r.dossier_code from row_after as r union select r.other_dossier_code from row_after as r)'
                else ''
            end
            || ') as c where c.dossier_code is not null';
    end if;
    if tg_op in ('UPDATE', 'INSERT') then
        execute
            'delete from ops.unknown_dossier as u where u.unknown_dossier_id in ('
            'select k.unknown_dossier_id from ops.unknown_dossier as k '
            'where k.dossier_code in (select r.dossier_code from row_after as r union all select r.other_dossier_code from row_after as r) '
            'for update skip locked)';
    end if;
    return null;
end
$$;
comment on function ops.note_known_dossiers is 'Notes in ops.unknown_dossier the codes that no dossier has any more by a statement on mart.dossier, and takes back those that it brings';

create trigger unknown_dossier_insert after insert on mart.dossier
referencing new table as row_after
for each statement execute function ops.note_known_dossiers();

create trigger unknown_dossier_update after update on mart.dossier
referencing old table as row_before new table as row_after
for each statement execute function ops.note_known_dossiers();

create trigger unknown_dossier_delete after delete on mart.dossier
referencing old table as row_before
for each statement execute function ops.note_known_dossiers();

-- what is stored already
insert into ops.repeated_order (source_code, order_code)
select
    v.source_code,
    v.order_code
from core.payment_version as v
where
    v._is_current and v._failed_rules is null and v.kind_code = 'PAY' and v.status_code = 1 and v.amount_vnd > 0
    and v.order_code is not null
group by v.source_code, v.order_code
having count(*) > 1;

insert into ops.unknown_dossier (dossier_code)
select distinct v.dossier_code
from core.payment_version as v
where
    v._is_current and v._failed_rules is null and v.kind_code in ('PAY', 'REFUND') and v.status_code = 1 and v.amount_vnd > 0
    and v.dossier_code is not null
    and not exists (select 1 from mart.dossier as d where d.dossier_code = v.dossier_code)
    and not exists (select 1 from mart.dossier as d where d.other_dossier_code = v.dossier_code);

analyze ops.repeated_order, ops.unknown_dossier;

-- the dossiers that say they were paid online, by the month of a finding: those of a year are a share of them
drop index mart.dossier_paid_online_ix;
create index dossier_paid_online_ix on mart.dossier (
    cast(date_trunc('month', cast(coalesce(finished_date, received_date) as timestamp)) as date)
) where is_counted and paid_online_code in (1, 2);
