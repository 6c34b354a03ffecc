"""`pytest --quick` (`make test-quick`): what takes long is refused, so that the list tests/quick.txt stays quick.

Refused are programs that start Airflow, LibreOffice, a browser, an engine of containers or the whole stack, and Airflow in this process.
PostgreSQL is allowed: SQL is tested where it runs.
"""

from __future__ import annotations

import itertools
import sys
from collections.abc import Sequence
from pathlib import Path

PROGRAMS = {"airflow", "chrome", "chromium", "docker", "firefox", "libreoffice", "make", "soffice"}
MODULES = ("airflow", "cchc.airflow", "cchc.embedded", "demo", "tests.dags")


def refused(command: Sequence[str]) -> str | None:
    """What in a command line takes long: a program, or a module that Python is told to run; None where nothing does."""
    words = [str(word) for word in command]
    for word in words[:1]:
        if Path(word).name in PROGRAMS:
            return Path(word).name
    for flag, module in itertools.pairwise(words):
        if flag == "-m" and any(module == name or module.startswith(f"{name}.") for name in MODULES):
            return module
    return None


def guard() -> None:
    """From now on a command that takes long is an error in this process."""

    def watch(event: str, arguments: tuple[object, ...]) -> None:
        if event == "subprocess.Popen":
            program, words = arguments[0], arguments[1]
            command = [words] if isinstance(words, (str, bytes)) else list(words)  # type: ignore[call-overload]
            found = refused([str(program), *map(str, command[1:])])
            if found:
                raise RuntimeError(f"{found} is too slow for `make test-quick`: take this test out of tests/quick.txt")

    sys.addaudithook(watch)


def is_airflow_here() -> bool:
    """Whether Airflow was imported into this process, which takes seconds."""
    return "airflow" in sys.modules
