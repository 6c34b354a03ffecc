"""ingest_<source>: one DAG for each profile in CCHC_SOURCES_DIR.

It extracts the changes since the last complete extract, checks them, loads them into the warehouse, and reports the months that they
touched; `refresh_indicators` then computes only those months. To start it yourself, use `from` and `to` for any window, or `full` for
everything. If a file is blocked, the other files are loaded, and the task `confirm` fails. If an extract over HTTP is blocked, nothing is
loaded, and the task `load` fails. A profile that cannot be read also has a DAG: it fails each morning with the error in the profile, and
the other sources are not affected. A second run changes only what has changed at the source.
"""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

from airflow.sdk import Param, dag, task

from cchc.airflow.assets import MONTHS_TOUCHED
from cchc.airflow.defaults import DEFAULT_ARGS, START, by_clock, deadline
from cchc.airflow.failures import reason_first
from cchc.airflow.notify import tell_failed_run
from cchc.airflow.pools import WAREHOUSE_POOL
from cchc.errors import NotConfigured
from cchc.settings import Settings
from cchc.sources.profile import Profile, list_profiles, load_profile

if TYPE_CHECKING:
    from airflow.sdk.types import OutletEventAccessorsProtocol


def ingest_dag(profile: Profile) -> None:
    """Define the DAG of one source."""

    @dag(
        dag_id=f"ingest_{profile.source}",
        dag_display_name=f"Nạp dữ liệu: {profile.name_vi}",
        description=f"Extract, check and load {profile.source}",
        schedule=by_clock(profile.schedule),
        start_date=START,
        catchup=False,
        max_active_runs=1,
        default_args=DEFAULT_ARGS | {"owner": profile.owner},
        on_failure_callback=tell_failed_run,
        deadline=deadline(profile.deadline_hours, profile.source),
        tags=["ingest", profile.source],
        doc_md=__doc__,
        params={
            "from": Param(
                None,
                type=["null", "string"],
                title="From",
                description="Start of the window, ISO 8601; empty = last complete T less an overlap",
            ),
            "to": Param(
                None,
                type=["null", "string"],
                title="To (T)",
                description="Nothing that changed at or after it is asked for; empty = the scheduled moment, or now",
            ),
            "full": Param(False, type="boolean", title="Everything", description="From the beginning, whatever was extracted before"),
        },
    )
    def ingest() -> None:
        @task(pool=WAREHOUSE_POOL)
        @reason_first
        def open_window(params: dict[str, Any] | None = None, logical_date: datetime | None = None) -> int:
            """Open the extract. Its id is passed to the later tasks."""
            from cchc.airflow.runs import window
            from cchc.pipeline import ingest as pipeline

            asked = params or {}
            start, end = window(asked, logical_date)
            return pipeline.open_extract(
                Settings.load(), profile.source, start, end, full=bool(asked.get("full")), is_to_named=bool(asked.get("to"))
            )

        @task(pool=WAREHOUSE_POOL)
        @reason_first
        def extract(extract_id: int) -> dict[str, Any]:
            """Extract the window to landing. An extract is complete or failed."""
            from cchc.airflow.connections import source_connection
            from cchc.pipeline import ingest as pipeline

            return pipeline.extract_step(Settings.load(), extract_id, source_connection(profile.source))

        @task(pool=WAREHOUSE_POOL)
        @reason_first
        def stage(extract_id: int) -> None:
            """Write the landed records as typed rows to staging."""
            from cchc.pipeline import ingest as pipeline

            pipeline.stage_step(Settings.load(), extract_id)

        @task(pool=WAREHOUSE_POOL)
        @reason_first
        def validate(extract_id: int) -> list[str]:
            """Run the suites: quarantine rows, block loads, and let Great Expectations audit the remaining rows."""
            from cchc.pipeline import ingest as pipeline

            return pipeline.validate_step(Settings.load(), extract_id)

        @task(outlets=[MONTHS_TOUCHED], pool=WAREHOUSE_POOL)
        @reason_first
        def load(extract_id: int, *, outlet_events: OutletEventAccessorsProtocol) -> list[str]:
            """Load the extract in one transaction. The months that it touched become partitions of the asset, unless they are asked for."""
            from cchc.pipeline import ingest as pipeline

            months = pipeline.load_step(Settings.load(), extract_id)
            outlet_events[MONTHS_TOUCHED].add_partitions(pipeline.months_to_ask_for(Settings.load(), profile.source, extract_id))
            return months

        @task
        @reason_first
        def confirm(extract_id: int) -> None:
            """Fail if a delivered file was blocked. The error names each blocked file with the reason."""
            from cchc.pipeline import ingest as pipeline

            pipeline.raise_blocked(Settings.load(), extract_id)

        extract_id = open_window()
        extract(extract_id) >> stage(extract_id) >> validate(extract_id) >> load(extract_id) >> confirm(extract_id)

    ingest()


def broken_dag(name: str) -> None:
    """Define the DAG of a source whose profile cannot be read. Its only task reports the reason."""

    @dag(
        dag_id=f"ingest_{name}",
        dag_display_name=f"Nạp dữ liệu: {name} (hồ sơ nguồn có lỗi)",
        description=f"The profile {name} cannot be read; nothing of this source is loaded until it is mended",
        schedule=by_clock("0 1 * * *"),
        start_date=START,
        catchup=False,
        max_active_runs=1,
        default_args=DEFAULT_ARGS,
        on_failure_callback=tell_failed_run,
        tags=["ingest", name, "broken"],
        doc_md=__doc__,
    )
    def ingest() -> None:
        @task
        @reason_first
        def read_profile() -> None:
            """Read the profile again. Fail with its error, or succeed if it was corrected (the next parse then defines the real DAG)."""
            load_profile(Settings.load().sources_dir, name)

        read_profile()

    ingest()


for name in list_profiles(Settings.load().sources_dir):
    try:
        source_profile = load_profile(Settings.load().sources_dir, name)
    except NotConfigured:
        broken_dag(name)
    else:
        ingest_dag(source_profile)
