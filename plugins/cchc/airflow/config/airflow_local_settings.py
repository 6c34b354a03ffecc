"""Airflow imports this module in each of its processes; its folder is on PYTHONPATH.

*Preloading.* The scheduler's LocalExecutor forks its workers, and these fork the tasks. A task need not import again what the scheduler has
imported; Great Expectations alone would take seconds of each task. Only third-party libraries are imported here, so that the next task
uses a change of our own code without a restart; the one exception says what Great Expectations need not import.

*Clearing* of a run with a deadline, which Airflow 3.3 cannot do by itself (cchc.airflow.clearing), is mended in whichever process does it.
"""

from __future__ import annotations

import sys

from cchc.airflow.clearing import mend_clearing


def preload_for_tasks() -> None:
    """Import what most tasks need."""
    import logging

    from cchc.late_imports import import_late

    import_late()
    logging.getLogger("great_expectations").setLevel(logging.WARNING)  # it logs hundreds of lines while it is imported
    import great_expectations  # noqa: F401
    import orjson  # noqa: F401
    import pandas  # noqa: F401
    import psycopg  # noqa: F401
    import pyarrow.csv  # noqa: F401
    import requests  # noqa: F401
    import sqlalchemy  # noqa: F401


mend_clearing()
if sys.argv[1:2] == ["scheduler"]:
    preload_for_tasks()
