"""The packages of include/executors, installed: Airflow finds both executors with our settings (`make nightly`).

It installs from a registry of packages into an environment of its own. Locked versions that do not fit one another are found by nothing
less: Celery 5.7 with a provider that asks for a name of 5.6 was one.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from cchc.settings import PROJECT
from tests.compose import chart
from tests.compose.services import CELERY

LOCK = PROJECT / "include" / "executors" / "requirements.lock"
FOUND = """if True:
    from airflow.providers.celery.executors.celery_executor import CeleryExecutor, app
    from airflow.providers.cncf.kubernetes.executors.kubernetes_executor import KubernetesExecutor
    from kombu.transport.redis import Transport
    from airflow.executors.executor_loader import ExecutorLoader
    print(app.conf.broker_url, app.conf.worker_concurrency, ExecutorLoader.get_default_executor_name())
"""
# the pod of a task as KubernetesExecutor makes it of the template
POD = """if True:
    import datetime
    from airflow.providers.cncf.kubernetes.kube_config import KubeConfig
    from airflow.providers.cncf.kubernetes.pod_generator import PodGenerator
    config = KubeConfig()
    pod = PodGenerator.construct_pod(
        dag_id="ingest_one_stop", task_id="load", pod_id="one", try_number=1, kube_image=config.kube_image, date=None, run_id="r",
        args=["work"], pod_override_object=None, base_worker_pod=PodGenerator.deserialize_model_file(config.pod_template_file),
        namespace=config.executor_namespace, scheduler_job_id="1",
    )
    base = pod.spec.containers[0]
    print(pod.metadata.namespace, base.image, sorted(mount.mount_path for mount in base.volume_mounts))
"""


@pytest.fixture(scope="module")
def python(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The Python of an environment that has the packages of the image for several machines."""
    uv = shutil.which("uv") or str(PROJECT / ".cchc-tools" / "uv")
    place = tmp_path_factory.mktemp("executors") / "venv"
    python = place / "bin" / "python"
    for command in (
        [uv, "venv", "--quiet", "--python", sys.executable, str(place)],
        [uv, "pip", "sync", "--quiet", "--python", str(python), "--require-hashes", str(LOCK)],
    ):
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
    return python


def said(python: Path, program: str, **variables: str) -> str:
    """The last line that a program prints which asks Airflow."""
    environment = {"PATH": "/usr/bin:/bin"} | variables
    done = subprocess.run([str(python), "-W", "ignore", "-c", program], env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    return done.stdout.strip().splitlines()[-1]


@pytest.mark.nightly
@pytest.mark.timeout(1200)
def test_airflow_finds_both_executors_with_the_locked_packages(python: Path, tmp_path: Path) -> None:
    given = CELERY["scheduler"]["environment"]
    found = said(
        python,
        FOUND,
        AIRFLOW_HOME=str(tmp_path),
        AIRFLOW__CORE__EXECUTOR=given["AIRFLOW__CORE__EXECUTOR"],
        AIRFLOW__CELERY__BROKER_URL=given["AIRFLOW__CELERY__BROKER_URL"].partition(":-")[2].rstrip("}"),
        AIRFLOW__CELERY__WORKER_CONCURRENCY="5",
    )
    assert found == "redis://redis:6379/0 5 :CeleryExecutor:"


@pytest.mark.nightly
@pytest.mark.timeout(1200)
def test_airflow_makes_the_pod_of_a_task_of_what_the_chart_writes(python: Path, tmp_path: Path) -> None:
    if why := chart.chart_is_missing():
        pytest.skip(f"the chart is not rendered: {why}")
    for name, text in next(each["data"] for each in chart.rendered() if each["metadata"]["name"] == "cchc-config").items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    # the settings but for the auth manager, which is ours and not installed here
    settings = (tmp_path / "airflow.cfg").read_text(encoding="utf-8").replace("cchc.airflow.auth_manager.AccountsAuthManager", "")
    (tmp_path / "airflow.cfg").write_text(settings, encoding="utf-8")
    found = said(
        python, POD, AIRFLOW_HOME=str(tmp_path), AIRFLOW__KUBERNETES_EXECUTOR__POD_TEMPLATE_FILE=str(tmp_path / "pod_template_file.yaml")
    )
    assert found.startswith("cchc registry.example.vn/cchc-executors:latest [")
    assert {"/var/lib/cchc", "/var/lib/drops", "/var/lib/backups", "/var/lib/cchc/airflow/logs"} <= set(re.findall(r"'([^']+)'", found))
