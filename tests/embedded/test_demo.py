"""Which ingests `cchc demo` triggers, what it says of red runs, and that a district keeps its scale."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from cchc.embedded import demo
from cchc.embedded.airflow_api import Run, Task
from cchc.errors import CchcError, WrongUse
from cchc.settings import PROJECT, Settings
from demo.state import StateFolder
from tests.support.district import served


def test_the_ingests_of_the_demo_are_those_of_the_profiles(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CCHC_HOME", str(tmp_path / "home"))
    settings = Settings.load()
    profiles = sorted(path.stem for path in settings.sources_dir.glob("*.yaml"))
    assert {"one_stop", "documents", "payments"} <= set(profiles)
    with served(tmp_path / "home" / "demo"):
        assert demo._ingest_dags(settings) == [f"ingest_{name}" for name in profiles]
        sources = tmp_path / "sources"
        shutil.copytree(settings.sources_dir, sources)
        shutil.copy(PROJECT / "docs" / "examples" / "dutch_permits.yaml", sources)
        (sources / "survey.yaml").unlink()
        changed = replace(settings, sources_dir=sources)
        assert demo._ingest_dags(changed) == [f"ingest_{name}" for name in profiles if name != "survey"], "no Dutch permits are served"


class Told:
    """Airflow's answers about the failed task of a run; `failed`: its name by run."""

    def __init__(self, **failed: str) -> None:
        self.failed = failed

    def failed_task(self, run: Run) -> Task:
        return Task(self.failed[run.run_id], "failed", 1, -1)

    def explain_failure(self, run: Run) -> str:
        return f"{run}: task {self.failed[run.run_id]} failed (try 1):\n  LoadBlocked: the reason"


def test_blocked_files_of_the_district_are_told_and_are_no_error() -> None:
    said: list[str] = []
    runs = [Run("ingest_payments", "red", "failed"), Run("ingest_survey", "green", "success")]
    demo._tell_failures(Told(red="confirm"), runs, said.append)  # type: ignore[arg-type] # all that is asked of Airflow here
    assert said[0].startswith("ingest_payments is red, as it should be")
    assert "LoadBlocked: the reason" in said[1]
    assert said[-1] == "1 of 2 DAG runs are green"


def test_any_other_failure_is_an_error_with_its_reason() -> None:
    runs = [Run("ingest_payments", "red", "failed"), Run("ingest_one_stop", "broken", "failed")]
    with pytest.raises(CchcError, match=r"1 of 2 DAG runs failed.\ningest_one_stop broken: task load failed") as raised:
        demo._tell_failures(Told(red="confirm", broken="load"), runs, print)  # type: ignore[arg-type]
    assert "ingest_payments" not in str(raised.value)


def test_a_district_keeps_its_scale(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CCHC_HOME", str(tmp_path / "home"))
    settings = Settings.load()
    demo._require_scale(settings, 0.05)
    StateFolder(settings.home / "demo").open(scale=0.05)
    demo._require_scale(settings, None)
    demo._require_scale(settings, 0.05)
    with pytest.raises(WrongUse, match=r"holds a district of scale 0.05, not 1"):
        demo._require_scale(settings, 1)


@pytest.mark.parametrize(
    ("clock", "shown"),
    [
        ("2023-04-12T00:00:00+07:00", "2023-03"),
        ("2023-03-31T17:00:00Z", "2023-03"),  # midnight in the district
        ("2023-03-31T16:59:59Z", "2023-02"),
        ("2024-01-02T00:00:00+07:00", "2023-12"),
        ("2024-02-02T00:00:00+07:00", "2023-12"),
    ],
)
def test_the_month_that_is_shown_is_over(clock: str, shown: str) -> None:
    assert demo.last_month(clock) == shown


def test_the_month_of_another_authority_lies_in_the_year_of_its_plan(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CCHC_HOME", str(tmp_path / "home"))
    settings = Settings.load()
    folder = StateFolder(settings.home / "demo")
    folder.open(scale=0.05)
    assert "year" not in demo._made(settings), "Vĩnh Cửu's is 2023, and its file stays as it was"
    made = json.loads((folder.folder / "district.json").read_text(encoding="utf-8")) | {"authority": "H98", "year": 2026}
    (folder.folder / "district.json").write_text(json.dumps(made), encoding="utf-8")
    monkeypatch.setattr(demo, "_clock", lambda settings: "2026-11-02T00:00:00+07:00")
    assert demo.period(settings) == "2026-10"
