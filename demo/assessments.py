"""Assessments: the answers of applicants on the counter's tablet or the portal after they got their result."""

from __future__ import annotations

import random
from typing import Any, NamedTuple

from demo import clock, levels
from demo.clock import END, FOREVER
from demo.dossiers import FINISH, Dossier
from demo.history import Entry
from demo.units import COMMUNES

SHARE_ANSWERED = 0.16


class Assessment(NamedTuple):
    """One answer; it never changes."""

    key: str
    dossier: str
    unit: str
    at: int
    answer: str

    def record(self, changed_at: int) -> dict[str, Any]:
        """The answer on the wire."""
        text = clock.compact(self.at)
        return {
            "MaDanhGia": self.key,
            "MaHoSo": self.dossier,
            "MaDonVi": self.unit,
            "ThoiGianDanhGia": text,
            "DanhGia": self.answer,
            "NgaySuaCuoi": clock.compact(changed_at),
        }


def build(dossiers: list[Dossier], seed: int) -> list[Assessment]:
    """Answers of about one in six finished dossiers; some leave the question empty, some are not tied to a dossier."""
    rnd = random.Random(f"{seed}/assessments")
    draw = rnd.random
    found: list[Assessment] = []
    for dossier in dossiers:
        if draw() >= SHARE_ANSWERED:
            continue
        finished = next((event for event in dossier.events if event[1] == FINISH), None)
        if finished is None:
            continue
        at = finished[0] + 60 + int(draw() * draw() * 3 * clock.DAY)
        if at >= END:
            continue
        chance = draw()
        satisfied = levels.LEVELS[dossier.unit.code].satisfied - 0.012 * (1 - levels.progress(at))
        if chance < 0.18:
            answer = ""
        elif draw() < satisfied:
            answer = "rat_hai_long" if draw() < 0.46 else "hai_long"
        else:
            answer = "binh_thuong" if draw() < 0.7 else "khong_hai_long"
        key = "" if draw() < 0.06 else dossier.key
        found.append(Assessment(f"DG{len(found) + 1:07d}", key, dossier.unit.code, at, answer))
    return found


def planted(count_unknown_answer: int, count_unknown_unit: int) -> tuple[list[Assessment], list[Assessment]]:
    """Answers outside the list, and answers for a unit outside the list."""
    at = clock.moment(2023, 4, 11, 9, 30, 15)
    answers = [Assessment(f"DG9{n:06d}", "", COMMUNES[n].code, at + n * 40 * clock.DAY, "tam_duoc") for n in range(count_unknown_answer)]
    units = [Assessment(f"DG8{n:06d}", "", "H19.16.77", at + n * 55 * clock.DAY, "hai_long") for n in range(count_unknown_unit)]
    return answers, units


def entries(assessments: list[Assessment]) -> list[Entry]:
    """The entries of the timeline: one version for each assessment."""
    return [(answer.at, answer.key, answer, FOREVER) for answer in assessments]
