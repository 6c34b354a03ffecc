"""Processes on record: recognised, ended with all their children, never mistaken for somebody else's."""

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


def test_an_unreadable_record_is_an_empty_one(tmp_path: Path) -> None:
    record = ProcessFile(tmp_path / "processes.json", tmp_path)
    assert record.read() == {}
    record.path.write_text('{"api-server": {"pid": ')
    assert record.read() == {}
    record.end([])
