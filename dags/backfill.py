"""backfill: load past months of a source automatically.

Give a source, a first and a last month. For each month, one run of `ingest_<source>` loads the window of the month, one after the other,
and `refresh_indicators` computes the months that they touched. Loads are idempotent, so the run can be stopped and started again. known_at
of the source stays at the beginning of the first month that was never extracted; `cchc doctor` reports it.
"""

from __future__ import annotations

from typing import Any

from airflow.providers.standard.operators.trigger_dagrun import TriggerDagRunOperator
from airflow.sdk import Param, dag, task

from cchc.airflow.defaults import DEFAULT_ARGS, START
from cchc.airflow.failures import reason_first
from cchc.airflow.notify import tell_failed_run
from cchc.settings import Settings
from cchc.sources.profile import list_profiles

SOURCES = list_profiles(Settings.load().sources_dir)


@dag(
    dag_display_name="Nạp lại dữ liệu các tháng đã qua",
    description="Ingest a source month by month",
    schedule=None,
    start_date=START,
    catchup=False,
    max_active_runs=1,
    default_args=DEFAULT_ARGS,
    on_failure_callback=tell_failed_run,
    tags=["ingest", "by-hand"],
    doc_md=__doc__,
    params={
        "source": Param(
            "one_stop" if "one_stop" in SOURCES else next(iter(SOURCES), "none"), type="string", enum=SOURCES or ["none"], title="Source"
        ),
        "first_month": Param("2023-01", type="string", pattern=r"^\d{4}-(0[1-9]|1[0-2])$", title="First month"),
        "last_month": Param("2023-12", type="string", pattern=r"^\d{4}-(0[1-9]|1[0-2])$", title="Last month"),
    },
)
def backfill() -> None:
    """Trigger one ingest run for each month, one after the other."""

    @task
    @reason_first
    def windows(params: dict[str, Any] | None = None) -> list[dict[str, Any]]:
        """The windows of the months: one set of parameters for each ingest run."""
        from cchc.period import month_windows

        asked = params or {}
        return [
            {"trigger_dag_id": f"ingest_{asked['source']}", "conf": window}
            for window in month_windows(asked["first_month"], asked["last_month"])
        ]

    TriggerDagRunOperator.partial(
        task_id="ingest_month",
        wait_for_completion=True,
        poke_interval=5,
        max_active_tis_per_dagrun=1,
    ).expand_kwargs(windows())


backfill()
