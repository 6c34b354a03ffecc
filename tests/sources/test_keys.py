"""Two records of which people see one key are never two records without a word, and two records never become one."""

from __future__ import annotations

from typing import Any

import orjson
import pytest

from cchc.sources.landing import Window
from cchc.sources.records import Intake
from tests.sources.conftest import KEY, T, profile

SIGNED, LEADERS = "signatures", "leaders"


def taken(entity: str, *records: dict[str, Any]) -> list[list[Any]]:
    """What lands of some records of the document system."""
    of = profile("documents")
    intake = Intake(of, of.entities[entity], Window(None, T), KEY.encode())
    lines = intake.take(enumerate(records, 1))
    assert intake.delivered == len(records) == len(lines)
    return [orjson.loads(line) for line in lines]


HIDDEN = {
    "\u200b": "U+200B",
    "\u202e": "U+202E",
    "\ufeff": "U+FEFF",
    "\u00ad": "U+00AD",
    "\x01": "U+0001",
    "\x7f": "U+007F",
    "\u2028": "U+2028",
}


@pytest.mark.parametrize("letter", HIDDEN)
def test_a_key_with_a_character_that_nobody_sees_is_told(letter: str) -> None:
    """It was a second dossier beside the one that looks the same."""
    good, other = taken(SIGNED, {"IdKySo": "K1"}, {"IdKySo": f"K{letter}1"})
    assert good[1]["IdKySo"] == "K1"
    assert other[1] is None and f"a character that nobody sees ({HIDDEN[letter]})" in other[2]


@pytest.mark.parametrize("key", ["K 1", "Số 12/QĐ-UBND", "e\u0301", " K1\u00a0", "A|B", "🦊"])
def test_a_key_of_letters_that_are_seen_is_taken(key: str) -> None:
    ((_, record, problem),) = taken(SIGNED, {"IdKySo": key})
    assert problem is None and record["IdKySo"]


def test_parts_of_a_key_that_would_join_to_the_key_of_another_record_are_told() -> None:
    """The parts are joined by |: ("a|b", "c", d) was ("a", "b|c", d)."""
    first = {"NguoiId": "a|b", "MaDonVi": "c", "TuNgay": "2023-01-01"}
    second = {"NguoiId": "a", "MaDonVi": "b|c", "TuNgay": "2023-01-01"}
    third = {"NguoiId": "a", "MaDonVi": "b", "TuNgay": "2023-01-01"}
    lines = taken(LEADERS, first, second, third)
    assert [line[1] is None for line in lines] == [True, True, False]
    assert "a part of its key has a |" in lines[0][2]
