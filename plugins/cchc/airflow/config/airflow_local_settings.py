"""Airflow imports this module in each of its processes; its folder is on PYTHONPATH.

*No schedule for the demo.* With CCHC_SCHEDULE=off no DAG runs by the clock, only by hand and by assets: the demo's sources stand
at the end of 2023, and a run at today's time would take everything after that for missing.

*Preloading.* The scheduler's LocalExecutor forks its workers, and these fork the tasks. What the scheduler has imported is free in every
task: Great Expectations alone costs a task six seconds otherwise. Only third-party libraries are imported here, so that a
change of our own code is seen by the next task, not after a restart.
"""

from __future__ import annotations

import os
import sys
from typing import Any

__all__ = ["dag_policy"]  # the names that Airflow takes over


def dag_policy(dag: Any) -> None:
    """Airflow calls this for every DAG that it has read from a file."""
    if os.environ.get("CCHC_SCHEDULE") == "off" and dag.timetable.can_be_scheduled:
        from airflow.sdk.definitions.timetables.assets import AssetTriggeredTimetable
        from airflow.sdk.definitions.timetables.simple import NullTimetable

        if not isinstance(dag.timetable, AssetTriggeredTimetable):
            dag.schedule, dag.timetable = None, NullTimetable()


def preload_for_tasks() -> None:
    """Import what most tasks need."""
    import logging

    logging.getLogger("great_expectations").setLevel(logging.WARNING)  # it logs hundreds of lines while it is imported
    import great_expectations  # noqa: F401
    import orjson  # noqa: F401
    import pandas  # noqa: F401
    import psycopg  # noqa: F401
    import pyarrow.csv  # noqa: F401
    import requests  # noqa: F401
    import sqlalchemy  # noqa: F401


if sys.argv[1:2] == ["scheduler"]:
    preload_for_tasks()
