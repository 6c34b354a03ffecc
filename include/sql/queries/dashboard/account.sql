-- grain: one row for the account of a person in Airflow, if the warehouse knows it
-- source: ops.account
-- traps: no unit means the whole authority; no row means figures alone

select a.unit_code
from ops.account as a
where a.kind = 'airflow' and a.user_name = cast(:account as text)
