"""Clean-up of what Airflow itself collects: rows of past runs in its database, and the logs of tasks.

Nothing of the warehouse is touched: publications, loads and their messages stay in ops and mart.
"""

from __future__ import annotations

import logging
import os
import subprocess
import sys
import time
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path

from cchc.errors import CchcError, NotConfigured
from cchc.period import now
from cchc.settings import secret_variable

log = logging.getLogger(__name__)

URL = "CCHC_AIRFLOW_DATABASE_URL"  # Airflow hides its own variable from tasks, so both installations give the address under this name
METADATA = "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN"
HIDDEN = ("AIRFLOW__CORE__SQL_ALCHEMY_CONN", "_AIRFLOW_PROCESS_CONTEXT")  # what Airflow sets for its tasks
DAY = 24 * 3600


def clean_database(keep_days: int, variables: Mapping[str, str] = os.environ) -> str:
    """Remove rows of Airflow's database that are older than `keep_days`, by Airflow's own command; what it says.

    Of each DAG the last run stays. Raises NotConfigured where the address of the database is not given, CchcError if the command fails.
    """
    url = secret_variable(URL, variables)
    if not url:
        raise NotConfigured(f"{URL} is not set: `cchc up` and docker-compose.yaml set it. Restart Airflow with this version")
    environment = {name: value for name, value in variables.items() if name not in HIDDEN} | {METADATA: url}
    before = (now() - timedelta(days=keep_days)).isoformat()
    command = ["db", "clean", "--clean-before-timestamp", before, "--skip-archive", "--error-on-cleanup-failure", "--yes"]
    program = [sys.executable, "-m", "airflow", *command]
    done = subprocess.run(program, env=environment, capture_output=True, text=True, check=False)
    said = (done.stdout + done.stderr).strip()
    if done.returncode != 0:
        raise CchcError(f"Airflow's database was not cleaned up:\n{said[-2000:]}")
    log.info("rows of Airflow's database older than %s are removed", before)
    return said


def clean_logs(folder: Path, keep_days: int) -> int:
    """Remove log files below `folder` that were not written for `keep_days`, and the folders that are empty then. The number of files."""
    oldest, removed = time.time() - keep_days * DAY, 0
    for place, _folders, names in os.walk(folder, topdown=False):
        for path in (Path(place) / name for name in names):
            if not path.is_symlink() and path.stat().st_mtime < oldest:
                path.unlink()
                removed += 1
        found = Path(place)
        # a young folder may be one that Airflow has just made for a log
        if found != folder and not any(found.iterdir()) and found.stat().st_mtime < time.time() - DAY:
            found.rmdir()
    log.info("%s logs older than %s days are removed below %s", removed, keep_days, folder)
    return removed
