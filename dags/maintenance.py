"""maintenance: regular maintenance, each week. check_connections: test the connection of every source, started by a person.

Landing older than `keep_days` is removed and logged, and the statistics of the query planner are updated. Rows of core and mart stay
unchanged.
"""

from __future__ import annotations

from typing import Any

from airflow.sdk import Param, dag, task

from cchc.airflow.defaults import DEFAULT_ARGS, START, by_clock
from cchc.airflow.failures import reason_first
from cchc.airflow.notify import tell_failed_run
from cchc.airflow.pools import WAREHOUSE_POOL
from cchc.settings import Settings
from cchc.sources.profile import list_profiles


@dag(
    dag_display_name="Bảo trì hằng tuần",
    description="Retention of landing, statistics of the warehouse",
    schedule=by_clock("0 3 * * 0"),
    start_date=START,
    catchup=False,
    max_active_runs=1,
    default_args=DEFAULT_ARGS,
    on_failure_callback=tell_failed_run,
    tags=["maintenance"],
    doc_md=__doc__,
    params={"keep_days": Param(90, type="integer", minimum=1, title="Days that landing is kept")},
)
def maintenance() -> None:
    """Run the steps of the maintenance one after the other."""

    @task(pool=WAREHOUSE_POOL)
    @reason_first
    def retain(params: dict[str, Any] | None = None) -> list[str]:
        """Remove landing that is older than `keep_days`."""
        from cchc.runs.maintenance import remove_old_landing

        return remove_old_landing(Settings.load(), int((params or {})["keep_days"]))

    @task(pool=WAREHOUSE_POOL)
    @reason_first
    def sweep() -> list[str]:
        """Drop the staging tables that killed runs have left."""
        from cchc.runs.extracts import sweep_staging

        return sweep_staging(Settings.load())

    @task(pool=WAREHOUSE_POOL)
    @reason_first
    def analyze() -> None:
        """Update the statistics of the query planner."""
        from cchc.runs.maintenance import analyze

        analyze(Settings.load())

    retain() >> sweep() >> analyze()


@dag(
    dag_display_name="Kiểm tra kết nối nguồn",
    description="Try the connection of every source",
    schedule=None,
    start_date=START,
    catchup=False,
    default_args=DEFAULT_ARGS | {"retries": 0},
    on_failure_callback=tell_failed_run,
    tags=["maintenance", "by-hand"],
    doc_md=__doc__,
)
def check_connections() -> None:
    """Test each source in a task of its own, so that a failed one does not hide the others."""

    @task(map_index_template="{{ source }}")
    @reason_first
    def check(source: str) -> str:
        """Log in and read the first page, or list the folder. Fail with the reason if that is not possible."""
        from airflow.sdk import get_current_context

        from cchc.airflow.connections import source_connection
        from cchc.pipeline import ingest as pipeline

        get_current_context()["source"] = source
        return pipeline.check_connection(Settings.load(), source, source_connection(source))

    check.expand(source=list_profiles(Settings.load().sources_dir))


maintenance()
check_connections()
