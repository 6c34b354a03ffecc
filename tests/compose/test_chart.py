"""The official chart of Airflow, rendered by Helm with our values (`make nightly`).

It needs the program `helm`, and the file of the chart, which CCHC_AIRFLOW_CHART names. What is judged without them: test_more_machines.py.
"""

from __future__ import annotations

import configparser
import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from cchc.settings import PROJECT
from tests.compose import chart

IMAGE = "registry.example.vn/cchc-executors:latest"
OF_THE_OFFICIAL_IMAGE = ("/entrypoint", "/clean-logs")


@pytest.fixture(scope="module")
def objects() -> list[dict[str, Any]]:
    """What Helm would put into the cluster."""
    if why := chart.chart_is_missing():
        pytest.skip(f"the chart is not rendered: {why}")
    return chart.rendered()


def pods(objects: list[dict[str, Any]]) -> Iterator[tuple[str, dict[str, Any]]]:
    """The pods by the name of what makes them, and as `task` that of a task."""
    for each in objects:
        if "template" in each.get("spec", {}):
            yield each["metadata"]["name"], each["spec"]["template"]["spec"]
    yield "task", yaml.safe_load(files(objects)["pod_template_file.yaml"])["spec"]


def files(objects: list[dict[str, Any]]) -> dict[str, str]:
    """The files that the chart writes for Airflow."""
    found: dict[str, str] = next(each["data"] for each in objects if each["metadata"]["name"] == "cchc-config")
    return found


@pytest.mark.nightly
def test_helm_accepts_the_values_and_warns_of_nothing_of_ours(objects: list[dict[str, Any]]) -> None:
    assert "0 chart(s) failed" in chart.helm("lint")
    notes = chart.helm("install", "--dry-run=client", chart.RELEASE).partition("\nNOTES:")[2]
    warned = [line.strip() for line in notes.splitlines() if "`" in line]
    assert [line for line in warned if "dags.gitSync" not in line and "enableServiceLinks" not in line] == [], notes
    assert "logs may not persist" not in notes


@pytest.mark.nightly
def test_the_kept_part_is_that_of_the_chart(objects: list[dict[str, Any]]) -> None:
    assert json.loads(chart.KEPT.read_text(encoding="utf-8")) == chart.part_of(
        chart.schema_of(Path(os.environ[chart.CHART])), chart.values()
    )


@pytest.mark.nightly
def test_every_container_is_of_our_image_and_calls_nothing_that_it_lacks(objects: list[dict[str, Any]]) -> None:
    found = dict(pods(objects))
    assert set(found) == {
        "cchc-api-server",
        "cchc-dag-processor",
        "cchc-scheduler",
        "cchc-triggerer",
        "cchc-run-airflow-migrations",
        "task",
    }
    for name, pod in found.items():
        for container in [*(pod.get("initContainers") or []), *pod["containers"]]:
            assert container["image"] == IMAGE, (name, container["name"])
            assert [word for word in OF_THE_OFFICIAL_IMAGE if word in json.dumps(container)] == [], (name, container["name"])


@pytest.mark.nightly
def test_the_owner_of_the_warehouse_is_mounted_into_the_job_alone(objects: list[dict[str, Any]]) -> None:
    assert [name for name, pod in pods(objects) if "cchc-owner" in json.dumps(pod)] == ["cchc-run-airflow-migrations"]
    for name, pod in pods(objects):
        if name != "cchc-run-airflow-migrations":
            given = {entry["name"]: entry for container in pod["containers"] for entry in container["env"]}
            assert given["CCHC_WAREHOUSE_URL"]["valueFrom"]["secretKeyRef"] == {"name": "cchc", "key": "warehouse-loader-url"}, name


@pytest.mark.nightly
def test_what_a_task_has_said_is_kept(objects: list[dict[str, Any]]) -> None:
    task = dict(pods(objects))["task"]
    logs = next(each for each in task["volumes"] if each["name"] == "logs")
    assert logs["persistentVolumeClaim"]["claimName"] == "cchc-logs"
    assert {"mountPath": "/var/lib/cchc/airflow/logs", "name": "logs"} in task["containers"][0]["volumeMounts"]


@pytest.mark.nightly
def test_airflow_gets_the_settings_of_the_other_installations(objects: list[dict[str, Any]]) -> None:
    written, shared = configparser.ConfigParser(interpolation=None), configparser.ConfigParser(interpolation=None)
    written.read_string(files(objects)["airflow.cfg"])
    shared.read(PROJECT / "include" / "airflow" / "airflow.cfg", encoding="utf-8")
    for section in shared.sections():
        for name, value in shared[section].items():
            assert written[section][name] == ("KubernetesExecutor" if name == "executor" else value), (section, name)
