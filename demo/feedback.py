"""Feedback (phản ánh, kiến nghị): items of the two years and the January after as the file of a day shows them.

An item's events have times; a file shows what had happened by the end of its day. The volume does not depend on the scale: it is small.
"""

from __future__ import annotations

import random
from typing import Any, NamedTuple

from demo import clock, levels
from demo.clock import DAY, END
from demo.drops import earlier, minute
from demo.oddities import ODDITIES
from demo.units import COMMUNES
from demo.workdays import WORKDAYS, add_workdays

COLUMNS = (
    "MaPhanAnh",
    "KenhTiepNhan",
    "NgayGui",
    "NgayTiepNhan",
    "VeTTHC",
    "MaDonViXuLy",
    "HanXuLy",
    "NgayTraLoi",
    "NgayCongKhai",
    "TrangThai",
    "DanhGia",
    "MaHoSoLienQuan",
    "MaTrung",
)
TIMES = frozenset({"NgayGui", "NgayTiepNhan", "HanXuLy", "NgayTraLoi", "NgayCongKhai"})
A_MONTH = 50
LISTED_DAYS = 60
"""An item is in the weekly files while it is open, and for so many days after its last event."""


class Item(NamedTuple):
    """One item of feedback with the times of its events; 0 = never. `raw` overrides fields as they stand."""

    key: str
    channel: str
    sent: int
    received: int
    about: bool
    unit: str
    due: int
    answered: int
    published: int
    outcome: str
    rated: int
    rating: str
    dossier: str
    repeats: str = ""
    raw: tuple[tuple[str, str], ...] = ()
    listed_until: int = END

    def last(self, at: int) -> int:
        """Its last event before `at`."""
        return max(event for event in (self.sent, self.received, self.answered, self.published, self.rated) if event < at)

    def is_listed(self, day: int) -> bool:
        """Whether the file of a day contains it: it was received before, and is open or was changed recently."""
        end = (day + 1) * DAY
        if self.sent >= end or day * DAY >= self.listed_until:
            return False
        is_open = not self.answered or self.answered >= end
        return (is_open and end - self.sent < 400 * DAY) or end - self.last(end) <= LISTED_DAYS * DAY

    def row(self, day: int) -> dict[str, Any]:
        """The item in the file of a day; times are seconds (`demo.drops`)."""
        end = (day + 1) * DAY
        received, answered = self.received if self.received < end else 0, self.answered if 0 < self.answered < end else 0
        status = "cho_tiep_nhan" if not received else "da_xu_ly" if answered else "dang_xu_ly"
        if received and self.outcome != "da_xu_ly" and (answered or self.outcome == "chuyen_don_vi"):
            status = self.outcome
        row: dict[str, Any] = {
            "MaPhanAnh": self.key,
            "KenhTiepNhan": self.channel,
            "NgayGui": self.sent,
            "NgayTiepNhan": received,
            "VeTTHC": "1" if self.about else "0",
            "MaDonViXuLy": self.unit,
            "HanXuLy": self.due if received else 0,
            "NgayTraLoi": answered,
            "NgayCongKhai": self.published if 0 < self.published < end else 0,
            "TrangThai": status,
            "DanhGia": self.rating if 0 < self.rated < end else "",
            "MaHoSoLienQuan": self.dossier,
            "MaTrung": self.repeats,
        }
        return row | dict(self.raw)


