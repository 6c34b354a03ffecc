"""What a task does, as a process of its own that can be killed: a step of a run, a refresh, a closing, maintenance.

The process is forked from a server that has imported what the steps need, so that it begins at once and not after seconds of imports.
"""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import resource
import signal
import sys
import traceback
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

PRELOADED = ["tests.faults.work", "tests.faults.preloaded"]
OPEN, EXTRACT, STAGE, VALIDATE, LOAD = "open", "extract", "stage", "validate", "load"
STEPS = (OPEN, EXTRACT, STAGE, VALIDATE, LOAD)
OTHERS = ("refresh", "close", "maintenance", "retry")


@dataclass(frozen=True)
class Task:
    """One task: a step of `source` at T, or what concerns the whole warehouse. `clock`: how far the clock of its machine is ahead."""

    name: str
    environment: dict[str, str]
    source: str = ""
    known_at: datetime | None = None
    extract_id: int = 0
    period: str = ""
    begin: str = ""
    file_bytes: int | None = None
    clock: timedelta = field(default=timedelta())


def _steps(task: Task) -> Any:
    from cchc.pipeline import ingest
    from cchc.settings import Settings
    from cchc.sources.connection import from_environment

    settings = Settings.load()
    if task.name == OPEN:
        return ingest.open_extract(settings, task.source, None, task.known_at)
    if task.name == EXTRACT:
        return len(ingest.extract_step(settings, task.extract_id, from_environment(task.source)))
    if task.name == STAGE:
        return ingest.stage_step(settings, task.extract_id)
    if task.name == VALIDATE:
        return ingest.validate_step(settings, task.extract_id)
    return ingest.load_step(settings, task.extract_id)


def _ingest(task: Task) -> Any:
    from cchc.pipeline import ingest
    from cchc.settings import Settings
    from cchc.sources.connection import from_environment

    return ingest.ingest(Settings.load(), task.source, from_environment(task.source), end=task.known_at).extract_id


def _refresh(task: Task) -> Any:
    from sqlalchemy import text

    from cchc.pipeline.refresh import refresh
    from cchc.settings import Settings
    from cchc.warehouse import engine

    settings = Settings.load()
    with engine(settings).begin() as connection:  # months before the world begins are empty, and there are many of them
        connection.execute(text("delete from ops.dirty_month where month_start < cast(:m as date)"), {"m": task.begin})
    return len(refresh(settings))


def _close(task: Task) -> Any:
    from cchc.period import parse_period
    from cchc.pipeline.close import close
    from cchc.settings import Settings

    return close(Settings.load(), parse_period(task.period), "a tester", incomplete=True).edition


def _maintenance(task: Task) -> Any:
    from cchc.runs import extracts, maintenance
    from cchc.settings import Settings

    settings = Settings.load()
    maintenance.remove_old_landing(settings, 3650)
    maintenance.analyze(settings)
    return len(extracts.sweep_staging(settings))


def _retry(task: Task) -> Any:
    from cchc.pipeline.ingest import retry_quarantine
    from cchc.settings import Settings

    return len(retry_quarantine(Settings.load()))


DO: dict[str, Callable[[Task], Any]] = {
    **dict.fromkeys(STEPS, _steps),
    "ingest": _ingest,
    "refresh": _refresh,
    "close": _close,
    "maintenance": _maintenance,
    "retry": _retry,
}


def _set_clock(ahead: timedelta) -> None:
    """Let the machine's clock be wrong: every module of the package that reads it has the function by name."""
    from cchc import period

    real = period.now
    for name, module in list(sys.modules.items()):
        if name.startswith("cchc") and getattr(module, "now", None) is real:
            vars(module)["now"] = lambda: real() + ahead


def _main(task: Task, answer: Any, log: str) -> None:
    """The process: the task, and what came of it as (kind, value)."""
    os.setpgrp()
    for name in [name for name in os.environ if name.startswith(("CCHC_", "AIRFLOW_CONN_"))]:
        del os.environ[name]
    os.environ.update(task.environment)
    with Path(log).open("a", encoding="utf-8") as out, contextlib.redirect_stdout(out), contextlib.redirect_stderr(out):
        if task.file_bytes is not None:
            signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
            resource.setrlimit(resource.RLIMIT_FSIZE, (task.file_bytes, task.file_bytes))
        if task.clock:
            _set_clock(task.clock)
        from cchc.errors import CchcError, sentence_of

        try:
            answer.send(("done", DO[task.name](task)))
        except CchcError as error:
            answer.send(("told", str(error)))
        except BaseException as error:
            said = sentence_of(error)
            answer.send(("told", said) if said else ("crashed", f"{type(error).__name__}: {error}\n{traceback.format_exc()[-1500:]}"))


class Running:
    """A task in a process of its own."""

    def __init__(self, task: Task, log: Path) -> None:
        context = multiprocessing.get_context("forkserver")
        context.set_forkserver_preload(PRELOADED)
        self.task = task
        self._answer, theirs = context.Pipe(duplex=False)
        self.process = context.Process(target=_main, args=(task, theirs, str(log)), daemon=True)
        self.process.start()
        theirs.close()

    def ended_within(self, seconds: float) -> bool:
        """Whether it ends by itself."""
        self.process.join(seconds)
        return self.process.exitcode is not None

    def kill(self) -> None:
        """kill -9."""
        self.process.kill()
        self.process.join()

    def result(self, seconds: float) -> tuple[str, Any]:
        """(kind, value): done, told (an error of the product), crashed (any other), killed, or hung: it did not end in time."""
        if not self._answer.poll(seconds):
            self.kill()
            return "hung", f"{self.task.name} {self.task.source}"
        try:
            found: tuple[str, Any] = self._answer.recv()
        except EOFError:
            self.process.join()
            return "killed", None
        self.process.join()
        return found
