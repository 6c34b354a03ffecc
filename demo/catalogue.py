"""The procedures of each unit: codes, names, legal times, fees, and the versions of them that came into force.

A row is (procedure, unit, HieuLucTu). Rows appear on the day they are announced; some flags change later without a new version
(online payment switched on, a sample dossier added), as they do in the national database. Procedures that the folder of another authority
lists have the times, fees and shares of its list; without a list they are drawn as those of Vĩnh Cửu are.
"""

from __future__ import annotations

import random
from bisect import bisect_right
from itertools import accumulate
from typing import Any, NamedTuple

from demo import clock
from demo.authority import Listed, read
from demo.clock import DAY, FOREVER, YEAR, day_number
from demo.history import Entry
from demo.units import CERTIFYING, COMMUNES, OFFICES, Unit
from demo.workdays import add_workdays

# field code -> (name, names of procedures); the first ones of a list are used most often
_COMMUNE_FIELDS: tuple[tuple[str, str, tuple[str, ...]], ...] = (
    (
        "LV-CT",
        "Chứng thực",
        (
            "Chứng thực bản sao từ bản chính giấy tờ, văn bản",
            "Chứng thực chữ ký trong các giấy tờ, văn bản",
            "Chứng thực hợp đồng, giao dịch liên quan đến tài sản là động sản",
            "Chứng thực di chúc",
            "Chứng thực văn bản từ chối nhận di sản",
            "Chứng thực văn bản thỏa thuận phân chia di sản",
        ),
    ),
    (
        "LV-HT",
        "Hộ tịch",
        (
            "Cấp Giấy xác nhận tình trạng hôn nhân",
            "Đăng ký khai sinh",
            "Đăng ký kết hôn",
            "Cấp bản sao trích lục hộ tịch",
            "Đăng ký khai tử",
            "Thay đổi, cải chính, bổ sung thông tin hộ tịch",
            "Đăng ký lại khai sinh",
            "Đăng ký nhận cha, mẹ, con",
            "Đăng ký giám hộ",
            "Đăng ký lại kết hôn",
            "Đăng ký lại khai tử",
            "Đăng ký chấm dứt giám hộ",
        ),
    ),
    (
        "LV-BT",
        "Bảo trợ xã hội",
        (
            "Xác định, xác định lại mức độ khuyết tật",
            "Công nhận hộ nghèo, hộ cận nghèo",
            "Hỗ trợ chi phí mai táng cho đối tượng bảo trợ xã hội",
            "Trợ giúp xã hội đột xuất",
            "Công nhận hộ làm nông, lâm nghiệp có mức sống trung bình",
            "Đổi, cấp lại Giấy xác nhận khuyết tật",
        ),
    ),
    (
        "LV-DD",
        "Đất đai",
        (
            "Xác nhận nguồn gốc và tình trạng sử dụng đất",
            "Hòa giải tranh chấp đất đai",
            "Thẩm định nhu cầu sử dụng đất",
            "Xác nhận tình trạng tranh chấp",
        ),
    ),
    (
        "LV-NC",
        "Người có công",
        (
            "Xác nhận vào đơn đề nghị di chuyển hài cốt liệt sĩ",
            "Ủy quyền hưởng trợ cấp ưu đãi",
            "Cấp giấy giới thiệu thăm viếng mộ liệt sĩ",
        ),
    ),
    (
        "LV-NN",
        "Nông nghiệp",
        ("Đăng ký kê khai hoạt động chăn nuôi", "Hỗ trợ khôi phục sản xuất vùng bị thiệt hại", "Chuyển đổi cơ cấu cây trồng trên đất lúa"),
    ),
    ("LV-VH", "Văn hóa", ("Thông báo tổ chức lễ hội", "Công nhận câu lạc bộ thể thao cơ sở", "Đăng ký hoạt động thư viện cộng đồng")),
    (
        "LV-TG",
        "Tín ngưỡng, tôn giáo",
        ("Đăng ký hoạt động tín ngưỡng", "Đăng ký bổ sung hoạt động tín ngưỡng", "Thông báo danh mục hoạt động tôn giáo"),
    ),
    (
        "LV-GD",
        "Giáo dục",
        ("Cho phép cơ sở giáo dục mầm non độc lập hoạt động", "Sáp nhập, chia, tách nhóm trẻ", "Cho phép hoạt động giáo dục trở lại"),
    ),
    (
        "LV-TT",
        "Tiếp công dân, khiếu nại",
        ("Tiếp công dân tại cấp xã", "Giải quyết khiếu nại lần đầu tại cấp xã", "Giải quyết tố cáo tại cấp xã"),
    ),
)
_OFFICE_FIELDS: dict[str, tuple[str, str, tuple[str, ...]]] = {
    "H19.16.1": ("LV-VP", "Tiếp công dân", ("tiếp công dân", "xử lý đơn", "cung cấp thông tin", "cấp bản sao văn bản")),
    "H19.16.2": ("LV-NV", "Thi đua, tổ chức, tôn giáo", ("tặng Giấy khen", "thành lập hội", "phê duyệt điều lệ hội", "hoạt động tôn giáo")),
    "H19.16.3": ("LV-HT", "Hộ tịch có yếu tố nước ngoài", ("đăng ký kết hôn", "cải chính hộ tịch", "ghi chú ly hôn", "cấp trích lục")),
    "H19.16.4": (
        "LV-KD",
        "Đăng ký hộ kinh doanh",
        ("thành lập hộ kinh doanh", "thay đổi nội dung", "tạm ngừng kinh doanh", "chấm dứt hoạt động"),
    ),
    "H19.16.5": (
        "LV-VT",
        "Văn hóa và thông tin",
        ("cấp phép karaoke", "đăng ký trò chơi điện tử", "công nhận làng văn hóa", "xuất bản phẩm"),
    ),
    "H19.16.6": (
        "LV-TN",
        "Đất đai, môi trường",
        ("chuyển mục đích sử dụng đất", "cấp giấy chứng nhận", "thu hồi đất", "đăng ký môi trường"),
    ),
    "H19.16.7": (
        "LV-LD",
        "Lao động, người có công",
        ("trợ cấp hằng tháng", "hưởng chế độ người có công", "hỗ trợ học nghề", "bảo trợ xã hội"),
    ),
    "H19.16.8": ("LV-GD", "Giáo dục và đào tạo", ("chuyển trường", "thành lập trường", "cấp bản sao văn bằng", "cho phép hoạt động")),
    "H19.16.9": ("LV-XD", "Xây dựng", ("cấp giấy phép xây dựng", "điều chỉnh giấy phép", "gia hạn giấy phép", "thẩm định quy hoạch")),
    "H19.16.10": ("LV-NP", "Nông nghiệp", ("hỗ trợ liên kết sản xuất", "công nhận trang trại", "bố trí dân cư", "thẩm định đề án")),
    "H19.16.11": ("LV-TR", "Thanh tra, khiếu nại", ("giải quyết khiếu nại", "giải quyết tố cáo", "xác minh tài sản", "giải trình")),
}
_ACTS = ("Thủ tục", "Cấp mới", "Cấp lại", "Điều chỉnh", "Gia hạn", "Xác nhận", "Đăng ký", "Công nhận")
_REAL_CODES = {
    "Chứng thực bản sao từ bản chính giấy tờ, văn bản": "2.000815",
    "Chứng thực chữ ký trong các giấy tờ, văn bản": "2.000884",
    "Đăng ký khai sinh": "1.001193",
    "Đăng ký kết hôn": "1.000894",
    "Đăng ký khai tử": "1.000656",
    "Cấp Giấy xác nhận tình trạng hôn nhân": "1.004873",
    "Cấp bản sao trích lục hộ tịch": "2.000635",
}
_KINDS_OF_OFFICE = ("Sở", "Phòng", "Ban", "Văn phòng")
_OBJECTS = ("giấy phép", "giấy chứng nhận", "hồ sơ chuyên ngành", "chứng chỉ hành nghề")
_OFFICE_COUNTS = (25, 30, 46, 34, 28, 60, 52, 38, 40, 30, 25)
_FIRST_LIST = clock.moment(YEAR - 2, 11, 1)
VANISHES_AT = clock.moment(2024, 1, 15, 6, 0, 0)
"""From this second on the list no longer has the planted row that vanishes."""