def build(dossiers: list[tuple[int, str]], seed: int) -> list[Item]:
    """The ordinary items: answered mostly within ten working days, rated by about half of the senders."""
    rnd = random.Random(f"{seed}/feedback")
    draw = rnd.random
    days = [day for day in WORKDAYS if clock.moment(clock.YEAR - 1, 1, 1) <= day * DAY < END]
    items: list[Item] = []
    count = A_MONTH * 25
    for number in range(count):
        day = days[number * len(days) // count]
        unit = rnd.choices(*levels.there(day))[0]
        level = levels.LEVELS[unit.code]
        sent = day * DAY + minute(25_000 + int(draw() * 50_000))
        received = sent + minute(1_800 + int(draw() * draw() * 2 * DAY))
        due = add_workdays(received // DAY, 10) * DAY + 61_200
        chance = draw()
        late = draw() < levels.fewer(1.1 * level.late, sent)
        answered = minute(due + int((1 + draw() * 9) * DAY)) if late else minute(received + int((due - received) * (0.3 + 0.65 * draw())))
        outcome = "tu_choi" if chance < 0.04 else "chuyen_don_vi" if chance < 0.06 else "da_xu_ly"
        if outcome == "chuyen_don_vi" and draw() < 0.5:
            answered = 0
        satisfied = draw() < level.satisfied - (0.25 if late else 0.0)
        rated = minute(answered + int((0.1 + draw() * 5) * DAY)) if answered and draw() < 0.55 else 0
        items.append(
            Item(
                key=f"PA{clock.compact_day(sent // DAY)[2:6]}{number + 1:05d}",
                channel=rnd.choices(("1022", "dvcqg", "tinh"), (6, 3, 1))[0],
                sent=sent,
                received=received,
                about=draw() < 0.72,
                unit=unit.code,
                due=due,
                answered=answered,
                published=minute(answered + int(draw() * 3 * DAY)) if answered and draw() < 0.8 else 0,
                outcome=outcome,
                rated=rated,
                rating="hai_long" if satisfied else "khong_hai_long",
                dossier=earlier(dossiers, sent, draw()) if draw() < 0.3 else "",
            )
        )
    return items


def planted() -> tuple[list[Item], dict[str, list[str]]]:
    """The odd items, and their keys by oddity. None of them blocks a load; only the odd files of January 2024 do."""
    items: list[Item] = []
    planted_keys: dict[str, list[str]] = {}

    def plant(code: str, number: int, **changes: Any) -> Item:
        unit = COMMUNES[number % len(COMMUNES)]
        sent = add_workdays(clock.day_number(2023, 3, 6), 9 * number + 4 * len(planted_keys)) * DAY + 30_000
        received, due = sent + 3_600, add_workdays((sent + 3_600) // DAY, 10) * DAY + 61_200
        made = Item(
            key=f"PA9{len(items) + 1:06d}", channel="1022", sent=sent, received=received, about=True, unit=unit.code, due=due,
            answered=minute(received + 3 * DAY), published=minute(received + 4 * DAY), outcome="da_xu_ly", rated=minute(received + 5 * DAY),
            rating="hai_long", dossier="",
        )._replace(**changes)  # fmt: skip
        items.append(made)
        planted_keys.setdefault(code, []).append(made.key)
        return made

    for number in range(ODDITIES["feedback-repeat"].how_many):
        first = plant("feedback-late-answer", number)
        first = first._replace(answered=minute(first.due + 2 * DAY), published=0, rated=0)
        items[-1] = first
        plant("feedback-repeat", number, sent=first.sent + 7_200, received=first.received + 7_200, unit=first.unit, due=first.due,
              channel="dvcqg", answered=first.answered, published=0, rated=0, repeats=first.key)  # fmt: skip
    for number in range(ODDITIES["feedback-passed-on"].how_many):
        plant("feedback-passed-on", number, outcome="chuyen_don_vi", answered=0, published=0, rated=0)
    plant("feedback-unknown-unit", 0, unit="H19.16.66")
    plant("feedback-unknown-code", 0, raw=(("TrangThai", "treo"),))
    plant("feedback-unknown-code", 1, raw=(("KenhTiepNhan", "zalo"),))
    for number in range(ODDITIES["feedback-odd-time"].how_many):
        plant("feedback-odd-time", number, raw=(("HanXuLy", "31/02/2023 17:00"),))
    for number in range(ODDITIES["feedback-absent"].how_many):
        made = plant("feedback-absent", number, answered=0, published=0, rated=0)
        items[-1] = made._replace(listed_until=made.sent + 14 * DAY)
    return items, planted_keys
