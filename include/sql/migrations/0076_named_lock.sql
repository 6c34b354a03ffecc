-- grain: one row a name under which steps that must not overlap wait for one another
-- source: cchc.warehouse.locks
-- traps: forward only. An advisory lock of PostgreSQL may be taken by every login of a person, which then keeps each load waiting; a row
--        of a table is locked by those alone who may write to it

create table ops.named_lock (
    lock_name text constraint named_lock_pk primary key
);
comment on table ops.named_lock is 'One row a name under which steps that must not overlap wait for one another: they lock the row for their transaction';
comment on column ops.named_lock.lock_name is 'What is done alone: load <source>, refresh <role>, …';
