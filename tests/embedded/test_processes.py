"""Recorded processes are recognised, are ended with all their children, and are never confused with other processes."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from cchc.airflow.processes import ProcessFile
from cchc.errors import CchcError

# A leader with one child in its session, one in a session of its own, and one in a process group of its own.
FAMILY = """if True:
    import os, signal, subprocess, sys, time
    sleep = [sys.executable, "-c", "import time; time.sleep(600)"]
    subprocess.Popen(sleep)
    subprocess.Popen(sleep, start_new_session=True)
    subprocess.Popen(sleep, process_group=0)
    print("ready", flush=True)
    time.sleep(600)
"""
STUBBORN = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('ready', flush=True); time.sleep(600)"


@pytest.fixture
def started() -> Iterator[list[subprocess.Popen[str]]]:
    processes: list[subprocess.Popen[str]] = []
    yield processes
    for process in processes:
        process.kill()
        process.wait()
        if process.stdout:
            process.stdout.close()


def start(started: list[subprocess.Popen[str]], script: str, folder: Path) -> subprocess.Popen[str]:
    process = subprocess.Popen([sys.executable, "-c", script], cwd=folder, stdout=subprocess.PIPE, text=True, start_new_session=True)
    started.append(process)
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    return process


def living(folder: Path) -> list[psutil.Process]:
    return [
        process
        for process in psutil.process_iter(["cwd", "status"])
        if process.info["cwd"] == str(folder) and process.info["status"] != psutil.STATUS_ZOMBIE
    ]


def test_end_takes_the_whole_family(tmp_path: Path, started: list[subprocess.Popen[str]]) -> None:
    record = ProcessFile(tmp_path / "processes.json", tmp_path)
    leader = start(started, FAMILY, tmp_path)
    record.add("leader", leader.pid)
    assert set(record.alive()) == {"leader"}
    assert len(record.members()) == 4

    record.end([(("leader",), 5.0)])

    assert living(tmp_path) == []
    assert record.alive() == {}
    assert not record.path.exists()


def test_children_of_a_killed_leader_are_ended(tmp_path: Path, started: list[subprocess.Popen[str]]) -> None:
    record = ProcessFile(tmp_path / "processes.json", tmp_path)
    leader = start(started, FAMILY.replace(", start_new_session=True", ""), tmp_path)
    record.add("leader", leader.pid)
    leader.send_signal(signal.SIGKILL)
    leader.wait()
    assert record.alive() == {}
    assert len(living(tmp_path)) == 3

    record.end([])

    assert living(tmp_path) == []


def test_one_that_does_not_listen_is_killed(tmp_path: Path, started: list[subprocess.Popen[str]]) -> None:
    record = ProcessFile(tmp_path / "processes.json", tmp_path)
    record.add("stubborn", start(started, STUBBORN, tmp_path).pid)
    record.end([(("stubborn",), 0.5)])
    assert living(tmp_path) == []


def test_a_stranger_with_the_recorded_number_is_left_alone(tmp_path: Path, started: list[subprocess.Popen[str]]) -> None:
    record = ProcessFile(tmp_path / "processes.json", tmp_path)
    stranger = start(started, STUBBORN, tmp_path.parent)
    record.path.write_text(json.dumps({"api-server": {"pid": stranger.pid, "created": 1_000_000.0}}))
    assert record.alive() == {}
    record.end([(("api-server",), 1.0)])
    assert stranger.poll() is None


def test_what_stands_in_no_record_is_found_and_ended(tmp_path: Path, started: list[subprocess.Popen[str]]) -> None:
    """The record is lost or damaged, and that is no empty one: a second stack would be started beside the first."""
    record = ProcessFile(tmp_path / "processes.json", tmp_path)
    assert record.read() == {} and record.strays() == []
    sleeps = "import time; time.sleep(600)"
    ours = subprocess.Popen([sys.executable, "-c", sleeps], cwd=tmp_path, start_new_session=True, text=True)
    elsewhere = subprocess.Popen([sys.executable, "-c", sleeps], cwd="/", start_new_session=True, text=True)
    a_shell = subprocess.Popen(["sh", "-c", "sleep 600; true"], cwd=tmp_path, start_new_session=True, text=True)
    started += [ours, elsewhere, a_shell]
    assert [process.pid for process in record.strays()] == [ours.pid]
    record.add("scheduler", ours.pid)
    assert record.strays() == []
    for damaged in ('{"api-server": {"pid": ', "[1]", "", '{"scheduler": 7}'):
        record.path.write_text(damaged)
        with pytest.raises(CchcError, match=r"processes.json cannot be read .*: `cchc down` ends every process"):
            record.alive()
        assert [process.pid for process in record.strays()] == [ours.pid]
    record.end([])
    assert ours.wait(5) is not None
    assert (elsewhere.poll(), a_shell.poll()) == (None, None), "what is not ours is left alone"
    assert not record.path.exists()
    record.path.mkdir()
    with pytest.raises(CchcError, match="every process has ended, but .* cannot be removed"):
        record.end([])
