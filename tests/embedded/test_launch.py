"""What launch.py takes from inside Airflow is there: it has no contract, so a newer Airflow may move it, and each process would start alone."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

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


def answered(program: str, asked: object, home: Path) -> dict[str, Any]:
    """What a program says, as JSON, in a process with an Airflow that has nothing yet."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("AIRFLOW")} | {"AIRFLOW_HOME": str(home)}
    done = subprocess.run(
        [sys.executable, "-c", program], input=json.dumps(asked), env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


def imported(names: list[str], home: Path) -> dict[str, Any]:
    """What is missing of these modules, and how many threads run when they are imported."""
    return answered(IMPORT, names, home)


def test_every_shared_module_is_there_and_starts_no_thread(tmp_path: Path) -> None:
    """With a second thread launch.py does not fork, because a lock that the thread holds would stay locked in the fork.

    A module that is not there is asked for, too: it alone is missing.
    """
    names = [*SHARED_IMPORTS, "airflow.jobs.no_such_runner"]
    assert imported(names, tmp_path) == {"missing": ["No module named 'airflow.jobs.no_such_runner'"], "threads": 1}


HELP = """if True:
    import contextlib, io, json, sys
    from airflow.cli.cli_parser import get_parser
    said = {}
    for name, command in json.load(sys.stdin).items():
        with contextlib.redirect_stdout(io.StringIO()) as out:
            try:
                get_parser().parse_args([*command, "--help"])
            except SystemExit as ended:
                said[name] = [ended.code, out.getvalue()]
    print(json.dumps(said))
"""


def test_airflow_has_the_command_of_each_component(tmp_path: Path) -> None:
    said = answered(HELP, COMPONENTS, tmp_path)
    assert set(said) == set(COMPONENTS)
    for component, (code, out) in said.items():
        assert code == 0
        assert f" {component}" in out.partition("\n")[0], out
