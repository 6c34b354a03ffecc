"""Tables on the terminal: they fit its width, nothing in them is lost, and what is left out is named."""

from __future__ import annotations

import random

import pytest

from cchc.cli.printing import LEFT_OUT, set_wide, table

HEADER = ["no", "name", "code", "remark", "value"]
ROWS = [
    ["I.1", "Tỷ lệ hồ sơ giải quyết đúng hạn trên tổng số hồ sơ đã giải quyết", "H19.16.21-230605-0001", "late " * 12, "96,35 %"],
    ["", "short", "H19.16.21-230605-0002", "", "–"],
]


@pytest.fixture(autouse=True)
def _fits() -> None:
    set_wide(False)


def words(text: str) -> set[str]:
    return set(text.replace("-" * 3, "").split())


@pytest.mark.parametrize("columns", [200, 120, 100, 80, 70])
def test_a_table_fits_and_loses_no_word(monkeypatch: pytest.MonkeyPatch, columns: int) -> None:
    monkeypatch.setenv("COLUMNS", str(columns))
    shown = table(HEADER, ROWS)
    assert max(len(line) for line in shown.splitlines()) <= columns
    for row in [HEADER, *ROWS]:
        for cell in row:
            assert words(cell) <= words(shown), cell


def test_spare_columns_go_first_and_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "50")
    shown = table(HEADER, ROWS, ["remark", "name"])
    assert "late" not in shown
    assert "H19.16.21-230605-0001" in shown
    assert shown.endswith(LEFT_OUT.format("remark"))
    set_wide(True)
    whole = table(HEADER, ROWS, ["remark", "name"])
    assert len(whole.splitlines()) == 2 + len(ROWS)
    assert "late late late" in whole
    set_wide(False)


def test_a_code_that_does_not_fit_is_broken_only_when_nothing_else_helps(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "60")
    assert "H19.16.21-230605-0001" in table(["code", "text"], [["H19.16.21-230605-0001", "word " * 40]])
    monkeypatch.setenv("COLUMNS", "20")
    lines = table(["code", "text"], [["H19.16.21-230605-0001", "word " * 4]]).splitlines()
    assert max(map(len, lines)) <= 20


def test_an_indented_cell_stays_indented(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "30")
    lines = table(["field", "n"], [["  " + "word " * 10, "12"]]).splitlines()
    assert all(line.startswith("  word") for line in lines[2:])


@pytest.mark.parametrize("seed", range(20))
def test_random_tables_fit(monkeypatch: pytest.MonkeyPatch, seed: int) -> None:
    chance = random.Random(seed)
    count = chance.randint(1, 9)
    columns = chance.randint(12 * count, 200)
    monkeypatch.setenv("COLUMNS", str(columns))
    header = [f"c{index}" for index in range(count)]
    rows = [[" ".join("x" * chance.randint(1, 30) for _ in range(chance.randint(0, 9))) for _ in header] for _ in range(5)]
    assert max(len(line) for line in table(header, rows).splitlines()) <= columns
