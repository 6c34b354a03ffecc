"""The units of the demo in its years, and the names the one-stop prints for them.

Those of Vĩnh Cửu are written here (made-up electronic identifiers, real names), because a source system does not read the warehouse's
reference data. Those of another authority are the units of its folder.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from functools import cache
from typing import NamedTuple

from demo.authority import Line, read
from demo.clock import BEGIN, DAY, FOREVER, day_number

DISTRICT = read().code
"""The root of the tree of units: the district's own code, or that of another authority."""
_LOCAL = ("commune", "ward")
_COUNCILS = ("district", "province", *_LOCAL)


class Unit(NamedTuple):
    """One organisation unit. `first` and `last`: the days (numbers) on which it exists, both included.

    `successor`: the one unit that takes its place on the day after `last`; "" where there is none, or several.
    `names`: earlier names with their last days. `place`: where it stands in the list of another authority than Vĩnh Cửu.
    """

    code: str
    name: str
    level: str
    kind: str
    first: int = 0
    last: int = FOREVER
    successor: str = ""
    names: tuple[tuple[int, str], ...] = ()
    place: int = 0

    @property
    def number(self) -> int:
        """A number of its own: of Vĩnh Cửu the last part of the code, 3 for `H19.16.3`; 0 for the root."""
        if self.code == DISTRICT:
            return 0
        return int(self.code.rsplit(".", 1)[1]) if read().is_vinh_cuu else self.place

    @property
    def is_local(self) -> bool:
        """Whether it is a commune or a ward."""
        return self.kind in _LOCAL

    @property
    def short(self) -> str:
        """The part after the dash of a document's sign: `UBND`, or the initials of the office."""
        if self.kind in _COUNCILS:
            return "UBND"
        return "".join(word[0] for word in self.name.replace("-", " ").split() if word[0].isalpha()).upper()

    def is_there(self, day: int) -> bool:
        """Whether it exists on a day."""
        return self.first <= day <= self.last

    def name_on(self, day: int) -> str:
        """Its name on a day."""
        return next((name for last, name in self.names if day <= last), self.name)


_VINH_CUU: tuple[Unit, ...] = (
    Unit("H19.16", "Huyện Vĩnh Cửu", "district", "district"),
    Unit("H19.16.1", "Văn phòng HĐND và UBND huyện", "district", "office"),
    Unit("H19.16.2", "Phòng Nội vụ", "district", "office"),
    Unit("H19.16.3", "Phòng Tư pháp", "district", "office"),
    Unit("H19.16.4", "Phòng Tài chính - Kế hoạch", "district", "office"),
    Unit("H19.16.5", "Phòng Văn hóa và Thông tin", "district", "office"),
    Unit("H19.16.6", "Phòng Tài nguyên và Môi trường", "district", "office"),
    Unit("H19.16.7", "Phòng Lao động - Thương binh và Xã hội", "district", "office"),
    Unit("H19.16.8", "Phòng Giáo dục và Đào tạo", "district", "office"),
    Unit("H19.16.9", "Phòng Quản lý đô thị và Hạ tầng", "district", "office"),
    Unit("H19.16.10", "Phòng Nông nghiệp và Phát triển nông thôn", "district", "office"),
    Unit("H19.16.11", "Thanh tra huyện", "district", "office"),
    Unit("H19.16.12", "Trung tâm Văn hóa - Thông tin - Thể thao", "district", "public_service_unit"),
    Unit("H19.16.21", "Thị trấn Vĩnh An", "commune", "commune"),
    Unit("H19.16.22", "Xã Phú Lý", "commune", "commune"),
    Unit("H19.16.23", "Xã Trị An", "commune", "commune"),
    Unit("H19.16.24", "Xã Tân An", "commune", "commune"),
    Unit("H19.16.25", "Xã Vĩnh Tân", "commune", "commune"),
    Unit("H19.16.26", "Xã Bình Lợi", "commune", "commune"),
    Unit("H19.16.27", "Xã Thạnh Phú", "commune", "commune"),
    Unit("H19.16.28", "Xã Thiện Tân", "commune", "commune"),
    Unit("H19.16.29", "Xã Tân Bình", "commune", "commune"),
    Unit("H19.16.30", "Xã Bình Hòa", "commune", "commune"),
    Unit("H19.16.31", "Xã Mã Đà", "commune", "commune"),
    Unit("H19.16.32", "Xã Hiếu Liêm", "commune", "commune"),
)


