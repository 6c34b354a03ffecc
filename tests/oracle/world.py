"""A small made-up district as a history: what each source holds at any clock, on the wire of docs/reference/contracts.

A `World` is a plain bag of `Change`s; tests build one by hand, `random_world` tells one from a seed. All people in it are made up.
"""

from __future__ import annotations

import csv
import gzip
import hashlib
import io
import json
import random
import unicodedata
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from .secondary import DropFile, SecondaryTeller
from .words import AUTHORITY, ZONE, add_months, lenient, local, midnight, parse_period, reference

Wire = Any  # a JSON value as it goes over the wire


@dataclass(frozen=True)
class Change:
    """How a record stands from `at` on."""

    at: datetime
    wire: Wire
    changed: datetime  # the source's own change clock: what its window looks at
    sent: bool = True  # False: no window returns it any more
    in_keys: bool = True  # dossiers: does /keys list it
    deleted_on: str | None = None  # dossiers: DeletedOn in /keys when the wire itself does not say


PAYMENT_COLUMNS = (
    "MaThamChieu", "MaGiaoDich", "MaHoSo", "MaTTHC", "MaDonVi", "LoaiGiaoDich", "SoTien", "Phi", "LePhi", "HinhThucThanhToan", "KenhThanhToan",
    "TrangThaiGD", "MaLoi", "MaNganHang", "ThoiGianGD", "MaThamChieuGoc", "SoBienLai", "NguoiNop", "SoTaiKhoan",
)  # fmt: skip


def dotted(amount: int) -> str:
    """50000 → 50.000."""
    return f"{amount:,}".replace(",", ".")


@dataclass
class PaymentFile:
    """One revision of one day of the payment log. `fault`: what disagrees (rows, amount, sha256, name, trailer_rows, trailer_amount)."""

    day: date
    revision: int
    arrives: datetime
    rows: list[dict[str, str]]
    fault: str | None = None
    manifest_arrives: datetime | None = None  # None: with the file
    manifest: bool = True
    gz: bool = False

    @property
    def stem(self) -> str:
        """The name without suffixes."""
        return f"giaodich_{self.day:%Y%m%d}" + (f"_r{self.revision}" if self.revision > 1 else "")

    @property
    def name(self) -> str:
        """The name of the data file."""
        return self.stem + (".csv.gz" if self.gz else ".csv")

    @property
    def complete_at(self) -> datetime | None:
        """When both the file and its manifest are there; None: never."""
        return max(self.arrives, self.manifest_arrives or self.arrives) if self.manifest else None

    def blocked(self) -> bool:
        """It disagrees with its manifest or trailer."""
        return self.fault is not None

    def amount(self) -> int:
        """The sum over PAY rows with TrangThaiGD = 1."""
        good = [row for row in self.rows if row["LoaiGiaoDich"] == "PAY" and row["TrangThaiGD"] == "1"]
        return sum(int((row["SoTien"] or "0").replace(".", "")) for row in good)

    def data(self) -> bytes:
        """The bytes of the data file."""
        out = io.StringIO()
        writer = csv.writer(out, delimiter=";", lineterminator="\r\n")
        writer.writerow(PAYMENT_COLUMNS)
        for row in self.rows:
            writer.writerow([row.get(column, "") for column in PAYMENT_COLUMNS])
        rows = len(self.rows) + (self.fault == "trailer_rows")
        amount = self.amount() + 1000 * (self.fault == "trailer_amount")
        out.write(f"#TONG;{rows};{dotted(amount)}\r\n")
        raw = b"\xef\xbb\xbf" + out.getvalue().encode()
        return gzip.compress(raw, mtime=0) if self.gz else raw

    def manifest_data(self) -> bytes:
        """The bytes of the manifest."""
        sha = hashlib.sha256(self.data()).hexdigest()
        body = {
            "file": "giaodich_19990101.csv" if self.fault == "name" else self.name,
            "rows": len(self.rows) + (self.fault == "rows"),
            "amount": self.amount() + 1000 * (self.fault == "amount"),
            "sha256": hashlib.sha256(b"other").hexdigest() if self.fault == "sha256" else sha,
            "revision": self.revision,
        }
        return json.dumps(body).encode()


@dataclass
class World:
    """What the three sources hold at any clock."""

    histories: dict[str, dict[str, list[Change]]] = field(default_factory=dict)
    payment_files: list[PaymentFile] = field(default_factory=list)
    drop_files: list[DropFile] = field(default_factory=list)  # feedback, survey, declared
    ts: list[datetime] = field(default_factory=list)  # suggested extract times
    periods: list[str] = field(default_factory=list)  # suggested periods
    bad_rows: int = 0
    units: str | None = None  # units.csv of this world, where it is not the project's

    @property
    def begin(self) -> date:
        """The first day of the month in which its suggested periods begin; that of 2023 where it suggests none."""
        return min((parse_period(name)[1] for name in self.periods if name.count("-") == 1), default=date(2023, 1, 1)).replace(day=1)

    def put(self, entity: str, key: str, at: datetime, wire: Wire, changed: datetime | None = None, **more: Any) -> None:
        """A record stands like this from `at` on."""
        if changed is None:
            name = "NgayCapNhat" if entity in ("documents", "work_files", "signatures", "leaders") else "NgaySuaCuoi"
            changed = (lenient(wire.get(name)) if isinstance(wire, dict) else None) or at
        history = self.histories.setdefault(entity, {}).setdefault(key, [])
        history.append(Change(at, wire, changed, **more))
        history.sort(key=lambda change: change.at)

    def _standing(self, entity: str, clock: datetime) -> list[Change]:
        out = []
        for history in self.histories.get(entity, {}).values():
            past = [change for change in history if change.at < clock]
            if past:
                out.append(past[-1])
        return out

    def current(self, entity: str, clock: datetime) -> list[Change]:
        """The records a window can return at a clock, whatever the window."""
        return [change for change in self._standing(entity, clock) if change.sent]

    def full_list(self, entity: str, clock: datetime) -> list[Wire]:
        """The full list of procedures or leaders at a clock."""
        return [change.wire for change in self._standing(entity, clock) if change.wire is not None]

    def keys(self, month: str, clock: datetime) -> list[dict[str, Any]]:
        """`/api/dossiers/keys?month=`: every dossier received in that month that exists or was deleted."""
        out = []
        for change in self._standing("dossiers", clock):
            if not change.in_keys or not isinstance(change.wire, dict) or not change.wire.get("MaHoSo"):
                continue
            received = lenient(change.wire.get("NgayTiepNhan"))
            if received is not None and received.strftime("%Y-%m") == month:
                out.append({"MaHoSo": change.wire["MaHoSo"], "DeletedOn": change.wire.get("DeletedOn") or change.deleted_on or ""})
        return out


# ================================================================ a world from a seed
OFFICES = ("H19.16.3", "H19.16.4", "H19.16.6", "H19.16.12", "H19.16")
COMMUNES = ("H19.16.21", "H19.16.22", "H19.16.30")
PEOPLE = ("Nguyễn Văn Thử", "Trần Thị Mẫu", "Lê Giả Định", "Phạm Ví Dụ", "Đỗ Thị Hư Cấu")
FIELDS = {"LV01": "Xây dựng", "LV02": "Đất đai"}  # each unit adds its own code to the name, so that the newest name of a level matters
UNREADABLE = ("khong ro", "20231345990000", "2023-13-40T00:00:00", "31/02/2023", "N/A")
LIST_FIELDS = ("TaiLieuNop", "DanhSachLePhi", "DanhSachHoSoBoSung", "DanhSachGiayToKetQua", "DSKetNoiCSDL", "DinhDanhCHS")