class Procedure:
    """One version of a procedure at one unit."""

    __slots__ = (
        "code",
        "name",
        "field",
        "field_name",
        "unit",
        "level",
        "level_from",
        "eligible",
        "online",
        "time",
        "time_unit",
        "has_due",
        "fee",
        "charge",
        "pay_online_from",
        "paper",
        "certification",
        "sample_from",
        "decided",
        "published",
        "synced_from",
        "version",
        "valid_from",
        "valid_to",
        "abolished",
        "known_at",
        "gone_at",
    )

    code: str
    name: str
    field: str
    field_name: str
    unit: Unit
    level: int
    level_from: int
    eligible: bool
    online: float | None
    time: int
    time_unit: str
    has_due: bool
    fee: int
    charge: bool
    pay_online_from: int
    paper: bool
    certification: bool
    sample_from: int
    decided: int
    published: int
    synced_from: int
    version: int
    valid_from: int
    valid_to: int
    abolished: bool
    known_at: int
    gone_at: int

    def level_at(self, day: int) -> int:
        """The online level on a day. Services were raised to level 4 one after the other."""
        return self.level if day >= self.level_from else 2

    def changes(self) -> list[int]:
        """The seconds at which a reader would see the row change, ascending."""
        days = {self.level_from, self.pay_online_from, self.sample_from, self.published, self.synced_from}
        times = {day * DAY + 6 * 3600 for day in days if day < FOREVER}
        if self.valid_to < FOREVER:
            times.add(self.end_known_at())
        return sorted({self.known_at} | {at for at in times if at > self.known_at})

    def end_known_at(self) -> int:
        """When HieuLucDen was entered: with the announcement of the next version, one month before."""
        return max(self.known_at, (self.valid_to - 30) * DAY + 8 * 3600)

    def record(self, changed_at: int) -> dict[str, Any]:
        """The delivered row in the version of `changed_at`."""
        day = changed_at // DAY
        ended = self.valid_to < FOREVER and self.end_known_at() <= changed_at
        return {
            "MaTTHC": self.code,
            "TenTTHC": self.name,
            "MaLinhVuc": self.field,
            "TenLinhVuc": self.field_name,
            "CapThucHien": "xa" if self.unit.is_local else "huyen",
            "MaDonVi": self.unit.code,
            "MucDo": str(self.level_at(day)),
            "DuDieuKienTrucTuyen": "1" if self.eligible else "0",
            "ThoiGianGiaiQuyet": str(self.time),
            "LoaiThoiGianThucHien": self.time_unit,
            "CoPhiLePhi": "1" if self.fee else "0",
            "ThanhToanTrucTuyen": "1" if day >= self.pay_online_from else "0",
            "CoKetQuaGiayTo": "1" if self.paper else "0",
            "LaChungThuc": "1" if self.certification else "0",
            "CoHoSoMau": "1" if day >= self.sample_from else "0",
            "NgayQuyetDinhCongBo": clock.compact(self.decided * DAY),
            "NgayCongKhai": clock.compact(self.published * DAY) if day >= self.published else "",
            "DaDongBoCongTinh": "1" if day >= self.synced_from else "0",
            "PhienBan": str(self.version),
            "HieuLucTu": clock.compact(self.valid_from * DAY),
            "HieuLucDen": clock.compact(self.valid_to * DAY) if ended else "",
            "TrangThai": "bai_bo" if self.abolished and ended else "cong_khai",
        }


