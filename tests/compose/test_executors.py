"""The packages of include/executors, installed: Airflow finds both executors with our settings (`make nightly`).

It installs from a registry of packages into an environment of its own. Locked versions that do not fit one another are found by nothing
less: Celery 5.7 with a provider that asks for a name of 5.6 was one.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from cchc.settings import PROJECT
from tests.compose.services import CELERY

LOCK = PROJECT / "include" / "executors" / "requirements.lock"
FOUND = """if True:
    from airflow.providers.celery.executors.celery_executor import CeleryExecutor, app
    from airflow.providers.cncf.kubernetes.executors.kubernetes_executor import KubernetesExecutor
    from kombu.transport.redis import Transport
    from airflow.executors.executor_loader import ExecutorLoader
    print(app.conf.broker_url, app.conf.worker_concurrency, ExecutorLoader.get_default_executor_name())
"""


@pytest.mark.nightly
@pytest.mark.timeout(1200)
def test_airflow_finds_both_executors_with_the_locked_packages(tmp_path: Path) -> None:
    uv = shutil.which("uv") or str(PROJECT / ".cchc-tools" / "uv")
    python = tmp_path / "venv" / "bin" / "python"
    for command in (
        [uv, "venv", "--quiet", "--python", sys.executable, str(tmp_path / "venv")],
        [uv, "pip", "sync", "--quiet", "--python", str(python), "--require-hashes", str(LOCK)],
    ):
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
    given = CELERY["scheduler"]["environment"]
    environment = {
        "PATH": "/usr/bin:/bin",
        "AIRFLOW_HOME": str(tmp_path / "home"),
        "AIRFLOW__CORE__EXECUTOR": given["AIRFLOW__CORE__EXECUTOR"],
        "AIRFLOW__CELERY__BROKER_URL": given["AIRFLOW__CELERY__BROKER_URL"].partition(":-")[2].rstrip("}"),
        "AIRFLOW__CELERY__WORKER_CONCURRENCY": "5",
    }
    done = subprocess.run([str(python), "-W", "ignore", "-c", FOUND], env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    assert done.stdout.strip().splitlines()[-1] == "redis://redis:6379/0 5 :CeleryExecutor:"