def _number(day: date | None, default: int) -> int:
    return day_number(day.year, day.month, day.day) if day is not None else default


def _of_folder(lines: tuple[Line, ...]) -> tuple[Unit, ...]:
    """The units of another authority's folder that exist in the demo: one for each code, in the order of the file.

    Level and kind are the newest.
    """
    by_code: dict[str, list[Line]] = {}
    for line in sorted(lines, key=lambda line: line.first):
        by_code.setdefault(line.code, []).append(line)
    successors: dict[str, list[str]] = {}
    for code, states in by_code.items():
        for before in {code for state in states for code in state.predecessors}:
            successors.setdefault(before, []).append(code)
    places = {code: place for place, code in enumerate(dict.fromkeys(line.code for line in lines), 1)}

    def unit(code: str) -> Unit:
        states = by_code[code]
        newest, after = states[-1], successors.get(code, [])
        return Unit(
            code,
            newest.name,
            newest.level,
            newest.kind,
            _number(states[0].first, 0),
            _number(newest.last, FOREVER),
            after[0] if len(after) == 1 else "",
            tuple((_number(state.last, FOREVER), state.name) for state in states[:-1]),
            places[code],
        )

    return tuple(found for code in places if (found := unit(code)).last >= BEGIN // DAY)


UNITS: tuple[Unit, ...] = _VINH_CUU if read().is_vinh_cuu else _of_folder(read().lines)
BY_CODE: dict[str, Unit] = {unit.code: unit for unit in UNITS}
COMMUNES: tuple[Unit, ...] = tuple(unit for unit in UNITS if unit.is_local)
OFFICES: tuple[Unit, ...] = tuple(unit for unit in UNITS if unit.kind == "office")
ONE_STOP_UNITS: tuple[Unit, ...] = OFFICES + COMMUNES
"""The units that have procedures, and so dossiers: public service units and the authority's own code have none."""
CERTIFYING: frozenset[str] = frozenset({"H19.16.3"}) if read().is_vinh_cuu else read().certifying
"""The offices that certify copies, as communes do."""
ABOVE = DISTRICT.rpartition(".")[0] or "TW"
"""Who sends documents to the root."""
PORTAL = DISTRICT.partition(".")[0]
"""The end of the long form of a procedure's code."""


@cache
def there(day: int) -> tuple[Unit, ...]:
    """The units with procedures that exist on a day."""
    return tuple(unit for unit in ONE_STOP_UNITS if unit.is_there(day))


def there_in(days: list[int]) -> Iterator[tuple[Unit, list[int]]]:
    """All units that exist on any of some days, each with those of the days on which it does."""
    for unit in UNITS:
        found = [day for day in days if unit.is_there(day)]
        if found:
            yield unit, found


@cache
def communes_there(day: int) -> tuple[Unit, ...]:
    """The communes and wards that exist on a day."""
    return tuple(unit for unit in COMMUNES if unit.is_there(day))


# what is odd about single units of Vĩnh Cửu
RENAMED_UNIT = "H19.16.9"
RENAMED_ON = (2023, 7, 1)
OLD_NAME = "Phòng Kinh tế và Hạ tầng"
"""Oddity 7 of the contract: `DonViXuLy` of this unit changes without notice, `MaDonVi` stays."""

ISO_UNIT = "H19.16.27"
ISO_UTC_UNIT = "H19.16.28"
ISO_FROM = (2023, 10, 1)
"""Two communes got the newer installation: dossiers submitted from that day carry ISO 8601 times (the second one in UTC, `Z`)."""


def dossier_prefix(unit: Unit, year: int, month: int) -> str:
    """The MaDinhDanh in front of a dossier code: in Vĩnh Cửu the old style until the unit changed over, the new one afterwards."""
    change = (2022, 7) if unit.level == "district" else (2023, 1)
    if read().is_vinh_cuu and (year, month) < change:
        return f"000.{unit.number:02d}.16.H19"
    return unit.code