class Offer:
    """The procedures of one unit with their versions, and how often each is used."""

    def __init__(self, unit: Unit, procedures: list[list[Procedure]], weights: list[float]) -> None:
        self.unit = unit
        self.procedures = procedures
        self.cumulated = list(accumulate(weights))
        self.total = self.cumulated[-1]

    def draw(self, share: float, day: int) -> Procedure:
        """The procedure for a number in [0, 1), in the version in force on `day`; if it is not in force, the most used one."""
        versions = self.procedures[min(bisect_right(self.cumulated, share * self.total), len(self.procedures) - 1)]
        version = version_at(versions, day)
        return version if version is not None else self.procedures[0][-1 if self.procedures[0][-1].valid_from <= day else 0]

    def online_share(self, day: int) -> float:
        """The share of the unit's dossiers whose procedure can be filed online on `day`."""
        total, before = 0.0, 0.0
        for versions, upto in zip(self.procedures, self.cumulated, strict=True):
            version = version_at(versions, day)
            if version is not None and version.level_at(day) >= 3:
                total += upto - before
            before = upto
        return total / self.total


def version_at(versions: list[Procedure], day: int) -> Procedure | None:
    """The version in force on a day, or None."""
    for procedure in reversed(versions):
        if procedure.valid_from <= day <= procedure.valid_to:
            return procedure
    return None