def wire_time(stamp: datetime | None, style: str = "compact") -> str:
    """A time on the wire: `compact`, `iso` (local, no offset), `offset` (+07:00) or `z` (UTC)."""
    if stamp is None:
        return ""
    stamp = stamp.astimezone(ZONE)
    if style == "compact":
        return stamp.strftime("%Y%m%d%H%M%S")
    if style == "offset":
        return stamp.isoformat()
    if style == "z":
        return stamp.astimezone(UTC).replace(tzinfo=None).isoformat() + "Z"
    return stamp.replace(tzinfo=None).isoformat()


class _Teller:
    """Tells one random world."""

    def __init__(self, seed: int, dossiers: int, defects: bool, exotic: bool, reorganised: bool) -> None:
        self.seed, self.rng = seed, random.Random(seed)
        self.world = World()
        self.defects, self.exotic = defects, exotic
        self.dossier_count = dossiers
        year = self.rng.choice((2023, 2023, 2023, 2023, 2024))
        month = self.rng.choice((1, 1, 2, 4, 9, 11) if year == 2023 else (1, 8, 9))
        self.begin = date(year, month, 1)
        self.end = add_months(self.begin, 4)
        self.units = list(OFFICES + COMMUNES)
        if reorganised:
            self.world.units = reorganisation(random.Random(f"units {seed}"), self.begin, self.end)
            self.units += ["H19.16.29", "H19.16.34"]
        self.bad = {"dossiers": 12, "assessments": 4, "work_files": 4, "leaders": 3, "keyless": 3} if defects else {}
        self.serial = 0
        self.procedures: list[dict[str, Any]] = []
        self.codes: list[tuple[str, str]] = []
        self.decided: date | None = None

    # ------------------------------------------------------------ dice
    def chance(self, share: float) -> bool:
        return self.rng.random() < share

    def spend(self, purse: str) -> bool:
        """May one more bad row of this kind be told?"""
        if self.bad.get(purse, 0) <= 0:
            return False
        self.bad[purse] -= 1
        self.world.bad_rows += 1
        return True

    def day(self, first: date, last: date) -> date:
        return first + timedelta(days=self.rng.randrange(max(1, (last - first).days)))

    def edge(self, day: date) -> date:
        """Move a day to an edge of a month or a report month."""
        first = day.replace(day=1)
        return self.rng.choice((first, first - timedelta(days=1), first.replace(day=14), first.replace(day=15)))

    def hour(self, day: date) -> datetime:
        """A time of a day, often an odd one."""
        if self.chance(0.25):
            odd = self.rng.choice(
                (time(0, 0, 0), time(23, 59, 59), time(0, 0, 1), time(23, 59, 59, 999000), time(0, 0, 0, 500000), time(12), time(17))
            )
            return datetime.combine(day, odd, ZONE)
        return datetime.combine(day, time(self.rng.randrange(7, 18), self.rng.randrange(60), self.rng.randrange(60)), ZONE)

    def some_time(self, first: date, last: date) -> datetime:
        day = self.day(first, last)
        return self.hour(self.edge(day) if self.chance(0.25) else day)

    def nfd(self, raw: str) -> str:
        return unicodedata.normalize("NFD", raw) if self.chance(0.3) else raw

    # ------------------------------------------------------------ the whole
    def tell(self) -> World:
        self.extract_times()
        self.tell_procedures()
        for _ in range(self.dossier_count):
            self.tell_dossier()
        self.tell_assessments()
        self.tell_documents()
        self.tell_payments()
        count = max(10, self.dossier_count // 2)
        self.world.drop_files = SecondaryTeller(self.seed, self.begin, self.end, self.units, count, defects=self.defects).tell()
        while self.spend("keyless"):
            at = self.some_time(self.begin, self.end).replace(microsecond=0)
            wire = {"MaHoSo": self.rng.choice(("", None)), "TrangThaiHoSo": "4", "NgaySuaCuoi": wire_time(at)}
            self.serial += 1
            self.world.put("dossiers", f"keyless-{self.serial}", at, "khong phai ban ghi" if self.chance(0.2) else wire, at, in_keys=False)
        first = self.begin
        names = [f"{first.year}", f"{first.year}-H{1 if first.month <= 6 else 2}", f"{first.year}-9M"]
        for n in range(-1, 4):
            month = add_months(first, n)
            names += [f"{month.year}-{month.month:02d}", f"{month.year}-{month.month:02d}R"]
            names += [f"{month.year}-Q{(month.month + 2) // 3}", f"{month.year}-Q{(month.month + 2) // 3}R"]
        self.world.periods = sorted(set(names))
        return self.world

    def extract_times(self) -> None:
        """3 or 4 T's: at midnights, at 15→, in the middle of days."""
        count = self.rng.choice((2, 3, 4, 5, 6))
        out: set[datetime] = set()
        while len(out) < count:
            day = self.day(self.begin + timedelta(days=20), self.end)
            if self.chance(0.5):
                out.add(midnight(self.rng.choice((add_months(day.replace(day=1), 1), day.replace(day=15)))))
            else:
                out.add(self.rng.choice((midnight(day), datetime.combine(day, time(12), ZONE), datetime.combine(day, time(23, 59, 59), ZONE),
                                         datetime.combine(day, time(14, 33, 21), ZONE))))  # fmt: skip
        self.world.ts = sorted(out)

    # ------------------------------------------------------------ procedures
    def tell_procedures(self) -> None:
        start = midnight(self.begin - timedelta(days=500))
        for n in range(7):
            code = f"{self.rng.randrange(1, 4)}.{self.rng.randrange(1000, 900000):06d}"
            if self.chance(0.3):
                code += ".000.00.00.H19"
            for unit in self.rng.sample(self.units, self.rng.randrange(2, 6)):
                self.codes.append((code, unit))
                begins = self.day(self.begin - timedelta(days=400), self.begin - timedelta(days=30))
                if self.chance(0.2):
                    begins = self.day(self.begin, self.end)
                self.decided = None
                for version in range(self.rng.choice((1, 1, 1, 2, 3))):
                    self.one_procedure(code, unit, begins, version, certification=n < 2, known_from=start)
                    begins += timedelta(days=self.rng.randrange(20, 200))

    def one_procedure(self, code: str, unit: str, begins: date, version: int, certification: bool, known_from: datetime) -> None:
        rng = self.rng

        def flag(share: float) -> str:
            return "1" if self.chance(share) else rng.choice(("0", "0", ""))

        decided = self.day(self.begin - timedelta(days=60), self.end) if self.chance(0.6) else None
        if self.chance(0.15):
            decided = local(rng.choice(self.world.ts)) - timedelta(days=rng.randrange(0, 11))
        if version and self.chance(0.5):
            decided = self.decided
        self.decided = decided
        published = None
        if self.chance(0.8):
            published = (decided or begins) + timedelta(days=rng.choice((0, 1, 5, 6, 7, 8, 9, 12, 30)))
        style = rng.choice(("compact", "compact", "iso"))

        def when(day: date | None) -> str:
            return wire_time(midnight(day), style) if day else ""

        wire: dict[str, Any] = {
            "MaTTHC": code, "TenTTHC": self.nfd("Thủ tục thử nghiệm"), "MaLinhVuc": rng.choice(tuple(FIELDS)), "TenLinhVuc": "Lĩnh vực thử",
            "CapThucHien": "xa" if unit in COMMUNES else "huyen", "MaDonVi": unit, "MucDo": rng.choice("234"), "DuDieuKienTrucTuyen": flag(0.6),
            "ThoiGianGiaiQuyet": "5", "LoaiThoiGianThucHien": "ngay_lam_viec", "CoPhiLePhi": flag(0.5), "ThanhToanTrucTuyen": flag(0.5),
            "CoKetQuaGiayTo": flag(0.7), "LaChungThuc": "1" if certification else flag(0.05), "CoHoSoMau": flag(0.6),
            "NgayQuyetDinhCongBo": when(decided), "NgayCongKhai": when(published), "DaDongBoCongTinh": flag(0.7), "PhienBan": str(version + 1),
            "HieuLucTu": when(begins), "HieuLucDen": when(self.day(self.begin, self.end)) if self.chance(0.2) else "",
            "TrangThai": "bai_bo" if self.chance(0.12) else "cong_khai",
        }  # fmt: skip
        key = f"{code}|{unit}|{begins}"
        at = known_from if self.chance(0.85) else self.some_time(self.begin, self.end)
        self.world.put("procedures", key, at, wire, at)
        for _ in range(rng.choice((0, 1, 1, 2, 3))):
            at = self.some_time(self.begin, self.end)
            turn = rng.random()
            if turn < 0.22:
                self.world.put("procedures", key, at, None, at)
                if self.chance(0.3):
                    back = at + timedelta(days=rng.randrange(5, 60))
                    self.world.put("procedures", key, back, wire, back)
                continue
            if turn < 0.35:
                change = {"TrangThai": "bai_bo", "HieuLucDen": rng.choice(("", when(local(at))))}
            elif turn < 0.5:
                change = {"NgayCongKhai": when(local(at))}
            elif turn < 0.6:
                change = {"NgayQuyetDinhCongBo": when(local(at) - timedelta(days=rng.randrange(0, 12)))}
            else:
                name = rng.choice(
                    (
                        "MucDo",
                        "DuDieuKienTrucTuyen",
                        "CoPhiLePhi",
                        "ThanhToanTrucTuyen",
                        "CoKetQuaGiayTo",
                        "CoHoSoMau",
                        "DaDongBoCongTinh",
                        "LaChungThuc",
                    )
                )
                change = {name: rng.choice("234") if name == "MucDo" else rng.choice("01")}
            wire = wire | change
            self.world.put("procedures", key, at, wire, at)

    # ------------------------------------------------------------ dossiers
    def tell_dossier(self) -> None:
        _Story(self).tell()

    # ------------------------------------------------------------ assessments
    def tell_assessments(self) -> None:
        rng = self.rng
        for n in range(self.dossier_count // 2):
            when = self.some_time(self.begin - timedelta(days=40), self.end)
            style = rng.choice(("compact", "iso", "offset", "z"))
            wire: dict[str, Any] = {
                "MaDanhGia": f"DG{n:05d}", "MaHoSo": "", "MaDonVi": rng.choice(self.units),
                "ThoiGianDanhGia": wire_time(when, style), "DanhGia": rng.choice(("rat_hai_long", "hai_long", "hai_long", "binh_thuong", "khong_hai_long", "", None)),
            }  # fmt: skip
            at = when.replace(microsecond=0) + timedelta(seconds=rng.randrange(1, 90000))
            self.world.put("assessments", wire["MaDanhGia"], at, wire | {"NgaySuaCuoi": wire_time(at, style)})
            while self.chance(0.25):
                at += timedelta(seconds=rng.randrange(1, 30 * 86400))
                wire = wire | rng.choice(
                    (
                        {"DanhGia": rng.choice(("hai_long", "khong_hai_long", ""))},
                        {"MaDonVi": rng.choice(self.units)},
                        {"ThoiGianDanhGia": wire_time(when - timedelta(days=35), style)},
                    )
                )
                if self.chance(0.3) and self.spend("assessments"):
                    wire = wire | rng.choice(({"DanhGia": "tuyet_voi"}, {"MaDonVi": "H19.99"}, {"MaDonVi": ""}))
                if self.chance(0.05):
                    wire = wire | {"ThoiGianDanhGia": rng.choice(UNREADABLE)}
                self.world.put("assessments", wire["MaDanhGia"], at, wire | {"NgaySuaCuoi": wire_time(at, style)})

    # ------------------------------------------------------------ documents, work files, leaders, signatures
    def tell_documents(self) -> None:
        rng = self.rng

        def iso(stamp: datetime | None) -> str | None:
            return wire_time(stamp, rng.choice(("iso", "offset", "z"))) if stamp else None

        leaders = []
        for n in range(12):
            person = f"LD{rng.randrange(6):02d}"
            unit = rng.choice(self.units)
            since = self.day(self.begin - timedelta(days=300), self.end)
            until = self.day(since, self.end + timedelta(days=60)) if self.chance(0.3) else None
            if (person, unit, since) in leaders:
                continue
            leaders.append((person, unit, since))
            wire: dict[str, Any] = {
                "NguoiId": person, "MaDonVi": unit, "ChucVu": self.nfd("Trưởng phòng thử"), "CapLanhDao": "cap_phong",
                "TuNgay": since.isoformat(), "DenNgay": until.isoformat() if until else None, "DaCapChuKySo": self.chance(0.7),
            }  # fmt: skip
            if self.chance(0.15) and self.spend("leaders"):
                wire["MaDonVi"] = "H19.98"
            at = midnight(self.begin - timedelta(days=300)) if self.chance(0.8) else self.some_time(self.begin, self.end)
            key = f"{person}|{unit}|{since}|{n}"
            self.world.put("leaders", key, at, wire, at)
            if self.chance(0.4):
                at = self.some_time(self.begin, self.end)
                self.world.put("leaders", key, at, None if self.chance(0.5) else wire | {"DenNgay": local(at).isoformat()}, at)
        for n in range(self.dossier_count // 2):
            when = self.some_time(self.begin - timedelta(days=40), self.end)
            wire = {
                "IdKySo": f"KS{n:05d}", "IdVanBan": f"VB{rng.randrange(20):04d}", "NguoiKyId": f"LD{rng.randrange(7):02d}", "ThoiDiemKy": iso(when),
                "LoaiChungThu": rng.choice(("ca_nhan", "co_quan")), "HopLe": self.chance(0.4),
            }  # fmt: skip
            at = when.replace(microsecond=0) + timedelta(seconds=rng.randrange(1, 90000))
            self.world.put("signatures", wire["IdKySo"], at, wire | {"NgayCapNhat": iso(at)})
            if self.chance(0.25):
                at += timedelta(seconds=rng.randrange(1, 30 * 86400))
                wire = wire | rng.choice(
                    (
                        {"HopLe": not wire["HopLe"]},
                        {"NguoiKyId": f"LD{rng.randrange(7):02d}"},
                        {"ThoiDiemKy": iso(when - timedelta(days=35))},
                    )
                )
                self.world.put("signatures", wire["IdKySo"], at, wire | {"NgayCapNhat": iso(at)})
        for n in range(self.dossier_count // 2):
            opened = self.some_time(self.begin - timedelta(days=60), self.end)
            closed = opened + timedelta(days=rng.randrange(0, 40)) if self.chance(0.8) else None
            wire = {
                "IdHoSoCongViec": f"CV{n:05d}", "MaDonVi": rng.choice(self.units), "CapDonVi": "huyen", "NgayMo": local(opened).isoformat(),
                "NgayDong": (rng.choice((iso(closed), local(closed).isoformat())) if closed else None),
                "HinhThucXuLy": rng.choice(("dien_tu", "dien_tu", "giay", "ket_hop")),
                "DoMat": rng.choice(("thuong",) * 8 + ("mat", None)), "DacThu": rng.choice((False,) * 6 + (True, None)),
            }  # fmt: skip
            at = (closed or opened).replace(microsecond=0) + timedelta(seconds=rng.randrange(1, 90000))
            self.world.put("work_files", wire["IdHoSoCongViec"], at, wire | {"NgayCapNhat": iso(at)})
            while self.chance(0.3):
                at += timedelta(seconds=rng.randrange(1, 30 * 86400))
                wire = wire | rng.choice((
                    {"DoMat": "toi_mat"}, {"DoMat": "thuong"}, {"HinhThucXuLy": "giay"}, {"DacThu": True}, {"MaDonVi": rng.choice(self.units)}, {"NgayDong": None},
                    {"NgayDong": iso(at)},
                ))  # fmt: skip
                if self.chance(0.2) and self.spend("work_files"):
                    wire = wire | {"MaDonVi": "H19.97"}
                self.world.put("work_files", wire["IdHoSoCongViec"], at, wire | {"NgayCapNhat": iso(at)})
        for n in range(6):
            at = self.some_time(self.begin, self.end).replace(microsecond=0)
            wire = {
                "IdVanBan": f"VB{n:04d}", "ChieuVanBan": "di", "SoKyHieu": f"{n + 1}/BC-UBND", "NgayBanHanh": f"{at:%d/%m/%Y}", "LoaiVanBan": "BC",
                "TrichYeu": self.nfd("Trích yếu thử nghiệm"), "MaDonViBanHanh": rng.choice(self.units), "MaDonViXuLy": rng.choice(self.units),
                "DoKhan": None, "DoMat": rng.choice(("thuong", "thuong", "thuong", "tuyet_mat", None)), "NgayDen": None, "HanXuLy": None,
                "NgayHoanThanh": None, "XuLyTrenMang": True, "KySo": True, "MaHoSoLienQuan": None, "NgayCapNhat": iso(at),
            }  # fmt: skip
            self.world.put("documents", wire["IdVanBan"], at, wire)

    # ------------------------------------------------------------ payments
    def tell_payments(self) -> None:
        rng = self.rng
        days = sorted(
            {self.day(self.begin - timedelta(days=20), self.end) for _ in range(25)}
            | {self.edge(self.day(self.begin, self.end)) for _ in range(6)}
        )
        earlier: list[dict[str, str]] = []
        for day in days:
            rows: list[dict[str, str]] = []
            for _ in range(rng.randrange(1, 7)):
                row = self.payment(day)
                rows.append(row)
                if row["LoaiGiaoDich"] == "PAY" and self.chance(0.15):  # a second try or a double payment
                    self.serial += 1
                    again = row | {"MaGiaoDich": f"GD{self.serial:07d}", "ThoiGianGD": self.pay_time(day)}
                    rows.append(again | {"TrangThaiGD": rng.choice("14")})
            if earlier and self.chance(0.3):  # one key in two days: the later day wins
                row = rng.choice(earlier)
                if row["MaGiaoDich"] and all(r["MaGiaoDich"] != row["MaGiaoDich"] for r in rows):
                    twin = row | {"ThoiGianGD": self.pay_time(day), "TrangThaiGD": rng.choice("1134"), "MaDonVi": rng.choice(self.units)}
                    if self.defects and self.chance(0.2):
                        twin["MaDonVi"] = "H19.96"
                    rows.append(twin)
            if earlier and self.chance(0.3):
                gone = rng.choice(earlier)
                self.serial += 1
                back = {
                    "LoaiGiaoDich": "REFUND",
                    "MaGiaoDich": f"GD{self.serial:07d}",
                    "ThoiGianGD": self.pay_time(day),
                    "MaThamChieuGoc": gone["MaThamChieu"],
                }
                rows.append(gone | back)
            arrives = midnight(day + timedelta(days=1)) + timedelta(hours=rng.choice((1, 6, 30, 240)))
            if self.chance(0.15):
                arrives = midnight(day) + timedelta(hours=18)
            faults = ("rows", "amount", "sha256", "name", "trailer_rows", "trailer_amount")
            fault = rng.choice(faults) if self.defects and self.chance(0.1) else None
            late = arrives + timedelta(days=rng.choice((1, 20))) if self.chance(0.1) else None
            self.world.payment_files.append(
                PaymentFile(day, 1, arrives, rows, fault, late, manifest=not (self.defects and self.chance(0.04)), gz=self.chance(0.2))
            )
            revision = 1
            while self.chance(0.35):
                revision += 1
                changed = [r | {"TrangThaiGD": rng.choice("1134")} if self.chance(0.3) else r for r in rows if self.chance(0.85)]
                arrives += timedelta(hours=rng.choice((-30, 3, 100)))
                fault = rng.choice(faults) if self.defects and self.chance(0.3) else None
                self.world.payment_files.append(PaymentFile(day, revision, arrives, changed, fault, gz=self.chance(0.2)))
            earlier += rows

    def pay_time(self, day: date) -> str:
        at = self.hour(day).replace(microsecond=0)
        if self.chance(0.04):
            at += timedelta(hours=self.rng.choice((12, -12)))
        elif self.defects and self.chance(0.02):
            at += timedelta(days=2)
        return f"{at:%d/%m/%Y %H:%M:%S}"

    def payment(self, day: date) -> dict[str, str]:
        rng = self.rng
        self.serial += 1
        method = rng.choice(("truc-tuyen", "the", "qr", "chuyen-khoan", "tien-mat", "tien-mat", "tien-mat", "mien-phi"))
        amount = 0 if method == "mien-phi" or self.chance(0.05) else rng.choice((15000, 50000, 1200000))
        state = rng.choice("1111134")
        unit = rng.choice(self.units)
        row = {
            "MaThamChieu": f"TC{self.serial:07d}", "MaGiaoDich": "" if state != "1" and self.chance(0.3) else f"GD{self.serial:07d}",
            "MaHoSo": "", "MaTTHC": "", "MaDonVi": unit, "LoaiGiaoDich": "PAY", "SoTien": dotted(amount), "Phi": dotted(amount), "LePhi": "0",
            "HinhThucThanhToan": method, "KenhThanhToan": rng.choice("123"), "TrangThaiGD": state, "MaLoi": "00" if state == "1" else "05",
            "MaNganHang": "VCB", "ThoiGianGD": self.pay_time(day), "MaThamChieuGoc": "", "SoBienLai": "", "NguoiNop": rng.choice(PEOPLE), "SoTaiKhoan": "000123",
        }  # fmt: skip
        if self.defects and self.chance(0.04):
            row |= rng.choice(
                (
                    {"MaDonVi": "H19.95"},
                    {"LoaiGiaoDich": "VOID"},
                    {"TrangThaiGD": "9"},
                    {"HinhThucThanhToan": "vi-dien-tu"},
                    {"MaDonVi": ""},
                )
            )
        return row


class _Story:
    """The life of one dossier, event by event."""

    def __init__(self, teller: _Teller) -> None:
        self.t, self.rng, self.world = teller, teller.rng, teller.world
        teller.serial += 1
        rng = self.rng
        code, unit = rng.choice(teller.codes)
        if teller.chance(0.1):
            unit = rng.choice(teller.units)
        if teller.chance(0.2):
            code = code[:8] if len(code) > 8 else code + ".000.00.00.H19"
        if teller.chance(0.04):
            code = rng.choice(("", "9.999999", "khong-co"))
        self.style = rng.choice(("compact", "compact", "compact", "iso", "offset", "z"))
        first = teller.begin - timedelta(days=420 if teller.chance(0.12) else 50)
        received = teller.some_time(first, teller.end)
        if teller.chance(0.35):
            near = local(rng.choice(teller.world.ts))
            received = teller.some_time(near - timedelta(days=12), near + timedelta(days=1))
        if self.style == "compact":
            received = received.replace(microsecond=0)
        self.now = received.replace(microsecond=0) + timedelta(seconds=rng.choice((1, 1, 60, 3600)))
        self.received, self.unit = received, unit
        self.due: datetime | None = self.hour_of_due(local(received) + timedelta(days=rng.choice((0, 1, 3, 5, 10, 20, 30))))
        if teller.chance(0.15):
            self.due = None
        self.steps: list[tuple[str, dict[str, Any]]] = []
        self.rounds: list[dict[str, Any]] = []
        self.key = f"{rng.choice(('000.00.16.H19', 'H19.16.3'))}-{received:%y%m%d}-{teller.serial:04d}"
        self.wire: dict[str, Any] = {
            "MaHoSo": self.key, "MaHoSoKhac": "", "MaTTHC": code, "TenTTHC": teller.nfd("Thủ tục thử nghiệm"), "MaLinhVuc": (field := rng.choice(("LV01", "LV02"))),
            "TenLinhVuc": teller.nfd(f"{FIELDS[field]} {unit}"), "MucDo": rng.choice("234"), "KenhThucHien": rng.choice(("1", "2", "2", "3", "", None)),
            "LoaiDoiTuong": "1", "ChuHoSo": teller.nfd(rng.choice(PEOPLE)), "MaDonVi": unit, "DonViXuLy": teller.nfd("Đơn vị thử"),
            "MaDonViTiepNhan": rng.choice(teller.units), "NgayNopHoSo": self.f(received), "NgayTiepNhan": self.f(received), "NgayHenTra": self.f(self.due),
            "NgayKetThucXuLy": "", "NgayTra": rng.choice(("", None, "0001-01-01T00:00:00")), "NgayTuChoi": "", "TrangThaiHoSo": rng.choice("24"),
            "LoaiKetQua": "", "HinhThuc": "0", "NoiNopHoSo": rng.choice("12"), "DuocThanhToanTrucTuyen": rng.choice("012"),
            "TaiLieuNop": self.papers(), "DanhSachLePhi": rng.choice(("", None, [])), "DanhSachHoSoBoSung": [], "DanhSachGiayToKetQua": rng.choice(([], "", None)),
            "DSKetNoiCSDL": [{"MaCSDL": "DC"}], "DinhDanhCHS": [], "SoLanXinLoi": "", "DeletedOn": "",
        }  # fmt: skip
        if teller.chance(0.1):
            del self.wire["NgayTuChoi"], self.wire["DSKetNoiCSDL"]

    # ------------------------------------------------------------ small things
    def f(self, stamp: datetime | None) -> str:
        return wire_time(stamp, self.style)

    def hour_of_due(self, day: date) -> datetime:
        hour = self.rng.choice((time(17), time(17), time(11, 30), time(0), time(23, 59, 59)))
        if self.t.chance(0.15):
            day = self.t.edge(day)
        return datetime.combine(day, hour, ZONE)

    def papers(self) -> list[dict[str, Any]]:
        out = []
        for n in range(self.rng.choice((0, 1, 1, 2))):
            out.append({
                "MaThanhPhanHoSo": f"TP{n}", "TenTepDinhKem": self.t.nfd("giấy.pdf"), "DuongDanTaiTepTin": self.rng.choice(("", f"/tep/{self.t.serial}/{self.t.nfd('giấy')}{n}.pdf")),
                "IsDeleted": self.rng.choice(("", "0", "1", "1", None)), "DuocSoHoa": self.rng.choice("011"), "DuocTaiSuDung": "0", "DuocLayTuKhoDMQG": "0",
            })  # fmt: skip
        return out

    def results(self) -> list[dict[str, Any]] | str:
        paths = [p["DuongDanTaiTepTin"] for p in self.wire.get("TaiLieuNop") or [] if isinstance(p, dict) and p["DuongDanTaiTepTin"]]
        out = []
        for n in range(self.rng.choice((0, 1, 1, 2))):
            path = f"/ketqua/{self.t.serial}/{n}.pdf"
            if paths and self.t.chance(0.5):
                path = self.rng.choice(paths)
                path = self.rng.choice(
                    (path, unicodedata.normalize("NFC", path), unicodedata.normalize("NFD", path), f" {path} ", f"{path}\t")
                )
            if self.t.chance(0.1):
                path = ""
            out.append(
                {
                    "MaGiayToKetQua": f"KQ{n}",
                    "TenGiayTo": self.t.nfd("Kết quả"),
                    "DuongDanTepTinKetQua": path,
                    "DaKySo": self.rng.choice("0111"),
                }
            )
        return out or self.rng.choice(([], ""))

    def wait(self, days: float) -> datetime:
        """Time goes by: up to some days; sometimes to the very edge of a month, of 14→15 or of an extract."""
        rng = self.rng
        later = self.now + timedelta(seconds=1 + rng.random() * days * 86400)
        if self.t.chance(0.2):
            edge = self.t.edge(local(later))
            stamp = datetime.combine(edge, rng.choice((time(0), time(23, 59, 59), time(23, 59, 59, 999000))), ZONE)
            later = stamp if stamp > self.now else later
        elif self.t.chance(0.25):
            later = self.next_extract(later) + timedelta(seconds=rng.choice((-1, 0, 1, 60, 7200)))
        if self.style == "compact" or self.t.chance(0.8):
            later = later.replace(microsecond=0)
        self.now = max(later, self.now + timedelta(seconds=1))
        return self.now

    def next_extract(self, otherwise: datetime) -> datetime:
        """The next extract after now, when it is not too far."""
        coming = [t for t in self.world.ts if self.now < t < self.now + timedelta(days=45)]
        return min(coming, default=otherwise)

    def over(self, share: float = 0.5) -> None:
        """Perhaps go on just after the next extract, so that the last version is delivered."""
        if self.t.chance(share):
            self.now = max(self.now, self.next_extract(self.now)) + timedelta(seconds=self.rng.choice((0, 1, 3600, 86400)))

    def save(self, **changes: Any) -> None:
        """One more version, at `now` or some time after."""
        self.wire = self.wire | changes
        if self.t.chance(0.15):
            self.now += timedelta(seconds=self.rng.randrange(1, 86400))
        self.now = self.now.replace(microsecond=0) + timedelta(seconds=1) if self.now.microsecond else self.now
        stamp = self.f(self.now) if self.t.chance(0.985) else ""
        self.world.put("dossiers", self.key, self.now, self.wire | {"NgaySuaCuoi": stamp}, self.now)

    def step(self, status: str, action: str, at: datetime | None = None, **more: Any) -> str:
        """A step, often sent again."""
        self.t.serial += 1
        name = f"B{self.t.serial:07d}"
        at = at or self.now
        wire: dict[str, Any] = {
            "MaBuoc": name, "MaHoSo": self.key, "ThoiDiemXuLy": self.f(at), "TrangThai": status, "NodeQuyTrinh": "", "NguoiXuLy": self.rng.choice(PEOPLE),
            "ChucDanh": "", "MaDonVi": self.unit, "ThaoTac": self.t.nfd(action), "NoiDungXuLy": "", "NgayBatDau": "", "NgayKetThucTheoQuyDinh": "", "DeletedOn": "",
        } | more  # fmt: skip
        changed = max(self.now, at).replace(microsecond=0) + timedelta(seconds=1)
        self.world.put("dossier_steps", name, changed, wire | {"NgaySuaCuoi": self.f(changed)})
        self.steps.append((name, wire))
        return name

    def late_step(self) -> None:
        """A step of days ago that is learnt only now, without any change of the dossier."""
        self.over()
        self.now += timedelta(seconds=self.rng.randrange(1, 86400 * 5))
        ago = self.now - timedelta(days=self.rng.choice((0, 3, 12, 40)))
        self.step(
            self.rng.choice(("9", "9", "10", "6", "4", "7", "8")),
            self.rng.choice(("Bổ sung bước", "Kết thúc xử lý")),
            max(ago, self.received).replace(microsecond=0),
        )

    def hide(self) -> None:
        """A step is hidden."""
        if not self.steps:
            return
        name, wire = self.rng.choice(self.steps)
        changed = self.now.replace(microsecond=0) + timedelta(seconds=2)
        self.world.put("dossier_steps", name, changed, wire | {"DeletedOn": self.f(changed), "NgaySuaCuoi": self.f(changed)})
        if self.t.chance(0.15):
            changed += timedelta(days=self.rng.randrange(1, 20))
            self.world.put("dossier_steps", name, changed, wire | {"NgaySuaCuoi": self.f(changed)})

    # ------------------------------------------------------------ events
    def tell(self) -> None:
        """From the reception to whatever end."""
        t, rng = self.t, self.rng
        first = self.now
        if t.defects and t.chance(0.06):
            self.defect(mended=True)
        else:
            self.save()
        self.step("2", "Tiếp nhận hồ sơ", self.received)
        for _ in range(rng.choice((0, 0, 1, 3))):
            again = self.received + timedelta(seconds=rng.choice((0, 0, 5)))
            self.step("2", "Tiếp nhận hồ sơ", again)
        if t.chance(0.07):
            self.refuse()
            return self.after()
        if t.defects and t.chance(0.06):
            self.defect(mended=True)
        if t.chance(0.06):
            self.over(0.7)
            self.delete()
            if self.world.histories["dossiers"][self.key][-1].sent is False or self.wire["DeletedOn"]:
                return None
        events = [self.work, self.move_due, self.supplement, self.money, self.correct, self.pause_by_step, self.flicker]
        for event in rng.choices(events, weights=(3, 3, 4, 2, 2, 1, 2), k=rng.choice((0, 1, 1, 2, 3))):
            event()
            if self.now > first + timedelta(days=150):
                break
        if t.chance(0.45 if self.wire["TrangThaiHoSo"] in ("6", "8") else 0.75):
            self.finish()
            if t.chance(0.5):
                self.hand_over()
            if t.chance(0.12):
                self.reopen()
            if t.chance(0.12):
                self.change_end()
            if t.chance(0.25):
                self.reset_due()
        return self.after()

    def after(self) -> None:
        """What may happen to any dossier in the end."""
        t = self.t
        if t.chance(0.15):
            self.wait(30)
            self.correct()
        if t.chance(0.12):
            self.wait(20)
            self.hide()
        if t.chance(0.1):
            self.late_step()
        if t.chance(0.1):
            self.same_time()
        if t.defects and t.chance(0.25):
            self.defect()
        if t.chance(0.12):
            self.delete()

    def work(self) -> None:
        self.wait(4)
        self.step(self.rng.choice(("4", "4", "")), "Xử lý hồ sơ")
        if self.t.chance(0.5):
            self.save(TrangThaiHoSo="4")

    def flicker(self) -> None:
        """Steps of one minute, some of them repeats, some hidden: which is the last?"""
        start = self.wait(6).replace(second=5, microsecond=0)
        if start < self.now - timedelta(seconds=50) or start <= self.received:
            return
        for n in range(self.rng.choice((2, 3, 4))):
            self.step(
                self.rng.choice(("6", "6", "4", "8", "")), self.rng.choice(("Nhắc phí", "Chuyển bước")), start + timedelta(seconds=10 * n)
            )
            if self.t.chance(0.15):
                self.hide()
        if self.t.chance(0.5):  # there, back, and there again by a repeat
            for n, (status, action) in enumerate((("6", "Nhắc phí"), ("4", "Chuyển bước"), ("6", "Nhắc phí"))):
                self.step(status, action, start + timedelta(minutes=1, seconds=10 * n))
        self.now = max(self.now, start + timedelta(seconds=115))

    def reset_due(self) -> None:
        """The due is set after the end: on time, or later still; at the very midnight after the end."""
        end = lenient(self.wire["NgayKetThucXuLy"])
        if end is None:
            return
        night = midnight(local(end) + timedelta(days=1))
        self.over(0.6)
        if self.t.chance(0.3) and night > self.now:
            self.now = night
        self.now = max(self.now, self.wire_clock() + timedelta(seconds=1))
        if self.now.microsecond:
            self.now = self.now.replace(microsecond=0) + timedelta(seconds=1)
        self.due = self.rng.choice((end, end + timedelta(days=9), end - timedelta(days=9)))
        self.wire = self.wire | {"NgayHenTra": self.f(self.due)}
        self.world.put("dossiers", self.key, self.now, self.wire | {"NgaySuaCuoi": self.f(self.now)}, self.now)

    def move_due(self) -> None:
        self.over(0.4)
        self.wait(8)
        day = local(self.due or self.now) + timedelta(days=self.rng.choice((-3, 0, 1, 5, 15)))
        self.due = self.hour_of_due(day) if self.t.chance(0.85) else None
        if self.t.chance(0.4):
            self.hide()
        self.save(NgayHenTra=self.f(self.due))

    def supplement(self) -> None:
        """A round: asked, perhaps received back."""
        rng = self.rng
        asked = self.wait(6)
        self.t.serial += 1
        one = {
            "HoSoBoSungId": f"BS{self.t.serial}",
            "NgayBoSung": self.f(asked),
            "NgayTiepNhanBoSung": rng.choice(("", None)),
            "NgayHenTraTruoc": self.f(self.due),
            "NgayHenTraMoi": "",
        }
        if self.t.chance(0.1):
            one["NgayHenTraTruoc"] = ""
        if self.t.chance(0.03):
            one["NgayBoSung"] = rng.choice(UNREADABLE)
        self.step("5", "Yêu cầu bổ sung")
        if self.t.chance(0.8):
            self.save(TrangThaiHoSo="5", DanhSachHoSoBoSung=[*self.rounds, one])
        if self.t.chance(0.35):
            self.rounds.append(one)
            return None
        self.over(0.3)
        back = self.wait(15)
        new = self.hour_of_due(local(back) + timedelta(days=rng.choice((0, 2, 5, 12, 25))))
        one = one | {"NgayTiepNhanBoSung": self.f(back), "NgayHenTraMoi": self.f(new) if self.t.chance(0.85) else ""}
        self.rounds.append(one)
        self.step("4", "Tiếp nhận bổ sung")
        if self.t.chance(0.7):  # NgayHenTra is overwritten at once, later, or never
            self.due = new
        if self.t.chance(0.4):
            self.now += timedelta(days=rng.randrange(0, 15))
        if self.t.chance(0.25):
            return self.supplement()
        self.save(TrangThaiHoSo="4", DanhSachHoSoBoSung=list(self.rounds), NgayHenTra=self.f(self.due))
        return None

    def money(self) -> None:
        self.wait(5)
        self.step("6", "Yêu cầu nộp phí")
        if self.t.chance(0.3):
            self.wait(9)
            self.step("6", self.rng.choice(("Yêu cầu nộp phí", "Nhắc nộp phí")))
        self.save(TrangThaiHoSo="6")
        if self.t.chance(0.6):
            self.wait(8)
            self.step(self.rng.choice(("4", "")), "Đã nộp phí")
            self.save(TrangThaiHoSo="4")

    def pause_by_step(self) -> None:
        """Stopped without an end; sometimes goes on."""
        self.wait(5)
        if self.t.chance(0.3):
            self.step("9", "Xử lý xong", self.now - timedelta(seconds=30) if self.now - timedelta(seconds=30) > self.received else None)
        self.step("8", "Dừng xử lý")
        self.save(TrangThaiHoSo="8")
        if self.t.chance(0.4):
            self.wait(8)
            self.step("4", "Xử lý tiếp")
            self.save(TrangThaiHoSo="4")

    def correct(self) -> None:
        """A correction of a fact without a time, or of the reception."""
        rng, t = self.rng, self.t
        self.now += timedelta(seconds=rng.randrange(1, 86400 * 10))
        turn = rng.randrange(7)
        if turn == 0:
            self.save(MaDonVi=rng.choice(t.units))
        elif turn == 1:
            self.save(KenhThucHien=rng.choice(("1", "2", "3", "")))
        elif turn == 2:
            moved = self.received - timedelta(seconds=rng.choice((1, 3600, 86400 * 3, 86400 * 25)))
            if t.chance(0.1):
                self.save(NgayTiepNhan="")
                self.now += timedelta(days=1)
            self.received = moved.replace(microsecond=0)
            self.save(NgayTiepNhan=self.f(self.received) if t.chance(0.9) else "")
        elif turn == 3:
            self.save(TaiLieuNop=self.papers())
        elif turn == 4:
            self.save(MaTTHC=rng.choice(t.codes)[0])
        elif turn == 5:
            self.save(DanhSachGiayToKetQua=self.results())
        else:
            self.save(LoaiKetQua=rng.choice(("", "ket_qua", "tra_lai", "xin_loi", "la_lung")))

    def finish(self) -> None:
        """An end of any kind."""
        rng, t = self.rng, self.t
        end = self.wait(rng.choice((2, 10, 40)))
        if self.due and self.due > self.wire_clock() and t.chance(0.15):
            end = self.now = self.due  # the end on the due time, to the second
        elif self.due and t.chance(0.1):
            late = self.due + timedelta(seconds=rng.choice((-1, 1, 3600, 20000)))
            end = self.now = late if late > self.wire_clock() else end
        kind = rng.choices(
            ("9", "10", "9-returned", "7", "8", "9-step", "10-step", "7-step", "9-tra"), weights=(6, 3, 2, 1, 1, 2, 1, 1, 1)
        )[0]
        status = kind.split("-")[0]
        changes: dict[str, Any] = {"TrangThaiHoSo": status, "DanhSachGiayToKetQua": self.results()}
        if kind == "9-returned":
            changes["LoaiKetQua"] = rng.choice(("tra_lai", "xin_rut"))
        if t.chance(0.03):
            changes["LoaiKetQua"] = "la_lung"
        hidden = t.chance(0.1)
        self.step(rng.choice((status, "9")) if status in ("9", "10") else status, "Kết thúc xử lý", end)
        if kind.endswith("-step"):
            if status == "7":
                before = end - timedelta(days=rng.choice((0, 2, 9, 30)), seconds=1)
                self.step("9", "Xử lý xong", max(before, self.received))
            changes["NgayKetThucXuLy"] = rng.choice(("", None))
            if t.chance(0.2):  # a first 9, hidden afterwards, and a second one
                self.hide()
                self.step("9" if status != "7" else "7", "Kết thúc xử lý", end + timedelta(minutes=5))
                self.now = end + timedelta(minutes=6)
        elif kind == "9-tra":
            changes["NgayTra"] = self.f(end)
        else:
            changes["NgayKetThucXuLy"] = self.f(end)
        if t.chance(0.2):
            self.now += timedelta(days=rng.randrange(0, 35))  # learnt late
        self.save(**changes)
        if hidden and not kind.endswith("-step"):
            self.hide()

    def wire_clock(self) -> datetime:
        """The last change that was told."""
        history = self.world.histories["dossiers"][self.key]
        return history[-1].at

    def hand_over(self) -> None:
        when = self.wait(6)
        self.step("10", "Trả kết quả")
        if self.wire["TrangThaiHoSo"] == "9":
            self.save(TrangThaiHoSo="10", NgayTra=self.f(when))

    def reopen(self) -> None:
        for status in self.rng.choice((("9",), ("9", "4"), ("4",))):
            self.wait(10)
            if self.t.chance(0.5):
                self.hide()
            self.step(status, "Mở lại hồ sơ")
            clear = self.t.chance(0.5)
            keep = {} if not clear or status == "9" else {"NgayKetThucXuLy": "", "NgayTra": ""}
            self.save(TrangThaiHoSo=status, **keep)
        if self.wire["TrangThaiHoSo"] == "4" and self.t.chance(0.5):
            self.finish()

    def change_end(self) -> None:
        if not self.wire["NgayKetThucXuLy"]:
            return
        self.wait(20)
        end = lenient(self.wire["NgayKetThucXuLy"])
        assert end is not None
        moved = max(end + timedelta(days=self.rng.choice((-8, -1, 0)), seconds=self.rng.choice((0, -1, 60))), self.received)
        self.save(NgayKetThucXuLy=self.f(moved.replace(microsecond=0) + timedelta(seconds=1)))

    def refuse(self) -> None:
        """Status 3: with or without a reception, its end here or there."""
        end = self.wait(5)
        turn = self.rng.randrange(4)
        changes: dict[str, Any] = {"TrangThaiHoSo": "3"}
        if turn == 0:
            changes["NgayTuChoi"] = self.f(end)
        elif turn == 1:
            changes["NgayKetThucXuLy"] = self.f(end)
        elif turn == 2:
            changes |= {"NgayTiepNhan": "", "NgayTuChoi": self.f(end)}
        if turn == 3 or self.t.chance(0.6):
            self.step("3", "Từ chối", max(end - timedelta(days=self.rng.choice((0, 4, 15))), self.received))
        if self.t.chance(0.3):
            self.step("9", "Xử lý xong", end)
        self.save(**changes)

    def same_time(self) -> None:
        """Other content under the same NgaySuaCuoi, a little later: only an overlap can deliver it."""
        rng = self.rng
        t = self.next_extract(self.now + timedelta(hours=1))
        self.now = max(self.now + timedelta(seconds=1), t - timedelta(seconds=rng.randrange(60, 1800))).replace(microsecond=0) + timedelta(
            seconds=1
        )
        self.wire = self.wire | {"MaDonViTiepNhan": rng.choice(self.t.units)}
        self.world.put("dossiers", self.key, self.now, self.wire | {"NgaySuaCuoi": self.f(self.now)})
        stamp = self.now - timedelta(seconds=rng.choice((0, 0, 1, 300)))
        other = self.wire | {"KenhThucHien": rng.choice("123"), "MaDonVi": rng.choice(self.t.units), "NgaySuaCuoi": self.f(stamp)}
        if stamp == self.now:
            self.wire = other
        self.now = max(self.now, t) + timedelta(seconds=rng.randrange(1, 600))
        self.world.put("dossiers", self.key, self.now, other, stamp)
        self.now += timedelta(seconds=rng.randrange(1, 600))

    def defect(self, mended: bool = False) -> None:
        """K1–K7 on a new version; sometimes mended afterwards."""
        if not self.t.spend("dossiers"):
            if mended:
                self.save()
            return
        rng = self.rng
        good = dict(self.wire)
        self.over()
        self.now += timedelta(seconds=rng.randrange(1, 86400 * 10))
        if self.t.chance(0.7):
            self.wire = self.wire | {"NgayHenTra": self.f(self.hour_of_due(local(self.received) + timedelta(days=rng.choice((0, 2, 40)))))}
        turn = rng.randrange(1, 8)
        if turn == 1:
            self.save(TrangThaiHoSo=rng.choice(("", "0", "11", "xong", None)))
        elif turn == 2:
            self.save(**{rng.choice(LIST_FIELDS): rng.choice(("khong phai danh sach", {"a": "b"}, ["x"], [None], [[]]))})
        elif turn == 3:
            name = rng.choice(("NgayTiepNhan", "NgayHenTra", "NgayKetThucXuLy", "NgayTra"))
            if self.t.chance(0.2):
                self.wire = self.wire | {"SoLanXinLoi": "1"}
                self.world.put("dossiers", self.key, self.now, self.wire | {"NgaySuaCuoi": rng.choice(UNREADABLE)}, self.now)
            else:
                self.save(**{name: rng.choice(UNREADABLE)})
        elif turn == 4:
            self.save(
                TrangThaiHoSo="9", NgayKetThucXuLy=self.f(self.received.replace(microsecond=0) - timedelta(seconds=rng.choice((1, 86400))))
            )
        elif turn == 5:
            self.save(**{rng.choice(("NgayKetThucXuLy", "NgayTra", "NgayTiepNhan")): self.f(self.now + timedelta(days=2))})
        elif turn == 6:
            self.save(MaDonVi=rng.choice(("", None, "H19.99", "000.00.16.H19")))
        else:
            for name, wire in self.steps:
                if wire["TrangThai"] in ("9", "10", "7"):
                    changed = self.now.replace(microsecond=0) + timedelta(seconds=2)
                    self.world.put("dossier_steps", name, changed, wire | {"DeletedOn": self.f(changed), "NgaySuaCuoi": self.f(changed)})
            self.save(TrangThaiHoSo=rng.choice(("9", "10", "7")), NgayKetThucXuLy="", NgayTra="")
        if mended or self.t.chance(0.5):
            self.over(0.8)
            self.now += timedelta(seconds=rng.randrange(1, 86400 * 3))
            self.wire = good
            self.save(NgayHenTra=self.f(self.due))

    def delete(self) -> None:
        """Loud, silent or by absence; some come back."""
        rng = self.rng
        self.now += timedelta(seconds=rng.randrange(1, 86400 * 30))
        stamp, last = self.f(self.now), self.world.histories["dossiers"][self.key][-1]
        turn = rng.randrange(3)
        if turn == 0:
            self.save(DeletedOn=stamp)
            self.wire = self.wire | {"DeletedOn": ""}
        elif turn == 1:
            self.world.put("dossiers", self.key, self.now, last.wire, last.changed, sent=False, deleted_on=stamp)
        else:
            self.world.put("dossiers", self.key, self.now, last.wire, last.changed, sent=False, in_keys=False)
        if self.t.chance(0.5):
            self.over(0.8)
            self.now += timedelta(days=rng.randrange(1, 9))
            if self.t.exotic and turn and self.t.chance(0.5):
                self.world.put("dossiers", self.key, self.now, last.wire, last.changed)  # the keys alone say that it is back
            else:
                self.save()


def random_world(seed: int, dossiers: int = 60, *, defects: bool = True, exotic: bool = False, reorganised: bool = False) -> World:
    """A made-up district from a seed. `defects`: bad rows, too few to block a load. `exotic`: cases on which the text is thin.

    `reorganised`: its units begin, end, are merged, divided and renamed, while records name them whatever the day.
    """
    return _Teller(seed, dossiers, defects, exotic, reorganised).tell()


UNIT_COLUMNS = ("unit_code", "gso_code", "name", "level", "kind", "parent_code", "valid_from", "valid_to", "note", "predecessors")


def reorganisation(rng: random.Random, begin: date, end: date) -> str:
    """A units.csv of the district in which some things happen to the units that have records."""
    with reference("units.csv", AUTHORITY).open(encoding="utf-8-sig", newline="") as file:
        rows = {
            row["unit_code"]: row | {"valid_to": "", "predecessors": ""}
            for row in csv.DictReader(file)
            if row["unit_code"].startswith("H19.16")
        }
    lines = list(rows.values())

    def some_day() -> date:
        """Often one on which a period ends or begins, or on which T stands."""
        day = begin + timedelta(days=rng.randrange(-20, (end - begin).days + 20))
        return rng.choice(
            (day, day.replace(day=1), day.replace(day=15), day.replace(day=14), add_months(day.replace(day=1), 1) - timedelta(days=1))
        )

    def ends(code: str, first_without: date) -> None:
        rows[code]["valid_to"] = str(first_without - timedelta(days=1))

    def founded(code: str, day: date, **more: str) -> None:
        lines.append(
            rows["H19.16.29"] | {"unit_code": code, "name": "Xã Mới", "valid_from": str(day), "valid_to": "", "predecessors": ""} | more
        )
        rows[code] = lines[-1]

    def becomes(code: str, day: date, **more: str) -> None:
        """Another state from a day on, unless the unit has ended by then."""
        last = max((line for line in lines if line["unit_code"] == code), key=lambda line: line["valid_from"])
        if last["valid_from"] < str(day) and (not last["valid_to"] or last["valid_to"] >= str(day)):
            lines.append(last | {"valid_from": str(day), "predecessors": ""} | more)
            last["valid_to"] = str(day - timedelta(days=1))

    day = some_day()
    turn = rng.randrange(5)
    if turn == 0:  # merged into one that was there
        ends("H19.16.22", day)
        rows["H19.16.21"]["predecessors"] = "H19.16.22"
        founded("H19.16.34", some_day())
    elif turn == 1:  # two merged into a new one
        ends("H19.16.22", day)
        ends("H19.16.30", day)
        founded("H19.16.34", day, predecessors="H19.16.22 H19.16.30")
    elif turn == 2:  # divided between an old and a new one
        ends("H19.16.22", day)
        rows["H19.16.29"]["predecessors"] = "H19.16.22"
        founded("H19.16.34", day, predecessors="H19.16.22")
    elif turn == 3:  # merged, and the heir merged again
        later = day + timedelta(days=rng.choice((1, 10, 40)))
        ends("H19.16.30", day)
        founded("H19.16.34", day, predecessors="H19.16.30", valid_to=str(later - timedelta(days=1)))
        rows["H19.16.29"]["predecessors"] = "H19.16.34"
    else:  # nobody takes its place; a new one has nothing to do with it
        ends("H19.16.30", day)
        founded("H19.16.34", some_day())
    if rng.random() < 0.5:
        ends("H19.16.6", some_day())
    if rng.random() < 0.4:
        rows["H19.16.12"]["valid_from"] = str(some_day())
    if rng.random() < 0.5:
        becomes("H19.16.21", some_day(), name="Phường Vĩnh An")
    if rng.random() < 0.5:
        becomes("H19.16.21", some_day(), level="ward", kind="ward")
    if rng.random() < 0.3:  # a commune's level changes and comes to be that of an office
        becomes("H19.16.29", some_day(), level="district", kind="public_service_unit")
    out = io.StringIO()
    writer = csv.DictWriter(out, UNIT_COLUMNS)
    writer.writeheader()
    writer.writerows(lines)
    return out.getvalue()


def worlds(dossiers: int = 30, **more: Any) -> Any:
    """A hypothesis strategy: random worlds, small seeds first."""
    from hypothesis import strategies as st

    return st.builds(lambda seed, size: random_world(seed, size, **more), st.integers(0, 10**6), st.integers(1, dossiers))
