"""The pools of Airflow's tasks: `warehouse` for every task that writes to the warehouse, `default_pool` for the others.

Airflow starts a task of a pool only while the pool has a free slot, and never starts one of a pool that is not there. The slots of both
pools together are the tasks that run at once: Airflow's LocalExecutor takes more than it can run, and a task that waits inside it has
lost its priority and is taken for stuck after ten minutes.
"""

from __future__ import annotations

from collections.abc import Mapping

from cchc.errors import NotConfigured

WAREHOUSE_POOL = "warehouse"
DEFAULT_POOL = "default_pool"
# one for `backfill`, which waits for the runs that it starts, and one for the tasks of those runs that do not write
OTHER_SLOTS = 2
PARALLELISM = "AIRFLOW__CORE__PARALLELISM"

DESCRIPTIONS = {
    WAREHOUSE_POOL: "Tasks that write to the warehouse; its slots are the tasks at once that PostgreSQL bears",
    DEFAULT_POOL: "Tasks that do not write to the warehouse: they wait, ask, read or tell",
}


def pools_for(parallelism: int) -> dict[str, int]:
    """The slots of each pool by its name, for an Airflow that runs `parallelism` tasks at once.

    Raises NotConfigured where that leaves no slot for the warehouse.
    """
    if parallelism <= OTHER_SLOTS:
        raise NotConfigured(
            f"{PARALLELISM} is {parallelism}; it must be at least {OTHER_SLOTS + 1}: {OTHER_SLOTS} tasks that do not write to the "
            f"warehouse, and at least one that does. In docker-compose set AIRFLOW_PARALLELISM in .env."
        )
    return {WAREHOUSE_POOL: parallelism - OTHER_SLOTS, DEFAULT_POOL: OTHER_SLOTS}


def configured_pools(variables: Mapping[str, str]) -> dict[str, int]:
    """The slots of each pool for the number of tasks at once that the environment sets (`AIRFLOW__CORE__PARALLELISM`).

    Raises NotConfigured where it is missing, no whole number, or too small.
    """
    text = variables.get(PARALLELISM, "")
    if not text.isdecimal():
        raise NotConfigured(f"{PARALLELISM} is '{text}'; it must be a whole number, the tasks that Airflow runs at once.")
    return pools_for(int(text))
