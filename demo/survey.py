"""The satisfaction survey: forms answered in each month, with one file for each month.

The number of forms is small and does not depend on the scale.
"""

from __future__ import annotations

import random
from typing import Any, NamedTuple

from demo import clock, levels
from demo.clock import DAY, END
from demo.drops import earlier
from demo.oddities import ODDITIES
from demo.units import COMMUNES
from demo.workdays import WORKDAYS

COLUMNS = ("MaPhieu", "NgayKhaoSat", "MaDonVi", "MaHoSo", "MucDoHaiLong")
DAYS = frozenset({"NgayKhaoSat"})
A_MONTH = 110


class Form(NamedTuple):
    """One answered form. `corrected`: its values in the revision of its file."""

    key: str
    day: int
    unit: str
    dossier: str
    score: str
    corrected: str | None = None

    def row(self, *, revised: bool = False) -> dict[str, Any]:
        """The form as a row of a file; the day is in seconds (`demo.drops`)."""
        score = self.corrected if revised and self.corrected is not None else self.score
        return {"MaPhieu": self.key, "NgayKhaoSat": self.day * DAY, "MaDonVi": self.unit, "MaHoSo": self.dossier, "MucDoHaiLong": score}


def build(dossiers: list[tuple[int, str]], seed: int) -> list[Form]:
    """The ordinary forms; about one in fourteen leaves the question empty."""
    rnd = random.Random(f"{seed}/survey")
    draw = rnd.random
    days = [day for day in WORKDAYS if clock.moment(clock.YEAR - 1, 1, 1) <= day * DAY < END]
    forms: list[Form] = []
    count = A_MONTH * 25
    for number in range(count):
        day = days[number * len(days) // count]
        unit = rnd.choices(*levels.there(day))[0]
        satisfied = levels.LEVELS[unit.code].satisfied - 0.02 * (1 - levels.progress(day * DAY))
        if draw() < 0.07:
            score = ""
        elif draw() < satisfied:
            score = "5" if draw() < 0.4 else "4"
        else:
            score = rnd.choices(("3", "2", "1"), (6, 3, 1))[0]
        dossier = earlier(dossiers, day * DAY, draw()) if draw() < 0.4 else ""
        forms.append(Form(f"KS{number + 1:06d}", day, unit.code, dossier, score))
    return forms


def planted(corrected_day: int) -> tuple[list[Form], dict[str, list[str]]]:
    """The odd forms, and their keys by oddity. Those of `corrected_day` are different in the revision of the file of its month."""
    forms: list[Form] = []
    planted_keys: dict[str, list[str]] = {}

    def plant(code: str, number: int, **changes: Any) -> None:
        made = Form(f"KS9{len(forms) + 1:05d}", clock.day_number(2023, 4, 4) + 35 * number, COMMUNES[number].code, "", "4")._replace(
            **changes
        )
        forms.append(made)
        planted_keys.setdefault(code, []).append(made.key)

    plant("survey-unknown-unit", 0, unit="H19.16.67")
    for number, score in zip(range(ODDITIES["survey-unknown-score"].how_many), ("0", "6"), strict=True):
        plant("survey-unknown-score", number, score=score)
    for number in range(ODDITIES["survey-corrected"].how_many):
        plant("survey-corrected", number, day=corrected_day, score="5", corrected="2")
    return forms, planted_keys
