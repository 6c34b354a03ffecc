"""alerts: find what is wrong in the warehouse and tell it to those whom the authority's alerts.yaml names.

Each hour: blocked loads, columns that are gone, late sources, data missing before a closing, targets that turned from met to missed, units
that will miss one, restatements. A trouble is told once, reminded of as alerts.yaml says, and told again when it is well. What Airflow
alone knows (failed tasks, deadlines, approvals) is told by the runs themselves. The run fails where something could not be delivered; the
next run tries it again.
"""

from __future__ import annotations

from airflow.sdk import dag, task

from cchc.airflow.defaults import DEFAULT_ARGS, START, by_clock
from cchc.airflow.failures import reason_first
from cchc.airflow.notify import tell_failed_run


@dag(
    dag_display_name="Thông báo cho người phụ trách",
    description="Find what is wrong, and tell it once",
    schedule=by_clock("40 * * * *"),
    start_date=START,
    catchup=False,
    max_active_runs=1,
    default_args=DEFAULT_ARGS | {"retries": 0},
    on_failure_callback=tell_failed_run,
    tags=["notices"],
    doc_md=__doc__,
)
def alerts() -> None:
    """Find and tell."""

    @task
    @reason_first
    def tell() -> list[str]:
        """Tell what is new and what is well again. Fails with what could not be looked for or delivered."""
        from cchc.airflow.notify import tell_all

        return tell_all()

    tell()


alerts()