def _times(rng: random.Random, unit: Unit, certification: bool) -> tuple[int, str]:
    """Legal time and its unit: short at the communes, long for land and building permits."""
    if certification:
        return 0, "ngay_lam_viec"
    if unit.is_local:
        return rng.choice(
            (
                (1, "ngay_lam_viec"),
                (2, "ngay_lam_viec"),
                (3, "ngay_lam_viec"),
                (3, "ngay_lam_viec"),
                (5, "ngay_lam_viec"),
                (8, "gio"),
                (10, "ngay"),
            )
        )
    if unit.code in ("H19.16.6", "H19.16.9"):
        return rng.choice(((10, "ngay_lam_viec"), (15, "ngay_lam_viec"), (15, "ngay"), (20, "ngay_lam_viec"), (30, "ngay"), (1, "thang")))
    return rng.choice(
        (
            (3, "ngay_lam_viec"),
            (3, "ngay_lam_viec"),
            (5, "ngay_lam_viec"),
            (7, "ngay_lam_viec"),
            (10, "ngay_lam_viec"),
            (15, "ngay"),
            (24, "gio"),
        )
    )


class _Terms(NamedTuple):
    """What a procedure asks: its legal time, its fee in đồng, whether it certifies copies, and how it is filed online.

    `level_from`: the day from which it is filed online. `online`: the share of its dossiers that come online, None = as of its unit.
    """

    time: int
    time_unit: str
    fee: int
    certification: bool
    eligible: bool
    level: int
    level_from: int
    online: float | None = None


def _drawn(rng: random.Random, unit: Unit, field: str, rank: int) -> _Terms:
    """The terms of a procedure that nobody has listed."""
    certification = field == "LV-CT" or (unit.code in CERTIFYING and rank in (0, 3))
    time, time_unit = _times(rng, unit, certification)
    fee = rng.choice((8_000, 20_000, 30_000, 50_000, 75_000, 100_000, 150_000, 300_000)) if rank < 6 or rng.random() < 0.5 else 0
    if certification:
        fee = 20_000 if rank % 2 == 0 else 10_000
    eligible = rng.random() < 0.85 or rank < 5
    level = 2 if not eligible else rng.choice((3, 4, 4))
    # raised before the demo starts, during the two years, or not yet although it is eligible
    lift = rng.random()
    level_from = 0 if lift < 0.80 or rank < 5 else day_number(YEAR - 1, 3, 1) + rng.randrange(600) if lift < 0.985 else FOREVER
    return _Terms(time, time_unit, fee, certification, eligible, level, level_from)


def _as_listed(rng: random.Random, listed: Listed) -> _Terms:
    """The terms of a line of demo_procedures.csv."""
    eligible = listed.online != 0
    level = rng.choice((3, 4, 4)) if eligible else 2
    return _Terms(listed.days, "ngay_lam_viec", listed.fee, listed.certification, eligible, level, 0, listed.online)


