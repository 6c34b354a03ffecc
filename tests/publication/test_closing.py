"""What closing.yaml may say of the deadline of close_month."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from cchc.errors import NotConfigured
from cchc.reference.closing import closing, deadline_hours
from cchc.reference.entries import CLOSING_DEADLINE_HOURS
from cchc.settings import Settings


def configured(folder: Path, text: str) -> Settings:
    """Settings whose closing.yaml says this."""
    (folder / "closing.yaml").write_text(text, encoding="utf-8")
    return replace(Settings.load(), authority_dir=folder)


def lines(**more: object) -> str:
    entries = {"approval": "person", "rule": "{missing_units: 0, absent_sources: 0}", "wait_hours": 72} | more
    return "".join(f"{key}: {value}\n" for key, value in entries.items())


def test_the_files_own_deadline_and_the_default(tmp_path: Path) -> None:
    assert deadline_hours(Settings.load()) == 120
    assert deadline_hours(configured(tmp_path, lines(deadline_hours=96.5))) == 96.5
    assert deadline_hours(configured(tmp_path, lines())) == CLOSING_DEADLINE_HOURS, "a file of before has no such key"


@pytest.mark.parametrize("hours", [72, 0, -1])
def test_a_run_that_still_waits_is_not_late(tmp_path: Path, hours: int) -> None:
    settings = configured(tmp_path, lines(deadline_hours=hours))
    with pytest.raises(NotConfigured, match=rf"closing.yaml: deadline_hours is {hours}, it must be more than wait_hours \(72\)"):
        closing(settings)


@pytest.mark.parametrize("text", ["", "approval: [", lines(deadline_hours="soon"), lines(approval="nobody")])
def test_a_broken_file_leaves_the_dag_its_deadline(tmp_path: Path, text: str) -> None:
    """The DAG stays, and its tasks fail with what is wrong in the file: a failed task is told, a DAG that is gone is not."""
    settings = configured(tmp_path, text)
    with pytest.raises(NotConfigured, match=r"closing\.yaml"):
        closing(settings)
    assert deadline_hours(settings) == CLOSING_DEADLINE_HOURS
