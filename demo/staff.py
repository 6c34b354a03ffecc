"""Leaders in post, and which of them sign digitally."""

from __future__ import annotations

import random
from typing import Any, NamedTuple

from demo import clock
from demo.clock import DAY, FOREVER, YEAR, day_number
from demo.history import Entry
from demo.oddities import ODDITIES
from demo.units import UNITS, Unit

_FIRST_LIST = clock.moment(YEAR - 2, 11, 1)


class Leader(NamedTuple):
    """One person in one post; days inclusive, FOREVER = still there."""

    person: str
    unit: str
    post: str
    rank: str
    first: int
    last: int
    known_at: int
    end_known_at: int
    issued_from: int
    signs_from: int
    """the day of the first signature; FOREVER = never signs"""

    @property
    def key(self) -> tuple[str, str, int]:
        """NguoiId + MaDonVi + TuNgay."""
        return (self.person, self.unit, self.first)

    def record(self, changed_at: int) -> dict[str, Any]:
        """The row on the wire."""
        return {
            "NguoiId": self.person,
            "MaDonVi": self.unit,
            "ChucVu": self.post,
            "CapLanhDao": self.rank,
            "TuNgay": clock.iso_day(self.first),
            "DenNgay": clock.iso_day(self.last) if self.last < FOREVER and self.end_known_at <= changed_at else None,
            "DaCapChuKySo": changed_at // DAY >= self.issued_from,
        }


def _posts(unit: Unit) -> tuple[str, tuple[str, ...]]:
    if unit.kind in ("district", "province"):  # the contract has one word for what is above the communes
        return "cap_huyen", ("Chủ tịch UBND", "Phó Chủ tịch UBND", "Phó Chủ tịch UBND", "Phó Chủ tịch HĐND")
    if unit.is_local:
        return "cap_xa", ("Chủ tịch UBND", "Phó Chủ tịch UBND", "Phó Chủ tịch UBND", "Chủ tịch HĐND", "Phó Chủ tịch HĐND")
    if unit.kind == "public_service_unit":
        return "cap_phong", ("Giám đốc", "Phó Giám đốc")
    return "cap_phong", ("Trưởng phòng", "Phó Trưởng phòng", "Phó Trưởng phòng")


def build(seed: int) -> list[Leader]:
    """About a hundred posts; a few change hands in the two years, a few leaders never sign."""
    rnd = random.Random(f"{seed}/leaders")
    leaders: list[Leader] = []
    for unit in UNITS:
        rank, posts = _posts(unit)
        for place, post in enumerate(posts):
            first = max(unit.first, day_number(YEAR - 2, 7, 1) + rnd.randrange(60))
            changes = rnd.random() < 0.10
            last = day_number(YEAR - 1, 4, 1) + rnd.randrange(560) if changes else FOREVER
            changes = first <= last < unit.last and changes
            spans = [(first, last), (last + 1, unit.last)] if changes else [(first, unit.last)]
            for start, end in spans:
                habit = rnd.random()
                # most sign from the start, some begin in the two years, some never sign
                signs = start if habit < 0.80 else day_number(YEAR - 1, 5, 1) + rnd.randrange(480) if habit < 0.94 else FOREVER
                if place == 0:
                    signs = start
                signs = max(signs, start) if signs < FOREVER else FOREVER
                issued = signs - 10 if signs < FOREVER else start if rnd.random() < 0.5 else FOREVER
                known = max(_FIRST_LIST, start * DAY + 30_000)
                ended = max(_FIRST_LIST, end * DAY - 5 * DAY) if end < FOREVER else FOREVER
                leaders.append(Leader(f"LD{len(leaders) + 1:04d}", unit.code, post, rank, start, end, known, ended, issued, signs))
    return leaders


def planted() -> list[Leader]:
    """Leaders of a unit outside the list."""
    start = day_number(2022, 8, 1)
    return [
        Leader(f"LD9{n:03d}", "H19.16.66", "Trưởng ban", "cap_phong", start, FOREVER, start * DAY, FOREVER, FOREVER, FOREVER)
        for n in range(ODDITIES["unknown-unit-leader"].how_many)
    ]


def entries(leaders: list[Leader]) -> list[Entry]:
    """The entries of the timeline: the appointment, the issue of the signature, and the entry of the end date."""
    versions: list[Entry] = []
    for leader in leaders:
        times = {leader.known_at}
        for at in (leader.end_known_at, leader.issued_from * DAY if leader.issued_from < FOREVER else FOREVER):
            if leader.known_at < at < clock.END:
                times.add(at)
        ordered = sorted(times)
        versions.extend((at, leader.key, leader, until) for at, until in zip(ordered, [*ordered[1:], FOREVER], strict=True))
    return versions