def _versions(rng: random.Random, unit: Unit, code: str, name: str, field: str, field_name: str, rank: int) -> list[Procedure]:
    """One procedure at one unit with all its versions, oldest first."""
    return _from_terms(rng, unit, (code, name, field, field_name), rank, _drawn(rng, unit, field, rank))


def _from_terms(rng: random.Random, unit: Unit, names: tuple[str, str, str, str], rank: int, terms: _Terms) -> list[Procedure]:
    """All versions of a procedure at a unit, oldest first. `names`: its code and name, code and name of its field."""
    fee, certification = terms.fee, terms.certification
    payable = rng.random()
    pay_from = 0 if payable < 0.30 else day_number(YEAR - 1, 2, 1) + rng.randrange(690) if payable < 0.68 else FOREVER
    sampled = rng.random()
    sample_from = 0 if sampled < 0.5 else day_number(YEAR - 1, 2, 1) + rng.randrange(690) if sampled < 0.78 else FOREVER
    synced = rng.random() < 0.96
    has_due = certification or rng.random() > 0.03
    paper = rng.random() < 0.92 or rank < 4
    starts = [day_number(YEAR - 4, 1, 1) + rng.randrange(1000)]
    changes = rng.random()
    if changes < 0.30:
        starts.append(day_number(YEAR - 1, 2, 1) + rng.randrange(680))
    if changes < 0.04:
        starts.append(min(starts[-1] + 90 + rng.randrange(150), day_number(YEAR + 1, 1, 20)))
    starts = sorted({max(start, unit.first) for start in starts if start <= unit.last})
    abolished = changes > 0.96 and rank > 10
    rows = []
    for number, start in enumerate(starts):
        row = Procedure()
        row.code, row.name, row.field, row.field_name = names
        row.unit = unit
        row.level, row.level_from, row.eligible, row.online = terms.level, terms.level_from, terms.eligible, terms.online
        row.time, row.time_unit, row.has_due = terms.time, terms.time_unit, has_due
        row.fee, row.charge = fee, rng.random() < 0.6
        row.pay_online_from = pay_from if fee else FOREVER
        row.paper, row.certification, row.sample_from = paper, certification, sample_from
        row.decided = max(unit.first, start - 20 - rng.randrange(20))
        # published within five working days of the decision, sometimes later, rarely not at all
        fate = rng.random()
        days = 1 + rng.randrange(5) if fate < 0.93 else 6 + rng.randrange(12)
        row.published = (
            FOREVER if fate > 0.995 else add_workdays(row.decided, days) if start > day_number(YEAR - 2, 8, 1) else row.decided + 4
        )
        row.synced_from = min(row.published, FOREVER - 30) + rng.randrange(25) if synced and row.published < FOREVER else FOREVER
        row.version, row.valid_from = number + 1, start
        row.valid_to = starts[number + 1] - 1 if number + 1 < len(starts) else unit.last
        row.abolished = False
        row.known_at = max(_FIRST_LIST, (row.decided + 1) * DAY + 8 * 3600 + rng.randrange(20_000))
        row.gone_at = FOREVER
        rows.append(row)
    if abolished:
        rows[-1].abolished = True
        rows[-1].valid_to = min(unit.last, max(day_number(YEAR - 1, 3, 1) + rng.randrange(650), rows[-1].valid_from + 30))
    return rows


def _office_fields() -> list[tuple[int, str, str, tuple[str, ...]]]:
    """How many procedures each office has, the code and the name of their field, and what they are about; in the order of OFFICES."""
    if read().is_vinh_cuu:
        return [(count, *_OFFICE_FIELDS[unit.code]) for unit, count in zip(OFFICES, _OFFICE_COUNTS, strict=True)]
    return [(24 + 5 * unit.number % 30, f"LV-{unit.number:02d}", _subject(unit.name), _OBJECTS) for unit in OFFICES]


