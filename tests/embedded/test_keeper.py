"""The keeper starts again what has died of PostgreSQL and Airflow, ends what a dead process has left, and doctor tells of it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from cchc.airflow.launch import COMPONENTS
from cchc.embedded import keeper as keepers
from cchc.embedded import stack
from cchc.embedded.keeper import KEEPER, Keeper
from cchc.files import locked
from cchc.settings import Settings
from cchc.waiting import wait_until
from cchc.warehouse import embedded as postgres

SLEEPS = [sys.executable, "-c", "import time; time.sleep(600)"]
WITH_CHILD = [
    sys.executable,
    "-c",
    f"import subprocess, time; subprocess.Popen({[*SLEEPS, keepers.WORKER]}); print(1, flush=True); time.sleep(600)",
]


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Settings]:
    """An installation with a PostgreSQL of its own, in which each component of Airflow is a process that sleeps."""
    monkeypatch.setenv("CCHC_HOME", str(tmp_path))
    monkeypatch.delenv("CCHC_WAREHOUSE_URL", raising=False)
    (tmp_path / "airflow" / "logs").mkdir(parents=True)
    postgres.start(tmp_path, durable=False)
    yield Settings.load()
    stack.down(Settings.load())
    assert not [each for each in psutil.process_iter(["cwd"]) if each.info["cwd"] == str(tmp_path / "airflow") and is_live(each)]


@pytest.fixture
def keeper(settings: Settings) -> Iterator[Keeper]:
    """Its keeper, in this process."""
    made, started = Keeper(settings.home, settings.home / "airflow", lambda name: SLEEPS), list[subprocess.Popen[bytes]]()
    for name in COMPONENTS:
        process = subprocess.Popen(WITH_CHILD, cwd=made.folder, stdout=subprocess.PIPE, start_new_session=True)
        assert process.stdout is not None and process.stdout.readline() == b"1\n"
        process.stdout.close()
        made.processes.add(name, process.pid)
        started.append(process)
    yield made
    stack.down(settings)
    for process in (*started, *made._started.values()):
        process.wait()


def is_live(process: psutil.Process) -> bool:
    return bool(process.is_running() and process.status() != psutil.STATUS_ZOMBIE)


def kill(process: psutil.Process) -> None:
    process.kill()
    assert wait_until(lambda: not is_live(process), 10)


def test_a_dead_component_is_started_again(keeper: Keeper, settings: Settings) -> None:
    assert keeper.look() == []
    before = keeper.processes.alive()
    (left,) = before["scheduler"].children()
    kill(before["scheduler"])
    assert is_live(left)
    with locked(keeper.folder / "lock"):
        assert keeper.look() == [], "cchc up or down is at work"
    assert keeper.look() == ["scheduler"]
    assert not is_live(left), "the tasks of a dead scheduler would run beside those of the new one"
    after = keeper.processes.alive()
    assert set(after) == set(COMPONENTS)
    assert [name for name in COMPONENTS if before[name].pid != after[name].pid] == ["scheduler"]

    kill(after["scheduler"])
    assert keeper.look() == [], "what ends again and again is started again after a pause"
    keeper._last["scheduler"].at -= keepers.FIRST_PAUSE_SECONDS
    assert keeper.look() == ["scheduler"]
    assert keeper._last["scheduler"].pause == 2 * keepers.FIRST_PAUSE_SECONDS
    told = [text for level, text in stack.health(settings) if level == stack.NOTE]
    assert len(told) == 1 and "scheduler had ended by itself, and the keeper started it again: 2 times in a week" in told[0]


def test_a_scheduler_that_has_lost_a_worker_is_started_again(keeper: Keeper) -> None:
    """A killed worker of the executor keeps the lock with which all wait for tasks."""
    assert keeper.look() == []
    before = keeper.processes.alive()
    kill(before["dag-processor"].children()[0])
    assert keeper.look() == [], "only the scheduler has an executor"
    kill(before["scheduler"].children()[0])
    assert keeper.look() == ["scheduler"]
    assert not is_live(before["scheduler"])
    assert keeper.look() == []


def test_a_dead_postgresql_is_started_again(keeper: Keeper, settings: Settings) -> None:
    pid = postgres.postmaster_of(settings.home)
    assert pid is not None
    for process in [psutil.Process(pid), *psutil.Process(pid).children()]:
        kill(process)
    assert keeper.look() == ["postgresql"]
    server = postgres.running_server(settings.home)
    assert server is not None and server.port == keeper._port
    assert [entry.name for entry in keeper.teller.file.read()] == ["postgresql"]


def test_what_cannot_be_started_is_told_and_keeps_no_other_from_being_started(keeper: Keeper) -> None:
    before = keeper.processes.alive()
    kill(before["scheduler"])
    kill(before["triggerer"])
    keeper.command = lambda name: ["/no/such/program"] if name == "scheduler" else SLEEPS
    assert keeper.look() == ["triggerer"]
    news = {each.name: each for each in keeper.teller._news()}
    assert news["scheduler"].failed == "FileNotFoundError: [Errno 2] No such file or directory: '/no/such/program'"
    assert (news["triggerer"].failed, len(news["triggerer"].at)) == (None, 1)


def test_a_keeper_that_nobody_counts_ends(keeper: Keeper) -> None:
    assert not keeper.is_wanted(), "cchc down removes the record, and cchc up names another one"
    keeper.processes.add(KEEPER, os.getpid())
    assert keeper.is_wanted()
    entries = json.loads(keeper.processes.path.read_text())
    keeper.processes.path.write_text(json.dumps({name: entry for name, entry in entries.items() if name != KEEPER}))


def test_a_damaged_note_of_restarts_is_told(keeper: Keeper, settings: Settings) -> None:
    """It is no empty list: doctor would say that nothing had died."""
    (keeper.folder / "restarts.json").write_text("[{", encoding="utf-8")
    [(_, words)] = stack._restarted(settings)
    assert "restarts.json cannot be read" in words
    keeper._note("scheduler")
    assert [entry.name for entry in keeper.teller.file.read()] == ["scheduler"]
