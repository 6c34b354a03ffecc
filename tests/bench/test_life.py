"""A simulated run of months, day by day (`make bench-life`): that it runs, and each night that nothing in it grows with the days."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest
from defusedxml import ElementTree

from cchc.settings import PROJECT
from tests.bench.life import growth
from tests.bench.meter import python

MOST_GROWTH = 1.25  # CPU seconds of the last quarter against the second: a busy machine moves them by a tenth


def lived(folder: Path, months: int, every: int) -> dict[str, Any]:
    """The results of a run, which has drawn its chart."""
    command = python("tests.bench.life", "--months", str(months), "--every", str(every), "--out", str(folder))
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=PROJECT)
    assert done.returncode == 0, done.stdout + done.stderr
    assert ElementTree.parse(folder / "life.svg").getroot().tag.endswith("svg")
    result: dict[str, Any] = json.loads((folder / "life.json").read_text(encoding="utf-8"))
    return result


def test_a_month_is_lived_step_by_step(tmp_path: Path) -> None:
    steps = lived(tmp_path, 1, 15)["steps"]
    assert [step["day"] for step in steps] == ["2022-01-15", "2022-01-30"]
    assert all(step["months"] >= 1 and step["statements"] > 100 and step["client"] > 0 for step in steps)
    first, last = steps[0]["rows"], steps[-1]["rows"]
    assert last["extract"] == 2
    assert 0 < first["check_result"] < last["check_result"]
    assert last["dirty_month"] == 0


@pytest.mark.nightly
@pytest.mark.timeout(3600)
def test_a_day_costs_the_same_after_three_years_and_what_runs_leave_is_bounded(tmp_path: Path) -> None:
    every = 15
    result = lived(tmp_path, 36, every)
    assert growth(result) < MOST_GROWTH
    steps = result["steps"]
    quarter = len(steps) // 4
    in_second, in_last = ([step["statements"] for step in some] for some in (steps[quarter : 2 * quarter], steps[-quarter:]))
    assert sum(in_last) / len(in_last) < MOST_GROWTH * sum(in_second) / len(in_second)
    rows = steps[-1]["rows"]
    kept_loads = 400 / every + 7 + 1  # the DAG `maintenance` comes with each seventh step
    per_load = steps[0]["rows"]
    assert rows["check_result"] <= per_load["check_result"] * kept_loads * 1.1
    assert rows["load_field"] <= per_load["load_field"] * max(kept_loads, 30 + 7)
    assert rows["quarantine"] <= per_load["quarantine"] * (kept_loads + 1)
    assert rows["dirty_month"] == rows["dirty_dossier"] == 0
