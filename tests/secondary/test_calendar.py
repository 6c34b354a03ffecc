"""The overrides of the working calendar: read strictly, by line."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from cchc.errors import NotConfigured
from cchc.reference.calendar import overrides


def written(folder: Path, *rows: str) -> Path:
    path = folder / "working_day_overrides.csv"
    path.write_text("\n".join(["date,is_working,legal_basis", *rows]) + "\n", encoding="utf-8")
    return path


def test_true_from_excel_is_true(tmp_path: Path) -> None:
    read = overrides(written(tmp_path, "2026-01-10,TRUE,a decision", "2026-01-02,False,a decision"))
    assert read == {date(2026, 1, 10): (True, "a decision"), date(2026, 1, 2): (False, "a decision")}


@pytest.mark.parametrize(
    ("row", "words"),
    [
        ("2026-01-10,yes,x", "line 2, column is_working: 'yes' stands there; allowed are true, false"),
        ("2026-01-10,,x", "line 2, column is_working: it is empty, and it is needed"),
        ("10/01/2026,true,x", "line 2, column date: '10/01/2026' stands there; allowed is a day of the calendar"),
    ],
)
def test_what_cannot_be_read_is_refused_by_line(tmp_path: Path, row: str, words: str) -> None:
    with pytest.raises(NotConfigured, match=words):
        overrides(written(tmp_path, row))