def _subject(name: str) -> str:
    """What an office is for, by its name: `Sở Tư pháp` → `Tư pháp`."""
    kind = next((kind for kind in _KINDS_OF_OFFICE if name.startswith(f"{kind} ")), "")
    subject = name.removeprefix(kind).strip()
    return subject[:1].upper() + subject[1:]


def build(seed: int) -> dict[str, Offer]:
    """The offers of all units, by unit code. The same at every scale: a small demo still has the whole catalogue."""
    return _of_list(seed) if read().procedures else _made_up(seed)


def has(unit: Unit, listed: Listed) -> bool:
    """Whether a unit has a procedure of the authority's list."""
    return unit.code in listed.units or ("each_commune" if unit.is_local else "each_office") in listed.units


def _of_list(seed: int) -> dict[str, Offer]:
    """The offers by the authority's own list, of which a unit uses the first ones most. A unit that no line names has no dossiers."""
    offers: dict[str, Offer] = {}
    for unit in (*COMMUNES, *OFFICES):
        procedures: list[list[Procedure]] = []
        for listed in (listed for listed in read().procedures if has(unit, listed)):
            rng = random.Random(f"{seed}/catalogue/{unit.code}/{listed.code}")
            names = (listed.code, listed.name, listed.field, listed.field_name)
            procedures.append(_from_terms(rng, unit, names, len(procedures), _as_listed(rng, listed)))
        if procedures:
            offers[unit.code] = Offer(unit, procedures, _weights(unit, len(procedures)))
    return offers


def _weights(unit: Unit, count: int) -> list[float]:
    """How often a unit uses each of its procedures: the first most, at communes more unequally."""
    return [1 / (rank + 1) ** (0.85 if unit.is_local else 0.7) for rank in range(count)]


def _made_up(seed: int) -> dict[str, Offer]:
    """The offers without a list."""
    offers: dict[str, Offer] = {}
    common: list[tuple[str, str, str, str]] = []
    number = 1_000
    for field, field_name, names in _COMMUNE_FIELDS:
        for name in names:
            number += 7
            common.append((_REAL_CODES.get(name, f"1.{number:06d}"), name, field, field_name))
    # the most used first: copies, signatures, civil status; then the others in the order of the list
    ranked = sorted(range(len(common)), key=lambda i: (common[i][0] not in set(_REAL_CODES.values()), i))
    for unit in COMMUNES:
        rng = random.Random(f"{seed}/catalogue/{unit.code}")
        chosen = [common[i] for i in ranked if rng.random() < 0.94 or common[i][0] in _REAL_CODES.values()]
        procedures = [
            _versions(random.Random(f"{seed}/catalogue/{unit.code}/{row[0]}"), unit, *row, rank) for rank, row in enumerate(chosen)
        ]
        offers[unit.code] = Offer(unit, procedures, _weights(unit, len(procedures)))
    for unit, (count, field, field_name, objects) in zip(OFFICES, _office_fields(), strict=True):
        procedures = []
        for rank in range(count):
            code = f"{1 + rank % 3}.{unit.number * 500 + 10_000 + rank * 3:06d}"
            group = f" (nhóm {rank // 32 + 1})" if rank >= 32 else ""
            name = f"{_ACTS[rank // 4 % len(_ACTS)]} {objects[rank % 4]}{group}"
            procedures.append(_versions(random.Random(f"{seed}/catalogue/{unit.code}/{code}"), unit, code, name, field, field_name, rank))
        offers[unit.code] = Offer(unit, procedures, _weights(unit, count))
    return offers


def key(row: Procedure) -> tuple[str, str, int]:
    """The key of a row, for sorting."""
    return (row.code, row.unit.code, row.valid_from)


def entries(offers: dict[str, Offer]) -> list[Entry]:
    """All versions of all rows, for the timeline."""
    timeline: list[Entry] = []
    for offer in offers.values():
        for versions in offer.procedures:
            for row in versions:
                times = [at for at in row.changes() if at < clock.END]
                untils = [*times[1:], row.gone_at]
                timeline.extend((at, key(row), row, until) for at, until in zip(times, untils, strict=True) if at < row.gone_at)
    return timeline
