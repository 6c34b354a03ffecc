"""The secondary sources (feedback, survey and declared of docs/reference/contracts) of a made-up district: feedback, survey and declared figures as files in drop folders."""

from __future__ import annotations

import csv
import io
import random
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from typing import Any

import openpyxl

from .words import ZONE, add_months, directions, local, midnight, targets, units

FEEDBACK_COLUMNS = (
    "MaPhanAnh", "KenhTiepNhan", "NgayGui", "NgayTiepNhan", "VeTTHC", "MaDonViXuLy", "HanXuLy", "NgayTraLoi", "NgayCongKhai", "TrangThai",
    "DanhGia", "MaHoSoLienQuan", "MaTrung",
)  # fmt: skip
SURVEY_COLUMNS = ("MaPhieu", "NgayKhaoSat", "MaDonVi", "MaHoSo", "MucDoHaiLong")
DECLARED_COLUMNS = ("MaChiTieu", "TuSo", "MauSo", "CanCu", "NgayCanCu", "NguoiKhai", "NguoiDuyet", "NgayDuyet", "GhiChu")
COLUMNS = {"feedback": FEEDBACK_COLUMNS, "survey": SURVEY_COLUMNS, "declared": DECLARED_COLUMNS}
STEMS = {"feedback": "phananh", "survey": "khaosat"}
TIME, DAY = "%d/%m/%Y %H:%M", "%d/%m/%Y"


