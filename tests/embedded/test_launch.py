"""What launch.py takes from inside Airflow is there: it has no contract, so a newer Airflow may move it, and each process would start alone."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from cchc.airflow.launch import COMPONENTS, SHARED_IMPORTS

IMPORT = """if True:
    import importlib, json, sys, threading
    missing = []
    for name in json.load(sys.stdin):
        try:
            importlib.import_module(name)
        except ImportError as error:
            missing.append(str(error))
    print(json.dumps({"missing": missing, "threads": threading.active_count()}))
"""


def imported(names: list[str], home: Path) -> dict[str, object]:
    """What is missing of these modules, and how many threads run when they are imported."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("AIRFLOW")} | {"AIRFLOW_HOME": str(home)}
    done = subprocess.run(
        [sys.executable, "-c", IMPORT], input=json.dumps(names), env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    found: dict[str, object] = json.loads(done.stdout.splitlines()[-1])
    return found


def test_every_shared_module_is_there_and_starts_no_thread(tmp_path: Path) -> None:
    """With a second thread launch.py does not fork, because a lock that the thread holds would stay locked in the fork."""
    assert imported(list(SHARED_IMPORTS), tmp_path) == {"missing": [], "threads": 1}
    moved = imported(["airflow.jobs.no_such_runner"], tmp_path)
    assert moved["missing"] == ["No module named 'airflow.jobs.no_such_runner'"]


@pytest.mark.parametrize("component", COMPONENTS)
def test_airflow_has_the_command_of_each_component(component: str, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "airflow", *COMPONENTS[component], "--help"]
    done = subprocess.run(command, env={**os.environ, "AIRFLOW_HOME": str(tmp_path)}, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert f"airflow {component}" in done.stdout
