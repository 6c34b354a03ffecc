-- grain: one row for each order whose kept comparison is another one than that of all orders anew
-- source: ops.reconciled_order, the temporary table `anew` (ops.compared_orders)

select
    coalesce(k.source_code, a.source_code) as source_code,
    coalesce(k.order_key, a.order_key) as order_key
from ops.reconciled_order as k
full join anew as a on k.source_code = a.source_code and k.order_key = a.order_key
where to_jsonb(k) is distinct from to_jsonb(a)
order by 1, 2