@dataclass
class DropFile:
    """One file of a drop folder: `day` and `revision` stand in its name (declared: `unit` and the month of `day`)."""

    source: str
    day: date
    arrives: datetime
    rows: list[dict[str, Any]]
    revision: int = 1
    xlsx: bool = False
    delimiter: str = ","
    bom: bool = True
    whole_at: datetime | None = None  # until then only a part of it is there
    unit: str = ""
    is_bad: bool = False  # declared: the workbook breaks a rule and is rejected as a whole

    @property
    def name(self) -> str:
        """Its name."""
        if self.source == "declared":
            return f"tukhai_{self.unit}_{self.day:%Y-%m}.xlsx"
        tail = f"_r{self.revision}" if self.revision > 1 else ""
        return f"{STEMS[self.source]}_{self.day:%Y%m%d}{tail}.{'xlsx' if self.xlsx else 'csv'}"

    def is_there(self, clock: datetime) -> bool:
        """Whether it can be read to its end at a clock."""
        return max(self.arrives, self.whole_at or self.arrives) <= clock

    def data(self, clock: datetime) -> bytes:
        """Its bytes at a clock."""
        whole = self._workbook() if self.xlsx or self.source == "declared" else self._text()
        if self.is_there(clock):
            return whole
        return whole[: len(whole) // 2] if self.xlsx or self.source == "declared" else whole.rstrip(b"\r\n")

    def _text(self) -> bytes:
        out = io.StringIO()
        writer = csv.writer(out, delimiter=self.delimiter, lineterminator="\r\n")
        writer.writerow(COLUMNS[self.source])
        for row in self.rows:
            writer.writerow([_written(row.get(column)) for column in COLUMNS[self.source]])
        return (b"\xef\xbb\xbf" if self.bom else b"") + out.getvalue().encode()

    def _workbook(self) -> bytes:
        """The workbook of these rows; written once, for a workbook tells when, and a file that nobody sent again keeps its bytes."""
        cells = (COLUMNS[self.source], *(tuple(row.get(column) for column in COLUMNS[self.source]) for row in self.rows))
        written = _workbooks.get(repr(cells))
        if written is None:
            book = openpyxl.Workbook()
            sheet = book.active
            assert sheet is not None
            sheet.title = "SoLieu"
            for row in cells:
                sheet.append(row)
            out = io.BytesIO()
            book.save(out)
            written = _workbooks[repr(cells)] = out.getvalue()
        return written


_workbooks: dict[str, bytes] = {}


def _written(value: Any) -> str:
    """A value as a CSV cell."""
    if value is None:
        return ""
    if isinstance(value, datetime):
        return value.strftime(TIME)
    return value.strftime(DAY) if isinstance(value, date) else str(value)


def moment_of(value: Any) -> datetime | None:
    """A time `dd/MM/yyyy HH:mm` or a cell's date-time; unreadable = missing."""
    if value in (None, ""):
        return None
    if isinstance(value, datetime):
        return value.replace(tzinfo=ZONE)
    try:
        return datetime.strptime(str(value), TIME).replace(tzinfo=ZONE)
    except ValueError:
        return None


def day_cell(value: Any) -> date | None:
    """A day `dd/MM/yyyy` or a cell's date; unreadable = missing."""
    if value in (None, ""):
        return None
    if isinstance(value, datetime):
        return value.date()
    if isinstance(value, date):
        return value
    try:
        return datetime.strptime(str(value), DAY).replace(tzinfo=ZONE).date()
    except ValueError:
        return None


# ================================================================ what a seed tells
@dataclass
class _Item:
    """One feedback item or survey sheet: how it stands from which moment on."""

    states: list[tuple[datetime, dict[str, Any]]] = field(default_factory=list)

    def at(self, clock: datetime) -> dict[str, Any] | None:
        """As it stands at a clock."""
        past = [row for when, row in self.states if when < clock]
        return past[-1] if past else None


class SecondaryTeller:
    """Tells the secondary sources of a world; dice of its own, so that the other sources of a seed stay as they are."""

    def __init__(self, seed: int, begin: date, end: date, among: list[str], count: int, *, defects: bool = True) -> None:
        self.rng = random.Random(f"secondary {seed}")
        self.begin, self.end, self.among, self.count, self.defects = begin, end, among, count, defects
        self.bad = 4 if defects else 0

    def tell(self) -> list[DropFile]:
        """All files."""
        return [
            *self._files("feedback", [self._feedback(n) for n in range(self.count)]),
            *self._files("survey", [self._sheet(n) for n in range(self.count)]),
            *self._declared(),
        ]

    def chance(self, share: float) -> bool:
        return self.rng.random() < share

    def spend(self) -> bool:
        self.bad -= 1
        return self.bad >= 0

    def some_day(self) -> date:
        day = self.begin - timedelta(days=40) + timedelta(days=self.rng.randrange((self.end - self.begin).days + 40))
        first = day.replace(day=1)
        return self.rng.choice((day, day, day, first, first - timedelta(days=1), first.replace(day=14), first.replace(day=15)))

    def some_time(self) -> datetime:
        clock = self.rng.choice((time(0, 0), time(23, 59), time(self.rng.randrange(7, 18), self.rng.randrange(60))))
        return datetime.combine(self.some_day(), clock, ZONE)

    def written(self, stamp: datetime | None) -> str:
        if stamp is None:
            return ""
        return self.rng.choice(("ngay mai", "31/02/2023 10:00")) if self.chance(0.01) else stamp.strftime(TIME)

    def _feedback(self, number: int) -> _Item:
        rng, got = self.rng, self.some_time()
        due = got + timedelta(days=rng.choice((1, 5, 10, 15, 30)), hours=rng.choice((0, 3))) if self.chance(0.85) else None
        row: dict[str, Any] = {
            "MaPhanAnh": f"PA{number:05d}", "KenhTiepNhan": rng.choice(("1022", "dvcqg", "tinh")), "NgayGui": self.written(got - timedelta(hours=1)),
            "NgayTiepNhan": self.written(got) if self.chance(0.95) else "", "VeTTHC": rng.choice("1110"), "MaDonViXuLy": rng.choice(self.among),
            "HanXuLy": self.written(due), "NgayTraLoi": "", "NgayCongKhai": "", "TrangThai": "dang_xu_ly", "DanhGia": "", "MaHoSoLienQuan": "",
            "MaTrung": f"PA{rng.randrange(number):05d}" if number and self.chance(0.1) else "",
        }  # fmt: skip
        item, now = _Item([(got, row)]), got
        for _ in range(rng.choice((0, 1, 1, 2, 3))):
            now += timedelta(minutes=rng.randrange(1, 60 * 24 * 15))
            turn = rng.randrange(10)
            if turn < 5:
                answered = due if due and due > got and self.chance(0.2) else now
                now = max(now, answered)
                row = row | {
                    "NgayTraLoi": self.written(answered),
                    "TrangThai": "da_xu_ly",
                    "DanhGia": rng.choice(("hai_long", "hai_long", "khong_hai_long", "")),
                }
            elif turn == 5:
                row = row | {"TrangThai": "chuyen_don_vi", "MaDonViXuLy": rng.choice(self.among)}
            elif turn == 6:
                row = row | {"HanXuLy": self.written((due or now) + timedelta(days=rng.choice((-2, 1, 9))))}
            elif turn == 7:
                row = row | {"VeTTHC": rng.choice("01")}
            elif turn == 8:
                row = row | {"NgayTraLoi": "", "TrangThai": "dang_xu_ly", "DanhGia": ""}
            elif self.spend():
                row = row | rng.choice(({"DanhGia": "tam_duoc"}, {"TrangThai": "xong"}, {"KenhTiepNhan": "fax"}, {"MaDonViXuLy": "H19.94"}))
            item.states.append((now, row))
        return item

    def _sheet(self, number: int) -> _Item:
        rng, day = self.rng, self.some_day()
        row: dict[str, Any] = {
            "MaPhieu": f"KS{number:05d}", "NgayKhaoSat": day.strftime(DAY), "MaDonVi": rng.choice(self.among), "MaHoSo": "",
            "MucDoHaiLong": rng.choice(("1", "2", "3", "4", "4", "5", "5", "")),
        }  # fmt: skip
        item, now = _Item([(midnight(day), row)]), midnight(day)
        while self.chance(0.3):
            now += timedelta(days=rng.randrange(1, 30))
            change: dict[str, Any] = rng.choice(
                (
                    {"MucDoHaiLong": rng.choice("12345")},
                    {"MucDoHaiLong": ""},
                    {"MaDonVi": rng.choice(self.among)},
                    {"NgayKhaoSat": self.some_day().strftime(DAY)},
                )
            )
            if self.chance(0.2) and self.spend():
                change = rng.choice(({"MucDoHaiLong": "6"}, {"MucDoHaiLong": "0"}, {"MaDonVi": "H19.93"}))
            row = row | change
            item.states.append((now, row))
        return item

    def _files(self, source: str, items: list[_Item]) -> list[DropFile]:
        rng, out, day = self.rng, [], self.begin - timedelta(days=20)
        while day < self.end:
            evening = midnight(day) + timedelta(hours=23)
            revision, arrives = 1, midnight(day + timedelta(days=1)) + timedelta(hours=rng.choice((-6, 1, 1, 30, 300)))
            while True:
                standing = [row for item in items if (row := item.at(evening)) is not None and self.chance(0.6)]
                rows = [self.cells(row) if self.chance(0.3) else row for row in standing]
                file = DropFile(source, day, arrives, rows, revision, self.chance(0.4), rng.choice(",;"), self.chance(0.5))
                if self.chance(0.1) and rows:
                    file.whole_at = arrives + timedelta(days=rng.choice((1, 12)))
                out.append(file)
                if not self.chance(0.3):
                    break
                revision, arrives, evening = revision + 1, arrives + timedelta(hours=rng.choice((-40, 5, 200))), evening + timedelta(days=2)
            day += timedelta(days=rng.choice((1, 3, 8, 15)))
        return out

    def cells(self, row: dict[str, Any]) -> dict[str, Any]:
        """The row as a spreadsheet often holds it: numbers and dates instead of texts. (In a CSV they are written as texts again.)"""
        out = dict(row)
        for name, value in row.items():
            if name in ("VeTTHC", "MucDoHaiLong") and value != "":
                out[name] = int(value)
            elif name in ("HanXuLy", "NgayTraLoi", "NgayTiepNhan") and (stamp := moment_of(value)):
                out[name] = stamp.replace(tzinfo=None)
            elif name == "NgayKhaoSat" and (day := day_cell(value)):
                out[name] = day
        return out

    def _declared(self) -> list[DropFile]:
        rng, out = self.rng, []
        # any unit of the list, of whatever validity, may declare any figure of the plan; a computed one too, which changes nothing
        codes = sorted({t.indicator for t in (*targets("declared"), *targets())} | set(directions()))
        who = [*self.among, "H19.16", *rng.sample(sorted(code for code in units() if code.startswith("H19.16.")), 2)]
        for n in (-12, -11, -10, *range(-1, 3)):
            month = add_months(self.begin, n)
            for unit in who:
                often = 0.6 if unit in self.among else 0.3
                arrives = midnight(add_months(month, 1)) + timedelta(days=rng.choice((0, 2, 20)), hours=9)
                if n < -1 and self.chance(0.3):  # so late that the year after it has begun: what was judged by it is judged again
                    arrives = midnight(self.begin) + timedelta(days=rng.randrange(120))
                while self.chance(often):
                    rows = []
                    asked = [*rng.sample(sorted(directions()), rng.randrange(0, 4)), *rng.sample(codes, rng.randrange(1, 6))]
                    for code in dict.fromkeys(asked):
                        whole = rng.randrange(0, 12)
                        rows.append({
                            "MaChiTieu": code, "TuSo": rng.randrange(0, whole + 1), "MauSo": whole, "CanCu": "12/QĐ-UBND", "NgayCanCu": month,
                            "NguoiKhai": "Nguyễn Văn Thử", "NguoiDuyet": rng.choice(("Trần Thị Mẫu", None)), "NgayDuyet": None, "GhiChu": None,
                        })  # fmt: skip
                    for row in rows:
                        row["NgayDuyet"] = month if row["NguoiDuyet"] else None
                        if row["MaChiTieu"] in directions() and not row["MaChiTieu"].endswith("_score"):
                            row["MauSo"] = rng.choice((None, None, row["MauSo"]))  # of a count it says nothing
                    is_bad = self.defects and self.chance(0.1)
                    if is_bad:
                        rows[0] |= rng.choice(
                            ({"TuSo": -1}, {"MaChiTieu": "khong_co"}, {"MauSo": "#REF!"}, {"MauSo": -2}, {"TuSo": 1.5}, {"TuSo": None})
                        )
                    out.append(DropFile("declared", month, arrives, rows, unit=unit, is_bad=is_bad))
                    arrives += timedelta(days=rng.choice((1, 15)))
        return out


def newest_rows(files: list[DropFile], key: str) -> dict[str, dict[str, Any]]:
    """Of each key the row of the file with the greatest (date, N), whatever the order of arrival; a row absent from a later file stays."""
    out: dict[str, dict[str, Any]] = {}
    for file in sorted(files, key=lambda f: (f.day, f.revision, f.arrives)):
        for row in file.rows:
            out[str(row[key])] = row
    return out


def is_good_feedback(row: dict[str, Any]) -> bool:
    """No code and no unit outside its list."""
    return (
        row["MaDonViXuLy"] in units()
        and row["KenhTiepNhan"] in ("1022", "dvcqg", "tinh")
        and row["TrangThai"] in ("cho_tiep_nhan", "dang_xu_ly", "da_xu_ly", "tu_choi", "chuyen_don_vi")
        and row["DanhGia"] in ("hai_long", "khong_hai_long", "", None)
    )


def is_good_sheet(row: dict[str, Any]) -> bool:
    """As above, for the survey."""
    return row["MaDonVi"] in units() and str(row["MucDoHaiLong"] if row["MucDoHaiLong"] is not None else "") in (
        "",
        "1",
        "2",
        "3",
        "4",
        "5",
    )


def on_day(stamp: datetime | None) -> date | None:
    """The local date of a time."""
    return None if stamp is None else local(stamp)
