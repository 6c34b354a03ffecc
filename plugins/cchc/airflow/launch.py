"""Start the processes of Airflow: import Airflow once and then fork, so that the time and the memory of the imports are used only once.

stack.py runs it as `python -m cchc.airflow.launch HOME [--migrate]` with the whole environment of Airflow. It ends when the processes are
started. Each of them leads its own session, writes its own log, and is recorded at once. On systems other than Linux, where a fork of a
process with many libraries is not safe, each is a new `airflow` process.
"""

from __future__ import annotations

import importlib
import os
import subprocess
import sys
import threading
import traceback
from pathlib import Path

from cchc.airflow.processes import ProcessFile

COMPONENTS = {
    "api-server": ["api-server"],
    "scheduler": ["scheduler", "--skip-serve-logs"],
    "dag-processor": ["dag-processor"],
    "triggerer": ["triggerer", "--skip-serve-logs"],
}
SHARED_IMPORTS = (
    "airflow",
    "airflow.cli.cli_parser",
    "airflow.models",
    "airflow.serialization.serialized_objects",
    "airflow.executors.local_executor",
    "airflow.dag_processing.manager",
    "airflow.jobs.scheduler_job_runner",
    "airflow.jobs.triggerer_job_runner",
    "airflow.jobs.dag_processor_job_runner",
)
MIGRATE = ["db", "migrate"]


def main(arguments: list[str]) -> int:
    """Migrate the metadata database if asked to, then start the components. The exit code is that of the migration."""
    folder = Path(arguments[0])
    processes = ProcessFile(folder / "processes.json", folder)
    logs = folder / "logs"
    fork = sys.platform == "linux"
    if fork:
        for module in SHARED_IMPORTS:
            importlib.import_module(module)
        if threading.active_count() > 1:
            fork = False  # a lock held by another thread would stay locked for ever in a fork
    spawn = _fork if fork else _spawn
    if "--migrate" in arguments:
        code = _wait(spawn(MIGRATE, logs / "migrate.log"))
        if code != 0:
            return code
    for name, command in COMPONENTS.items():
        processes.add(name, spawn(command, logs / f"{name}.log"))
    return 0


def _fork(command: list[str], log: Path) -> int:
    pid = os.fork()
    if pid:
        return pid
    code = 1
    try:
        os.setsid()
        output = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
        os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
        os.dup2(output, 1)
        os.dup2(output, 2)
        sys.argv = ["airflow", *command]
        if command[0] == "scheduler":
            importlib.import_module("airflow_local_settings").preload_for_tasks()
        from airflow.__main__ import main as airflow_main

        airflow_main()
        code = 0
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else int(end.code is not None)
    except BaseException:
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


def _spawn(command: list[str], log: Path) -> int:
    with open(log, "a") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "airflow", *command],
            stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT, start_new_session=True,
        )  # fmt: skip
    return process.pid


def _wait(pid: int) -> int:
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
