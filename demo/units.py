"""The units of Vĩnh Cửu in the years of the demo, and the names the one-stop prints for them.

The codes are those of the project's list of units (made-up electronic identifiers, real names); a copy is kept here because a
source system does not read the warehouse's reference data.
"""

from __future__ import annotations

from typing import NamedTuple

DISTRICT = "H19.16"


class Unit(NamedTuple):
    """One organisation unit."""

    code: str
    name: str
    level: str
    kind: str

    @property
    def number(self) -> int:
        """The last part of the code: 3 for `H19.16.3`, 0 for the district itself."""
        return int(self.code.rsplit(".", 1)[1]) if self.code != DISTRICT else 0

    @property
    def short(self) -> str:
        """The part after the dash of a document's sign: `UBND`, or the initials of the office."""
        if self.kind in ("district", "commune"):
            return "UBND"
        return "".join(word[0] for word in self.name.replace("-", " ").split() if word[0].isalpha()).upper()


UNITS: tuple[Unit, ...] = (
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
BY_CODE: dict[str, Unit] = {unit.code: unit for unit in UNITS}
COMMUNES: tuple[Unit, ...] = tuple(unit for unit in UNITS if unit.kind == "commune")
OFFICES: tuple[Unit, ...] = tuple(unit for unit in UNITS if unit.kind == "office")
ONE_STOP_UNITS: tuple[Unit, ...] = OFFICES + COMMUNES
"""The units that have procedures, and so dossiers: the culture centre and the district's own code have none."""

RENAMED_UNIT = "H19.16.9"
RENAMED_ON = (2023, 7, 1)
OLD_NAME = "Phòng Kinh tế và Hạ tầng"
"""Oddity 7 of the contract: `DonViXuLy` of this unit changes without notice, `MaDonVi` stays."""

ISO_UNIT = "H19.16.27"
ISO_UTC_UNIT = "H19.16.28"
ISO_FROM = (2023, 10, 1)
"""Two communes got the newer installation: dossiers submitted from that day carry ISO 8601 times (the second one in UTC, `Z`)."""


def dossier_prefix(unit: Unit, year: int, month: int) -> str:
    """The MaDinhDanh in front of a dossier code: the old style until the unit changed over, the new one afterwards."""
    change = (2022, 7) if unit.level == "district" else (2023, 1)
    if (year, month) < change:
        return f"000.{unit.number:02d}.16.H19"
    return unit.code
