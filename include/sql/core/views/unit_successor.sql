-- grain: one row for each unit and a unit that replaced it
-- source: core.unit.predecessors
-- traps: a unit with two successors has two rows; core.unit_on_day has the unit for which it counts on a day

create or replace view core.unit_successor as
select
    p.unit_code,
    p.name,
    u.unit_code as successor_code,
    u.name as successor_name,
    p.valid_to + 1 as from_date
from core.unit as u
cross join lateral unnest(u.predecessors) as l (predecessor_code)
inner join core.unit as p on l.predecessor_code = p.unit_code;
comment on view core.unit_successor is 'One row a unit that ended and the unit that took its place; a unit can have been handed on twice | Đơn vị đã kết thúc và đơn vị kế thừa';
comment on column core.unit_successor.unit_code is 'Unit that ended | Đơn vị đã kết thúc';
comment on column core.unit_successor.name is 'Its name | Tên';
comment on column core.unit_successor.successor_code is 'Unit that took its place | Đơn vị kế thừa';
comment on column core.unit_successor.successor_name is 'Its name | Tên đơn vị kế thừa';
comment on column core.unit_successor.from_date is 'First day under the successor | Ngày đầu tiên thuộc đơn vị kế thừa';
