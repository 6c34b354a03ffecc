"""`make bench ARGS=--quick` runs, and says something under every letter; no speed is asserted, because a busy machine is no defect."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest
from defusedxml import ElementTree

from cchc.settings import PROJECT
from tests.bench import report
from tests.bench.beside import PANDAS_RECORDS
from tests.bench.meter import python


@pytest.fixture(scope="module")
def out(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the results of one quick run, without dlt."""
    folder = tmp_path_factory.mktemp("bench")
    command = python("tests.bench", "--quick", "--out", str(folder / "out"), "--tools", str(folder / "tools"))
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=PROJECT)
    assert done.returncode == 0, done.stdout + done.stderr
    return folder / "out"


def letters_without_a_row(page: str) -> set[str]:
    """The letters of which a table says nothing."""
    return {letter for letter in report.LETTERS if f"\n| {letter} " not in page}


def test_every_letter_has_a_result_and_a_row(out: Path) -> None:
    result = json.loads((out / "bench.json").read_text(encoding="utf-8"))
    (size,) = result["sizes"]
    assert set(size["letters"]) == set(report.LETTERS) | {"beside"}
    page = (out / "bench").with_suffix(".md").read_text(encoding="utf-8")
    assert letters_without_a_row(page) == set()
    assert page == report.page(result)


def test_a_letter_that_is_missing_is_noticed(out: Path) -> None:
    page = (out / "bench").with_suffix(".md").read_text(encoding="utf-8")
    assert letters_without_a_row(page.replace("| e Airflow", "| Airflow")) == {"e"}


def test_what_is_measured_was_done(out: Path) -> None:
    (size,) = json.loads((out / "bench.json").read_text(encoding="utf-8"))["sizes"]
    data, letters = size["data"], size["letters"]
    load, copied = letters["a"]["load"], letters["a"]["keyed copy"]
    assert load["landed"] == data["records"] == letters["a"]["decode"]["records"] > copied["tables"] > 4
    assert copied["rows"] > data["records"] - 50  # what is quarantined, which the demo plants, is not in core
    assert letters["b"]["decode"]["records"] > 1_000
    pulled = letters["b"]["validate and load"]
    assert pulled["landed"] > 1_000 and pulled["lists"] > 5
    assert letters["c"]["a day"]["landed"] > letters["c"]["100 scattered"]["landed"] == data["scattered"] > 0
    refreshed: dict[str, Any] = letters["d"]
    assert refreshed["everything, first"]["cells_changed"] == refreshed["everything, first"]["cells_written"] > 1_000
    assert refreshed["everything again"]["cells_written"] == 0
    touched = refreshed["100 scattered dossiers"]
    assert 0 < touched["cells_changed"] <= touched["cells_written"] < touched["cells"]
    assert letters["h"]["restating_wall"] > 0
    assert {"reconcile", "findings", "explain", "form_06a", "scorecard", "page: scorecard"} <= set(letters["g"]["questions"])
    assert all(one["client_mb"] > 10 and one["server_mb"] > 10 for one in letters["f"].values())
    assert letters["beside"]["pandas to_sql"]["records"] == data["records"] < PANDAS_RECORDS
    assert letters["beside"]["dlt"] == {"skipped": "dlt is not installed, and --quick installs nothing"}


def test_the_chart_is_a_picture_and_the_same_for_the_same_results(out: Path, tmp_path: Path) -> None:
    assert ElementTree.parse(out / "bench.svg").getroot().tag.endswith("svg")
    report.chart(json.loads((out / "bench.json").read_text(encoding="utf-8")), tmp_path / "again.svg")
    assert (tmp_path / "again.svg").read_bytes() == (out / "bench.svg").read_bytes()
