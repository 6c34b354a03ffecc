"""refresh_indicators: recompute the indicators of exactly the months that loads have touched.

Each touched month is a partition (YYYY-MM) of the asset `months_touched`; this DAG runs once for the months of a year that are touched
together, and its partition is the year. A month includes every period that ends in it: month, quarter, year to date, report month … If one
month fails, the others are computed nevertheless, and the error names the month. To start it yourself, give `periods` (2023-06, 2023-Q2,
2023-06R …). Published values never change: if later data give other values, the differences become restatements.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from airflow.sdk import Param, PartitionedAssetTimetable, dag, task

from cchc.airflow.assets import MONTHS_TOUCHED, YEAR_OF_MONTH
from cchc.airflow.defaults import DEFAULT_ARGS, START
from cchc.airflow.failures import reason_first
from cchc.airflow.notify import tell_failed_run
from cchc.airflow.pools import WAREHOUSE_POOL

if TYPE_CHECKING:
    from airflow.sdk.types import DagRunProtocol


@dag(
    dag_display_name="Tính lại chỉ tiêu các tháng có thay đổi",
    description="Recompute the months that loads have touched",
    schedule=PartitionedAssetTimetable(assets=MONTHS_TOUCHED, default_partition_mapper=YEAR_OF_MONTH),
    start_date=START,
    catchup=False,
    max_active_runs=2,
    default_args=DEFAULT_ARGS,
    on_failure_callback=tell_failed_run,
    tags=["indicators"],
    doc_md=__doc__,
    params={
        "periods": Param(
            [], type="array", items={"type": "string"}, title="Periods", description="For a run by hand: 2023-06, 2023-Q2, 2023-06R …"
        ),
    },
)
def refresh_indicators() -> None:
    """Compute the touched months of a year, or the periods in the parameters."""

    @task(pool=WAREHOUSE_POOL)
    @reason_first
    def refresh(dag_run: DagRunProtocol, params: dict[str, Any] | None = None) -> list[str]:
        """Compute the touched months of the year of this run, or the periods that a person gave."""
        from cchc.pipeline.refresh import refresh_partition
        from cchc.settings import Settings

        return refresh_partition(Settings.load(), dag_run.partition_key, (params or {}).get("periods") or [])

    refresh()


refresh_indicators()
