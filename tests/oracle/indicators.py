"""The indicators of docs/reference/indicators.md once more, in plain Python: slow, readable, clause after clause.

`Knowledge` is what the extracts at T1 < T2 < … delivered; `evaluate` and `rows` turn it into numbers. § = docs/reference/indicators.md
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from fractions import Fraction
from math import ceil
from typing import Any

from .secondary import DropFile, day_cell, is_good_feedback, is_good_sheet, moment_of, newest_rows, on_day
from .words import (
    A_TICK,
    ZONE,
    Span,
    add_months,
    counts_at,
    day_of,
    directions,
    lenient,
    local,
    merged_into,
    midnight,
    moment,
    plan_year,
    procedure_code,
    scopes,
    span,
    target_at,
    targets,
    text,
    units,
    working_day_after,
)  # fmt: skip
from .world import PaymentFile, World

SOURCES = ("one_stop", "documents", "payments")
SECONDARY = ("feedback", "survey", "declared")
ENTITIES: dict[str, tuple[str, ...]] = {
    **dict.fromkeys(SECONDARY, ()),
    "one_stop": ("dossiers", "dossier_steps", "procedures", "assessments"),
    "documents": ("work_files", "signatures", "leaders"),
    "payments": (),
}
KEYS = {
    "dossiers": ("MaHoSo",), "dossier_steps": ("MaBuoc",), "assessments": ("MaDanhGia",), "procedures": ("MaTTHC", "MaDonVi", "HieuLucTu"),
    "documents": ("IdVanBan",), "work_files": ("IdHoSoCongViec",), "signatures": ("IdKySo",), "leaders": ("NguoiId", "MaDonVi", "TuNgay"),
}  # fmt: skip
FULL_LISTS = ("procedures", "leaders")
CHANGE_FIELD = {"one_stop": "NgaySuaCuoi", "documents": "NgayCapNhat"}

DOSSIER_INDICATORS = (
    "dossier_on_time_rate", "dossier_on_time_first_due_rate", "dossier_in_time_overall_rate", "online_dossier_rate",
    "dossier_digitized_rate", "electronic_result_rate", "ecertification_coverage_rate", "ecertified_copy_count",
)  # fmt: skip
CATALOGUE_INDICATORS = (
    "online_payment_procedure_rate", "online_service_coverage_rate", "procedure_publication_rate", "procedure_update_timely_rate",
    "procedure_portal_sync_rate", "sample_dossier_rate",
)  # fmt: skip
SOURCE_OF = {code: "one_stop" for code in (*DOSSIER_INDICATORS, *CATALOGUE_INDICATORS, "procedure_satisfaction_rate")} | {
    "cashless_transaction_rate": "payments",
    "electronic_work_file_rate": "documents",
    "leader_digital_signature_rate": "documents",
    "feedback_on_time_rate": "feedback",
    "feedback_satisfaction_rate": "feedback",
    **{target.indicator: "declared" for target in targets("declared")},
    **dict.fromkeys(directions(), "declared"),
}
DECLARED = tuple(code for code, source in SOURCE_OF.items() if source == "declared")
INDICATORS = tuple(SOURCE_OF)
DECLARED_COUNTS = tuple(code for code in directions() if not code.endswith("_score"))
COUNTS = ("ecertified_copy_count", *DECLARED_COUNTS)
JUSTICE = "H19.16.3"


# ================================================================ what is known
@dataclass(frozen=True)
class Delivered:
    """One version of one record, as an extract delivered it."""

    wire: Any
    changed: datetime
    delivery: int
    t: datetime

    def get(self, name: str) -> str | None:
        """A scalar field as text, missing = None."""
        return text(self.wire.get(name))

    def time(self, name: str) -> datetime | None:
        """A time field; unreadable = missing."""
        return lenient(self.wire.get(name))

    def rows(self, name: str) -> list[dict[str, Any]]:
        """A list field; "" and null are an empty list."""
        return self.wire.get(name) or []

    @property
    def order(self) -> tuple[datetime, int]:
        """By change time, then by delivery (§2.5)."""
        return self.changed, self.delivery


@dataclass(frozen=True)
class Run:
    """One complete extract of a source: T, the clock of the source while it ran, and where each entity's window began (None: full)."""

    source: str
    t: datetime
    since: dict[str, datetime | None] = field(default_factory=dict)
    clock: datetime | None = None
    has_keys: bool = True  # one_stop as files has no /keys


def plain_runs(ts: Iterable[datetime] | Mapping[str, Iterable[datetime]], overlap: timedelta = timedelta(0)) -> list[Run]:
    """Runs of every source at the given T's: the first one full, then [last T − overlap, T)."""
    by_source = ts if isinstance(ts, Mapping) else {source: list(ts) for source in SOURCES}
    out = []
    for source, given in by_source.items():
        last: datetime | None = None
        for t in sorted(given):
            since = None if last is None else last - overlap
            out.append(Run(source, t, {entity: since for entity in (*ENTITIES[source], "documents")}))
            last = t
    return out


@dataclass
class Entry:
    """A key of a full list over the lists that were fetched (§2.7)."""

    key: tuple[str, ...]
    seen: list[tuple[datetime, dict[str, Any]]]
    vanished_on: date | None

    @property
    def last(self) -> dict[str, Any]:
        """As the newest list by T that has it has it: its dates and TrangThai."""
        return self.seen[-1][1]

    def flags(self, j: datetime) -> dict[str, Any]:
        """As the newest list fetched at or before J has it, else the oldest that has it: flags and MucDo."""
        return ([wire for t, wire in self.seen if t <= j] or [self.seen[0][1]])[-1]

    def until(self, name: str) -> date | None:
        """Its last day: its own end, or the day before the first list without it."""
        ends = [end for end in (day_of(self.last.get(name)), self.vanished_on) if end is not None]
        return min(ends, default=None)


class Knowledge:
    """What is known of a world after some extracts."""

    def __init__(self, world: World, ts: Iterable[datetime] | Mapping[str, Iterable[datetime]] | None = None, *,
                 overlap: timedelta = timedelta(0), runs: Sequence[Run] | None = None) -> None:  # fmt: skip
        self.world = world
        self.runs = sorted(runs if runs is not None else plain_runs(ts or (), overlap), key=lambda run: run.t)
        self.t: dict[str, datetime] = {}
        self.reaches_back_to: dict[str, datetime | None] = {}
        self.versions: dict[str, dict[str, list[Delivered]]] = {entity: {} for entity in KEYS}
        self.lists: dict[str, list[tuple[datetime, dict[tuple[str, ...], dict[str, Any]]]]] = {"procedures": [], "leaders": []}
        self.deleted: dict[str, str] = {}
        self.keyless = 0
        self._delivery = 0
        for run in self.runs:
            self._extract(run)
        for by_key in self.versions.values():
            for known in by_key.values():
                known.sort(key=lambda version: version.order)
        self._dossiers: dict[str, Dossier] | None = None
        self._declared: dict[date, dict[str, dict[str, tuple[int, int]]]] | None = None
        self._payment_rows: list[PaymentRow] | None = None
        self._members: dict[tuple[str, date, str], dict[str, tuple[Members, Members | None]]] = {}
        self._values: dict[tuple[str, date, str], dict[tuple[str, str], tuple[int, int | None]]] = {}
        self._in_force: dict[date, dict[tuple[str, str], Entry]] = {}
        self._catalogues: dict[str, list[Entry]] = {}

    # ------------------------------------------------------------ one extract
    def _extract(self, run: Run) -> None:
        clock = run.clock or run.t
        for entity in (*ENTITIES[run.source], *(["documents"] if run.source == "documents" else [])):
            since = run.since.get(entity)
            if entity in FULL_LISTS:
                listed = ((self._key(entity, wire), wire) for wire in self.world.full_list(entity, clock))
                self.lists[entity].append((run.t, {key: wire for key, wire in listed if key is not None}))
                continue
            for change in self.world.current(entity, clock):
                if change.changed >= run.t or (since is not None and not self._from(run.source, since, change.changed)):
                    continue
                self._deliver(run, entity, change.wire)
        if run.source == "one_stop" and run.has_keys:
            self._ask_keys(run, clock)
        if run.source not in self.t:
            self.reaches_back_to[run.source] = next(iter(run.since.values()), None) if run.since else None
        self.t[run.source] = run.t

    @staticmethod
    def _from(source: str, since: datetime, changed: datetime) -> bool:
        """The lower end of a window: a time at one_stop, a whole day at documents."""
        return local(changed) >= local(since) if source == "documents" else changed >= since

    @staticmethod
    def _key(entity: str, wire: Any) -> tuple[str, ...] | None:
        if not isinstance(wire, dict):
            return None
        parts = tuple(text(wire.get(name)) for name in KEYS[entity])
        return None if any(part is None for part in parts) else parts  # type: ignore[return-value]

    def _deliver(self, run: Run, entity: str, wire: Any) -> None:
        key = self._key(entity, wire)
        if key is None:
            self.keyless += 1
            return
        changed = lenient(wire.get(CHANGE_FIELD[run.source])) or run.t - A_TICK
        self._delivery += 1
        self.versions[entity].setdefault(key[0], []).append(Delivered(wire, changed, self._delivery, run.t))
        if entity == "dossiers":
            newest = max(self.versions[entity][key[0]], key=lambda version: version.order)
            if lenient(newest.wire.get("DeletedOn")):
                self.deleted[key[0]] = "DeletedOn"
            else:
                self.deleted.pop(key[0], None)

    def _ask_keys(self, run: Run, clock: datetime) -> None:
        """`/keys` of every month from the first stored to the current: a later answer wins over what was learnt before (§2.6)."""
        answers: dict[str, dict[str, Any]] = {}
        current = run.t.astimezone(ZONE).strftime("%Y-%m")
        for ma, known in self.versions["dossiers"].items():
            received = max(known, key=lambda version: version.order).time("NgayTiepNhan")
            if received is None or received.strftime("%Y-%m") > current:
                continue
            month = received.strftime("%Y-%m")
            if month not in answers:
                answers[month] = {text(row["MaHoSo"]) or "": row.get("DeletedOn") for row in self.world.keys(month, clock)}
            if ma not in answers[month]:
                self.deleted[ma] = "absent from /keys"
            elif lenient(answers[month][ma]):
                self.deleted[ma] = "/keys"
            else:
                self.deleted.pop(ma, None)

    def as_known_at(self, moment: datetime) -> Knowledge:
        """What was known at a past moment: by the extracts whose T is not later."""
        return Knowledge(self.world, runs=[run for run in self.runs if run.t <= moment])

    # ------------------------------------------------------------ views
    def newest(self, entity: str) -> dict[str, Delivered]:
        """The newest delivered version of each key."""
        return {key: known[-1] for key, known in self.versions[entity].items()}

    def dossiers(self) -> dict[str, Dossier]:
        """Every stored dossier, left out or not."""
        if self._dossiers is None:
            steps: dict[str, list[Delivered]] = {}
            for step in self.newest("dossier_steps").values():
                steps.setdefault(step.get("MaHoSo") or "", []).append(step)
            self._dossiers = {
                ma: Dossier(ma, known, steps.get(ma, []), self.deleted.get(ma)) for ma, known in self.versions["dossiers"].items()
            }
        return self._dossiers

    def counted(self) -> list[Dossier]:
        """The dossiers that are in no way left out, and have a reception."""
        return [d for d in self.dossiers().values() if d.left_out is None and d.received is not None]

    def catalogue(self, entity: str) -> list[Entry]:
        """All keys that any list had, with where they ended (§2.7)."""
        if entity not in self._catalogues:
            lists = self.lists[entity]
            out = []
            for key in sorted({key for _, rows in lists for key in rows}):
                having = [i for i, (_, rows) in enumerate(lists) if key in rows]
                gone = None if having[-1] == len(lists) - 1 else local(lists[having[-1] + 1][0]) - timedelta(days=1)
                out.append(Entry(key, [(lists[i][0], lists[i][1][key]) for i in having], gone))
            self._catalogues[entity] = out
        return self._catalogues[entity]

    def drop_files(self, source: str) -> list[DropFile]:
        """The files of a secondary source that some run found whole, in the order of their arrival."""
        found: list[DropFile] = []
        for run in (run for run in self.runs if run.source == source):
            clock = run.clock or run.t
            mine = [file for file in self.world.drop_files if file.source == source and file.arrives <= clock]
            # what was sent again under its name has taken the place of the other, even where that one was never read
            standing = {file.name: file for file in sorted(mine, key=lambda file: file.arrives)}
            there = [file for file in standing.values() if file.is_there(clock)]
            for file in sorted(there, key=lambda file: file.arrives):
                # a file with a day in its name is due once that day has begun before T, as with payments; a declared month always
                if file not in found and not file.is_bad and (source == "declared" or midnight(file.day) < run.t):
                    found.append(file)
        return found

    def feedback(self) -> list[dict[str, Any]]:
        """The newest row of each item that passes the checks."""
        return [row for row in newest_rows(self.drop_files("feedback"), "MaPhanAnh").values() if is_good_feedback(row)]

    def survey(self) -> list[dict[str, Any]]:
        """The newest row of each survey sheet that passes the checks."""
        return [row for row in newest_rows(self.drop_files("survey"), "MaPhieu").values() if is_good_sheet(row)]

    def declared(self, month: date) -> dict[str, dict[str, tuple[int, int]]]:
        """Unit → indicator → (TuSo, MauSo) of the newest good file of each unit for a month."""
        if self._declared is None:
            self._declared = {}
            for file in self.drop_files("declared"):
                figures = {row["MaChiTieu"]: (row["TuSo"], row["MauSo"] or 0) for row in file.rows}
                self._declared.setdefault(file.day, {})[file.unit] = figures
        return self._declared.get(month, {})

    def payment_rows(self) -> list[PaymentRow]:
        """The rows in force, quarantined ones marked: best revision of each day, the later day's row of each key."""
        if self._payment_rows is None:
            self._payment_rows = self._read_payments()
        return self._payment_rows

    def _read_payments(self) -> list[PaymentRow]:
        t = self.t.get("payments")
        if t is None:
            return []
        run = [run for run in self.runs if run.source == "payments"][-1]
        best: dict[date, PaymentFile] = {}
        for file in self.world.payment_files:
            if not file.complete_at or file.complete_at > (run.clock or run.t) or midnight(file.day) >= t or file.blocked():
                continue
            rows = [PaymentRow.read(file.day, row) for row in file.rows]
            bad = sum(row.bad is not None for row in rows)
            if bad > 20 and bad * 20 > len(rows):
                continue
            if file.day not in best or best[file.day].revision < file.revision:
                best[file.day] = file
        in_force: dict[tuple[str, ...], PaymentRow] = {}
        for day in sorted(best):
            for row in best[day].rows:
                read = PaymentRow.read(day, row)
                in_force[read.key] = read
        return list(in_force.values())


# ================================================================ payments
@dataclass(frozen=True)
class PaymentRow:
    """One row of a payment file."""

    day: date
    key: tuple[str, ...]
    unit: str
    type: str
    status: str
    amount: int
    method: str
    at: datetime | None
    bad: str | None

    @classmethod
    def read(cls, day: date, row: dict[str, str]) -> PaymentRow:
        """docs/reference/contracts/payments.md: the key, the 12-hour clock, the checks."""
        key = (
            (row["MaGiaoDich"], row["LoaiGiaoDich"]) if row["MaGiaoDich"] else (row["MaThamChieu"], row["ThoiGianGD"], row["LoaiGiaoDich"])
        )
        bad = None
        at: datetime | None
        try:
            at = datetime.strptime(row["ThoiGianGD"], "%d/%m/%Y %H:%M:%S").replace(tzinfo=ZONE)
        except ValueError:
            at, bad = None, "ThoiGianGD"
        if at and local(at) != day:
            shifted = [s for s in (at + timedelta(hours=12), at - timedelta(hours=12)) if local(s) == day]
            at, bad = (shifted[0], None) if shifted else (at, "ThoiGianGD")
        if row["MaDonVi"] not in units():
            bad = "MaDonVi"
        if row["LoaiGiaoDich"] not in ("PAY", "REFUND"):
            bad = "LoaiGiaoDich"
        if row["TrangThaiGD"] not in ("1", "3", "4"):
            bad = "TrangThaiGD"
        amount = int((row["SoTien"] or "0").replace(".", ""))
        return cls(day, key, row["MaDonVi"], row["LoaiGiaoDich"], row["TrangThaiGD"], amount, row["HinhThucThanhToan"], at, bad)


# ================================================================ dossiers (§3), and K1 to K7
LIST_FIELDS = ("TaiLieuNop", "DanhSachLePhi", "DanhSachHoSoBoSung", "DanhSachGiayToKetQua", "DSKetNoiCSDL", "DinhDanhCHS")
STRICT_TIMES = ("NgayTiepNhan", "NgayHenTra", "NgayKetThucXuLy", "NgayTra", "NgaySuaCuoi")


class Step:
    """One step, its newest version."""

    def __init__(self, version: Delivered) -> None:
        self.id = version.get("MaBuoc") or ""
        self.at = version.time("ThoiDiemXuLy")
        self.status = version.get("TrangThai")
        self.action = version.get("ThaoTac")
        self.visible = version.time("DeletedOn") is None


class Dossier:
    """One dossier as it is known at T, and the words of §3 about it."""

    def __init__(self, ma: str, versions: list[Delivered], steps: list[Delivered], deleted: str | None) -> None:
        self.ma, self.versions, self.deleted = ma, versions, deleted
        visible = [step for step in map(Step, steps) if step.visible and step.at is not None]
        self.steps = sorted(visible, key=lambda step: (step.at, step.id))
        self.faults = [self.critical(version) for version in versions]
        self.good = [version for version, faults in zip(versions, self.faults, strict=True) if not faults]
        self.newest = versions[-1]
        self.left_out = f"deleted: {deleted}" if deleted else ("critical: " + " ".join(self.faults[-1]) if self.faults[-1] else None)
        sound = not self.faults[-1]
        self.received = self.newest.time("NgayTiepNhan") if sound else None
        self.finished = self.finish(self.newest) if sound else None
        self.unit = self.newest.get("MaDonVi") or ""  # as the record names it
        self.status = self.newest.get("TrangThaiHoSo")

    def counts_at(self, d: date) -> str:
        """Where it counts in a period with the last day D: by the day of its reception."""
        return counts_at(self.unit, local(self.received), d)  # type: ignore[arg-type]

    # ------------------------------------------------------------ finish and checks
    def first_step(self, *statuses: str) -> datetime | None:
        """The first visible step with the first of these statuses that any has."""
        for status in statuses:
            for step in self.steps:
                if step.status == status:
                    return step.at
        return None

    def finish(self, version: Delivered) -> datetime | None:
        """*finished at* of a version, whatever J."""
        status = version.get("TrangThaiHoSo")
        if status == "3" and version.time("NgayTiepNhan") is None or status not in ("3", "7", "8", "9", "10"):
            return None
        own = version.time("NgayKetThucXuLy") or version.time("NgayTra")
        if own is None and status == "3":
            own = version.time("NgayTuChoi")
        if own is not None or status == "8":
            return own
        return self.first_step(status) if status in ("3", "7") else self.first_step("9", "10")

    def critical(self, version: Delivered) -> list[str]:
        """The critical checks K1–K7 that a version fails."""
        wire, out = version.wire, []
        status = version.get("TrangThaiHoSo")
        if status not in {str(n) for n in range(1, 11)}:
            out.append("K1")
        for name in LIST_FIELDS:
            value = wire.get(name)
            if value not in (None, "") and not (isinstance(value, list) and all(isinstance(item, dict) for item in value)):
                out.append("K2")
                break
        for name in STRICT_TIMES:
            try:
                moment(wire.get(name))
            except ValueError:
                out.append("K3")
                break
        received, finished = version.time("NgayTiepNhan"), self.finish(version)
        if received and finished and finished.replace(microsecond=0) < received.replace(microsecond=0):
            out.append("K4")
        stamps = [version.time(name) for name in ("NgayTiepNhan", "NgayKetThucXuLy", "NgayTra")]
        if any(stamp and local(stamp) > local(version.changed) for stamp in stamps):
            out.append("K5")
        if version.get("MaDonVi") not in units():
            out.append("K6")
        if (status in ("9", "10", "7") or status == "3" and received) and finished is None:
            out.append("K7")
        return out

    # ------------------------------------------------------------ outcome, due
    @property
    def outcome(self) -> str:
        """returned, stopped or resolved, in this order."""
        if self.newest.get("LoaiKetQua") in ("tra_lai", "xin_rut") or self.status in ("7", "3"):
            return "returned"
        return "stopped" if self.status == "8" else "resolved"

    def is_finished(self, j: datetime) -> bool:
        """Finished before J."""
        return self.finished is not None and self.finished < j

    def due(self, j: datetime) -> datetime | None:
        """*due* as judged in a period with this J."""
        x = midnight(local(self.finished) + timedelta(days=1)) if self.is_finished(j) else j  # type: ignore[arg-type]
        old = [version for version in self.good if version.changed < x]
        rounds = self.newest.rows("DanhSachHoSoBoSung")
        if old:
            chosen = old[-1]
            moved = [
                lenient(r.get("NgayHenTraMoi"))
                for r in rounds
                if (back := lenient(r.get("NgayTiepNhanBoSung"))) and chosen.changed <= back < x and lenient(r.get("NgayHenTraMoi"))
            ]
            return max(moved) if moved else chosen.time("NgayHenTra")  # type: ignore[type-var]
        oldest = [version for version in self.good if version.changed == self.good[0].changed][-1]
        later = [r for r in oldest.rows("DanhSachHoSoBoSung") if (b := lenient(r.get("NgayTiepNhanBoSung"))) and b >= x]
        if later:
            before = lenient(min(later, key=lambda r: lenient(r["NgayTiepNhanBoSung"])).get("NgayHenTraTruoc"))  # type: ignore[arg-type,return-value]
            if before is not None:
                return before
        return oldest.time("NgayHenTra")

    @property
    def first_due(self) -> datetime | None:
        """*first due*, whatever J."""
        having = [version for version in self.good if version.time("NgayHenTra")]
        found = []
        if having:
            first = [version for version in having if version.changed == having[0].changed][-1]
            found.append(first.time("NgayHenTra"))
        found += [lenient(r.get("NgayHenTraTruoc")) for version in self.good for r in version.rows("DanhSachHoSoBoSung")]
        return min((stamp for stamp in found if stamp is not None), default=None)

    def timing(self, due: datetime | None) -> str | None:
        """early, on_time, late; None without a due."""
        if due is None or self.finished is None:
            return None
        finish, limit = local(self.finished), local(due)
        return "early" if finish < limit else "on_time" if finish == limit else "late"

    # ------------------------------------------------------------ pause, past due
    def status_run(self, j: datetime) -> list[Step]:
        """The unbroken run of the status at D, oldest first: visible steps before J that have one, repeats removed."""
        kept: list[Step] = []
        seen: set[tuple[Any, ...]] = set()
        for step in self.steps:
            repeat = (step.at.replace(second=0, microsecond=0), step.action, step.status)  # type: ignore[union-attr]
            if step.at < j and repeat not in seen:  # type: ignore[operator]
                kept.append(step)
            seen.add(repeat)
        kept = [step for step in kept if step.status is not None]
        run: list[Step] = []
        for step in reversed(kept):
            if step.status != kept[-1].status:
                break
            run.insert(0, step)
        return run

    def paused_since(self, j: datetime) -> date | None:
        """The local date on which the pause that covers J began; None when not paused. Only asked of open dossiers."""
        begins = []
        for r in self.newest.rows("DanhSachHoSoBoSung"):
            asked, back = lenient(r.get("NgayBoSung")), lenient(r.get("NgayTiepNhanBoSung"))
            if asked is not None and asked < j and (back is None or back >= j):
                begins.append(asked)
        run = self.status_run(j)
        if run and run[0].status in ("6", "8"):
            begins.append(run[0].at)  # type: ignore[arg-type]
        return local(min(begins)) if begins else None

    def past_due(self, j: datetime, d: date) -> bool:
        """*past due at D* of an open dossier."""
        due = self.due(j)
        return due is not None and local(due) < (self.paused_since(j) or d)

    # ------------------------------------------------------------ papers, results, procedure
    @property
    def digitized(self) -> bool:
        """≥ 1 paper (IsDeleted ≠ 1) with DuocSoHoa = 1 and a file path."""
        return any(
            text(p.get("IsDeleted")) != "1" and text(p.get("DuocSoHoa")) == "1" and _path(p.get("DuongDanTaiTepTin"))
            for p in self.newest.rows("TaiLieuNop")
        )

    @property
    def signed_result(self) -> bool:
        """≥ 1 signed result with a path that is not one of the submitted papers."""
        papers = {_path(p.get("DuongDanTaiTepTin")) for p in self.newest.rows("TaiLieuNop")}
        return any(
            text(r.get("DaKySo")) == "1" and (path := _path(r.get("DuongDanTepTinKetQua"))) and path not in papers
            for r in self.newest.rows("DanhSachGiayToKetQua")
        )

    def procedure(self, kn: Knowledge) -> Entry | None:
        """Its row of the procedures: the greatest HieuLucTu ≤ date of reception, else the oldest."""
        code = procedure_code(self.newest.get("MaTTHC"))
        found = [e for e in kn.catalogue("procedures") if code and procedure_code(e.key[0]) == code and e.key[1] == self.unit]
        found.sort(key=lambda entry: day_of(entry.key[2]) or date.min)
        before = [entry for entry in found if (day_of(entry.key[2]) or date.min) <= local(self.received)]  # type: ignore[arg-type]
        return before[-1] if before else found[0] if found else None


def _path(value: Any) -> str:
    """A path, NFC and stripped; "" when there is none."""
    return (text(value) or "").strip()


# ================================================================ stocks
def in_force(kn: Knowledge, d: date) -> dict[tuple[str, str], Entry]:
    """Procedures in force at D, one a (unit, procedure), of units valid at D."""
    if d not in kn._in_force:
        kn._in_force[d] = _in_force_at(kn, d)
    return kn._in_force[d]


def _in_force_at(kn: Knowledge, d: date) -> dict[tuple[str, str], Entry]:
    out: dict[tuple[str, str], Entry] = {}
    for entry in sorted(kn.catalogue("procedures"), key=lambda e: day_of(e.key[2]) or date.min):
        code, unit, begins, until = procedure_code(entry.key[0]), entry.key[1], day_of(entry.key[2]), entry.until("HieuLucDen")
        if code is None or unit not in units() or not units()[unit].valid(d):
            continue
        if text(entry.last.get("TrangThai")) == "bai_bo" and day_of(entry.last.get("HieuLucDen")) is None:
            continue
        if begins is not None and begins <= d and (until is None or d <= until):
            out[unit, code] = entry
    return out


def in_post(kn: Knowledge, d: date) -> set[tuple[str, str]]:
    """Leaders in post at D: (unit, person), of units valid at D."""
    out = set()
    for entry in kn.catalogue("leaders"):
        person, unit, begins = entry.key
        until, since = entry.until("DenNgay"), day_of(begins)
        if unit in units() and units()[unit].valid(d) and since is not None and since <= d and (until is None or d <= until):
            out.add((unit, person))
    return out


# ================================================================ the sets of §7
Members = list[tuple[str, Any]]  # (unit, identity): a scope counts its distinct identities


def form_06a(kn: Knowledge, kind: str, start: date, basis: str = "period") -> dict[str, set[str]]:
    """The sets behind form II.06a, by MaHoSo."""
    found = span(kind, start, basis, kn.t["one_stop"]) if "one_stop" in kn.t else None
    return _sets(kn, found) if found else {}


def _sets(kn: Knowledge, at: Span) -> dict[str, set[str]]:
    out: dict[str, set[str]] = {
        name: set() for name in ("received", "online", "otherwise", "open_at_start", "finished", "open", "past_due", "paused", "early", "on_time", "late", "no_due")
    }  # fmt: skip
    for d in kn.counted():
        assert d.received is not None
        if at.holds(d.received):
            out["received"].add(d.ma)
            out["online" if d.newest.get("KenhThucHien") == "2" else "otherwise"].add(d.ma)
        opening = midnight(at.start)
        if d.received < opening and (d.finished is None or d.finished >= opening):
            out["open_at_start"].add(d.ma)
        if at.holds(d.finished):
            out["finished"].add(d.ma)
            if d.outcome == "returned":
                out["on_time"].add(d.ma)
            else:
                out[d.timing(d.due(at.j)) or "no_due"].add(d.ma)
        elif d.received < at.j and not d.is_finished(at.j):
            out["open"].add(d.ma)
            if d.past_due(at.j, at.d):
                out["past_due"].add(d.ma)
            if d.paused_since(at.j):
                out["paused"].add(d.ma)
    return out


def members(kn: Knowledge, kind: str, start: date, basis: str) -> dict[str, tuple[Members, Members | None]]:
    """Who is in the numerator and the denominator of each indicator that has a value."""
    if (kind, start, basis) not in kn._members:
        kn._members[kind, start, basis] = _members(kn, kind, start, basis)
    return kn._members[kind, start, basis]


def _members(kn: Knowledge, kind: str, start: date, basis: str) -> dict[str, tuple[Members, Members | None]]:
    out: dict[str, tuple[Members, Members | None]] = {}
    spans = {source: span(kind, start, basis, t) for source, t in kn.t.items()}
    if (at := spans.get("one_stop")) is not None:
        to_date = span(kind, start, "year_to_date", kn.t["one_stop"])
        assert to_date is not None
        out |= _dossier_members(kn, at, to_date) | _catalogue_members(kn, at)
        valid = {"rat_hai_long", "hai_long", "binh_thuong", "khong_hai_long"}
        answers: list[tuple[str, Any, Any]] = [
            (counts_at(v.get("MaDonVi") or "", local(when), at.d), ma, v.get("DanhGia"))
            for ma, v in kn.newest("assessments").items()
            if v.get("MaDonVi") in units() and v.get("DanhGia") in valid and (when := v.time("ThoiGianDanhGia")) and at.holds(when)
        ]
        if (cut := spans.get("survey")) is not None:  # cut at the J of its own source
            answers += [
                (counts_at(row["MaDonVi"], day, at.d), ("survey", row["MaPhieu"]), int(row["MucDoHaiLong"]))
                for row in kn.survey()
                if row["MucDoHaiLong"] not in ("", None) and (day := day_cell(row["NgayKhaoSat"])) is not None and cut.holds(midnight(day))
            ]
        out["procedure_satisfaction_rate"] = (
            [(unit, ma) for unit, ma, answer in answers if answer in ("rat_hai_long", "hai_long", 4, 5)],
            [(unit, ma) for unit, ma, _ in answers],
        )
    if (at := spans.get("payments")) is not None:
        paid = [
            row for row in kn.payment_rows()
            if row.bad is None and row.type == "PAY" and row.status == "1" and row.amount > 0 and at.holds(row.at)
        ]  # fmt: skip
        cashless = ("truc-tuyen", "the", "qr", "chuyen-khoan")
        where = {r.key: counts_at(r.unit, local(r.at), at.d) for r in paid}  # type: ignore[arg-type]
        out["cashless_transaction_rate"] = (
            [(where[r.key], r.key) for r in paid if r.method in cashless],
            [(where[r.key], r.key) for r in paid],
        )
    if (at := spans.get("documents")) is not None:
        files = [
            (counts_at(v.get("MaDonVi") or "", local(when), at.d), key, v)
            for key, v in kn.newest("work_files").items()
            if v.get("MaDonVi") in units() and v.get("DoMat") == "thuong" and v.wire.get("DacThu") is False
            if (when := v.time("NgayDong")) and at.holds(when)
        ]
        out["electronic_work_file_rate"] = (
            [(unit, key) for unit, key, v in files if v.get("HinhThucXuLy") == "dien_tu"],
            [(unit, key) for unit, key, _ in files],
        )
        signers = {
            v.get("NguoiKyId") for v in kn.newest("signatures").values() if v.wire.get("HopLe") is True and at.holds(v.time("ThoiDiemKy"))
        }
        post = sorted(in_post(kn, at.d))
        out["leader_digital_signature_rate"] = ([(unit, person) for unit, person in post if person in signers], list(post))
    if (at := spans.get("feedback")) is not None:
        out |= _feedback_members(kn, at)
    return out


def _feedback_members(kn: Knowledge, at: Span) -> dict[str, tuple[Members, Members | None]]:
    on_time: tuple[Members, Members] = ([], [])
    satisfied: tuple[Members, Members] = ([], [])
    for row in kn.feedback():
        if str(row["VeTTHC"]) != "1" or row["MaTrung"] not in ("", None):
            continue
        answered, due = moment_of(row["NgayTraLoi"]), on_day(moment_of(row["HanXuLy"]))
        is_open = answered is None or answered >= at.j
        # by the day by which it counts: that of the answer, of an unanswered one the last day for it
        day = due if is_open else on_day(answered)
        who = (row["MaDonViXuLy"] if day is None else counts_at(row["MaDonViXuLy"], day, at.d), row["MaPhanAnh"])
        if due is not None and at.holds(answered):
            on_time[1].append(who)
            if local(answered) <= due:  # type: ignore[arg-type]
                on_time[0].append(who)
        elif due is not None and is_open and at.start <= due <= at.d and row["TrangThai"] != "chuyen_don_vi":
            on_time[1].append(who)
        if at.holds(answered) and row["DanhGia"] not in ("", None):
            satisfied[1].append(who)
            if row["DanhGia"] == "hai_long":
                satisfied[0].append(who)
    return {"feedback_on_time_rate": on_time, "feedback_satisfaction_rate": satisfied}


def declared_values(kn: Knowledge, kind: str, start: date) -> dict[tuple[str, str], tuple[int, int | None]]:
    """TuSo over MauSo summed over the units of each scope, of the month of D; both bases alike, nothing carried forward (§8).

    Of a count TuSo alone.
    """
    at = span(kind, start, "period", kn.t["declared"]) if "declared" in kn.t else None
    if at is None:
        return {}
    files = _declared_by(kn, at.d)
    out: dict[tuple[str, str], tuple[int, int | None]] = {}
    for code in DECLARED:
        for scope, inside in scopes(at.d).items():
            pairs = _pairs(files, code, inside)
            out[code, scope] = (sum(pair[0] for pair in pairs), None if code in DECLARED_COUNTS else sum(pair[1] for pair in pairs))
    return out


Files = list[tuple[str, dict[str, tuple[int, int]]]]  # for whom the figures of a unit count, and the figures


def _declared_by(kn: Knowledge, d: date) -> Files:
    return [(counts_at(unit, d, d), figures) for unit, figures in kn.declared(d.replace(day=1)).items()]


def _pairs(files: Files, code: str, inside: set[str]) -> list[tuple[int, int]]:
    return [figures[code] for unit, figures in files if unit in inside and code in figures]


def _year_earlier(d: date) -> date:
    return d.replace(year=d.year - 1, day=28) if (d.month, d.day) == (2, 29) else d.replace(year=d.year - 1)


def _has_begun(code: str, day: date) -> bool:
    return code in units() and units()[code].lines[0].begins <= day


def _direction_status(kn: Knowledge, code: str, scope: str, d: date, year: int) -> str:
    """D02–D06: the declared value of the month of D against that of the same month of the year before.

    With a unit those are compared whose place it has taken by D.
    """
    values = []
    before = _year_earlier(d)
    for day, inside in (
        (d, scopes(d)[scope]),
        (before, scopes(before).get(scope, set()) | (merged_into(scope, d) if scope in units() else set())),
    ):
        pairs = _pairs(_declared_by(kn, day), code, inside)
        lower = 1 if code in DECLARED_COUNTS else sum(pair[1] for pair in pairs)
        if not pairs or not lower:
            return "no_data"
        values.append(Fraction(sum(pair[0] for pair in pairs), lower))
    share, share_before = values
    return "met" if (share < share_before if directions(year)[code] == "down" else share > share_before) else "missed"


def restated(
    before: Knowledge, after: Knowledge, code: str, kind: str, start: date, basis: str, scope: str = "all"
) -> dict[Any, tuple[str, str]]:
    """Who is counted otherwise: identity → (how before, how after), each `numerator`, `denominator` or `out`, for one scope."""

    def standing(kn: Knowledge) -> dict[Any, str]:
        upper, lower = members(kn, kind, start, basis).get(code, ([], None))
        at = span(kind, start, basis, kn.t[SOURCE_OF[code]]) if SOURCE_OF[code] in kn.t else None
        inside = scopes(at.d)[scope] if at else set()
        found = {identity: "denominator" for unit, identity in lower or () if unit in inside}
        return found | {identity: "numerator" for unit, identity in upper if unit in inside}

    then, now = standing(before), standing(after)
    return {
        identity: (then.get(identity, "out"), now.get(identity, "out"))
        for identity in then.keys() | now.keys()
        if then.get(identity) != now.get(identity)
    }


def form_06a_columns(kn: Knowledge, kind: str, start: date, basis: str = "period") -> dict[tuple[str, str], dict[str, int]]:
    """Form II.06a: (level, field) → its columns 3–13 and the footnote's two numbers (§9.1)."""
    sets = form_06a(kn, kind, start, basis)
    out: dict[tuple[str, str], dict[str, int]] = {}
    if not sets:
        return out
    at = span(kind, start, basis, kn.t["one_stop"])
    assert at is not None
    place = {d.ma: (_level(d.counts_at(at.d), at.d), d.newest.get("MaLinhVuc") or "") for d in kn.counted()}
    returned = {d.ma for d in kn.counted() if d.outcome == "returned"} & sets["finished"]
    columns = {
        "4": sets["online"], "5": sets["otherwise"], "6": sets["open_at_start"], "7": sets["finished"], "8": sets["early"],
        "9": sets["on_time"] | sets["no_due"], "10": sets["late"], "11": sets["open"], "12": sets["open"] - sets["past_due"],
        "13": sets["past_due"], "returned": returned, "no_due": sets["no_due"],
    }  # fmt: skip
    for name, dossiers in columns.items():
        for ma in dossiers:
            row = out.setdefault(place[ma], dict.fromkeys(("3", *columns), 0))
            row[name] += 1
    for row in out.values():
        row["3"] = row["4"] + row["5"] + row["6"]
    return out


def form_06a_names(kn: Knowledge, kind: str, start: date) -> dict[tuple[str, str], str]:
    """Form II.06a: (level, field) → its name, as the newest of the counted dossiers of that level and field has it (§9.1)."""
    sets = form_06a(kn, kind, start)
    at = span(kind, start, "period", kn.t["one_stop"])
    assert at is not None
    found: dict[tuple[str, str], tuple[datetime, str, str]] = {}
    for d in kn.counted():
        name = d.newest.get("TenLinhVuc")
        if name and d.ma in sets["finished"] | sets["open"]:
            place = (_level(d.counts_at(at.d), at.d), d.newest.get("MaLinhVuc") or "")
            known = found.get(place)
            if known is None or (d.newest.changed, known[1]) > (known[0], d.ma):  # of the same moment the first code
                found[place] = (d.newest.changed, d.ma, name)
    return {place: name for place, (_changed, _ma, name) in found.items()}


def _level(where: str, d: date) -> str:
    """The level of a unit on D, or of what counts in a level alone."""
    return where.removeprefix("level:") if where.startswith("level:") else units()[where].at(d).level


def _dossier_members(kn: Knowledge, at: Span, to_date: Span) -> dict[str, tuple[Members, Members | None]]:
    out: dict[str, tuple[Members, Members | None]] = {code: ([], []) for code in DOSSIER_INDICATORS}

    def count(code: str, dossier: Dossier, numerator: bool) -> None:
        upper, lower = out[code]
        assert lower is not None
        lower.append((dossier.counts_at(at.d), dossier.ma))
        if numerator:
            upper.append((dossier.counts_at(at.d), dossier.ma))

    certified_units, certified = set(), []
    for d in kn.counted():
        assert d.received is not None
        due = d.due(at.j)
        in_time = d.timing(due) in ("early", "on_time")
        if at.holds(d.finished):
            if d.outcome == "resolved" and due is not None:
                count("dossier_on_time_rate", d, in_time)
                count("dossier_on_time_first_due_rate", d, d.timing(d.first_due) in ("early", "on_time"))
            if due is not None:
                count("dossier_in_time_overall_rate", d, in_time)
        elif d.received < at.j and not d.is_finished(at.j) and due is not None:
            count("dossier_in_time_overall_rate", d, not d.past_due(at.j, at.d))
        if at.holds(d.received):
            count("online_dossier_rate", d, d.newest.get("KenhThucHien") == "2")
            count("dossier_digitized_rate", d, d.digitized)
        if d.outcome == "resolved" and (entry := d.procedure(kn)) is not None:
            flags = entry.flags(at.j)
            if at.holds(d.finished) and text(flags.get("CoKetQuaGiayTo")) == "1":
                count("electronic_result_rate", d, d.signed_result)
            if text(flags.get("LaChungThuc")) == "1" and d.signed_result:
                if at.holds(d.finished):
                    certified.append((d.counts_at(at.d), d.ma))
                if to_date.holds(d.finished):
                    certified_units.add(d.counts_at(at.d))
    expected = sorted(u.code for u in units().values() if u.at(at.d).level == "commune" and u.valid(at.d)) + [JUSTICE]
    out["ecertification_coverage_rate"] = ([(u, u) for u in expected if u in certified_units], [(u, u) for u in expected])
    out["ecertified_copy_count"] = (certified, None)
    return out


def _catalogue_members(kn: Knowledge, at: Span) -> dict[str, tuple[Members, Members | None]]:
    out: dict[str, tuple[Members, Members | None]] = {code: ([], []) for code in CATALOGUE_INDICATORS}

    def count(code: str, key: tuple[Any, ...], numerator: bool) -> None:
        upper, lower = out[code]
        assert lower is not None
        lower.append((key[0], key))
        if numerator:
            upper.append((key[0], key))

    for key, entry in in_force(kn, at.d).items():
        flags = entry.flags(at.j)
        on = {
            name: text(flags.get(name)) == "1"
            for name in ("CoPhiLePhi", "ThanhToanTrucTuyen", "DuDieuKienTrucTuyen", "DaDongBoCongTinh", "CoHoSoMau")
        }
        published = day_of(entry.last.get("NgayCongKhai"))
        is_published = published is not None and published <= at.d
        if on["CoPhiLePhi"]:
            count("online_payment_procedure_rate", key, on["ThanhToanTrucTuyen"])
        if on["DuDieuKienTrucTuyen"]:
            count("online_service_coverage_rate", key, text(flags.get("MucDo")) in ("3", "4"))
        count("procedure_publication_rate", key, is_published)
        if is_published:
            count("procedure_portal_sync_rate", key, on["DaDongBoCongTinh"])
        count("sample_dossier_rate", key, on["CoHoSoMau"])

    decided: dict[tuple[str, str, date], list[date]] = {}
    for entry in kn.catalogue("procedures"):
        code, decision = procedure_code(entry.key[0]), lenient(entry.last.get("NgayQuyetDinhCongBo"))
        if code and decision is not None and entry.key[1] in units() and at.holds(decision):
            known = decided.setdefault((entry.key[1], code, local(decision)), [])
            if (published := day_of(entry.last.get("NgayCongKhai"))) is not None:
                known.append(published)
    upper, lower = out["procedure_update_timely_rate"]
    assert lower is not None
    for decision_key, dates in decided.items():
        limit = working_day_after(decision_key[2], 5)
        who = (counts_at(decision_key[0], decision_key[2], at.d), decision_key)
        if dates or midnight(limit + timedelta(days=1)) <= at.t:
            lower.append(who)
        if dates and min(dates) <= limit:
            upper.append(who)
    return out


def _tally(who: Members | None, inside: set[str]) -> int | None:
    return None if who is None else len({identity for unit, identity in who if unit in inside})


def evaluate(kn: Knowledge, kind: str, start: date, basis: str) -> dict[tuple[str, str], tuple[int, int | None]]:
    """(indicator, scope) → (numerator, denominator) of every indicator that has a value for the period."""
    if (kind, start, basis) not in kn._values:
        kn._values[kind, start, basis] = _evaluate(kn, kind, start, basis)
    return kn._values[kind, start, basis]


def _evaluate(kn: Knowledge, kind: str, start: date, basis: str) -> dict[tuple[str, str], tuple[int, int | None]]:
    out = {}
    for code, (upper, lower) in members(kn, kind, start, basis).items():
        at = span(kind, start, basis, kn.t[SOURCE_OF[code]])
        assert at is not None
        for scope, inside in scopes(at.d).items():
            numerator = _tally(upper, inside)
            assert numerator is not None
            out[code, scope] = (numerator, _tally(lower, inside))
    return out | declared_values(kn, kind, start)


# ================================================================ target, status, gap, coverage (§5)
@dataclass(frozen=True)
class Row:
    """One value with all that goes with it."""

    numerator: int
    denominator: int | None
    value: Fraction | None
    target: Fraction | None
    status: str | None
    gap: int | None
    coverage: Fraction | None
    reason: str | None = None


def coverage(kn: Knowledge, code: str, kind: str, start: date, basis: str) -> dict[str, Fraction | None]:
    """Units that sent ≥ 1 row dated in the period ÷ units expected, for each scope; None where nothing is expected."""
    source = SOURCE_OF[code]
    at = span(kind, start, basis, kn.t[source])
    if code in (*CATALOGUE_INDICATORS, *DECLARED) or at is None:
        return dict.fromkeys(scopes(at.d if at else date.max))
    expected = {u.code for u in units().values() if u.valid(at.d) and u.at(at.d).kind in ("office", "public_service_unit", "commune")}

    def by(unit: str | None, day: datetime | None, within: Span = at) -> set[str]:
        """Who has sent a row of a day that names a unit; nobody where that day is not in the period."""
        return {counts_at(unit, local(day), at.d)} if unit in units() and within.holds(day) else set()  # type: ignore[arg-type]

    sent: set[str] = set()
    if code in DOSSIER_INDICATORS:
        expected = {unit for unit, _ in in_force(kn, at.d)}
        for d in kn.counted():
            sent |= by(d.unit, d.received)
    elif code == "leader_digital_signature_rate":
        post = in_post(kn, at.d)
        expected = {unit for unit, _ in post}
        signed = {v.get("NguoiKyId") for v in kn.newest("signatures").values() if at.holds(v.time("ThoiDiemKy"))}
        sent = {unit for unit, person in post if person in signed}
    elif code == "electronic_work_file_rate":
        for v in kn.newest("work_files").values():
            sent |= by(v.get("MaDonVi"), v.time("NgayDong")) if v.get("DoMat") == "thuong" else set()
    elif code == "cashless_transaction_rate":
        for row in kn.payment_rows():
            sent |= by(row.unit, midnight(row.day)) if row.bad is None else set()
    elif source == "feedback":
        for item in kn.feedback():
            sent |= by(item["MaDonViXuLy"], moment_of(item["NgayTiepNhan"]))
    else:
        valid = {"rat_hai_long", "hai_long", "binh_thuong", "khong_hai_long", None}
        for v in kn.newest("assessments").values():
            sent |= by(v.get("MaDonVi"), v.time("ThoiGianDanhGia")) if v.get("DanhGia") in valid else set()
        if "survey" in kn.t and (cut := span(kind, start, basis, kn.t["survey"])) is not None:
            for sheet in kn.survey():
                if (surveyed := day_cell(sheet["NgayKhaoSat"])) is not None:
                    sent |= by(sheet["MaDonVi"], midnight(surveyed), cut)
    return {
        scope: Fraction(len(expected & inside & sent), len(expected & inside)) if expected & inside else None
        for scope, inside in scopes(at.d).items()
    }


def rows(kn: Knowledge, kind: str, start: date, basis: str) -> dict[tuple[str, str], Row]:
    """Every value of a period with its target, status, gap and coverage."""
    own, to_date = evaluate(kn, kind, start, basis), evaluate(kn, kind, start, "year_to_date")
    covered = {code: coverage(kn, code, kind, start, basis) for code in {code for code, _ in own}}
    before = evaluate(kn, kind, add_months(start, -12), "year_to_date") if own else {}
    year = plan_year(kind, start)
    reason = None if year else "no plan holds"
    out = {}
    for (code, scope), (numerator, denominator) in own.items():
        value = Fraction(numerator) if code in COUNTS else Fraction(numerator, denominator) if denominator else None
        at = span(kind, start, basis, kn.t[SOURCE_OF[code]])
        assert at is not None
        target = target_at(code, scope, at.d, year)
        status = gap = None
        if target is not None:
            decides = to_date[code, scope] if target.kind == "flow" else (numerator, denominator)
            status = _status(target.kind, Fraction(decides[0], decides[1]) if decides[1] else None, target.share, at.d, year)
            gap = max(0, ceil(target.share * (denominator or 0) - numerator))
        elif year and code in directions(year):
            status = _direction_status(kn, code, scope, at.d, year)
        elif year and code in directions(year, "computed"):
            # with a unit those are compared whose place it has taken by D
            merged = merged_into(scope, at.d) if scope in units() else set()
            earlier = sum(before.get((code, one), (0, None))[0] for one in {scope, *merged})
            status = "met" if to_date[code, scope][0] > earlier else "missed"
            first = span(kind, add_months(start, -12), "year_to_date", kn.t["one_stop"])
            reach = kn.reaches_back_to["one_stop"]
            is_told = first is not None and (reach is None or reach <= midnight(first.start))
            # a scope of which no unit had begun a year before, nor one whose place is taken, has no value then (§5.2)
            inside = scopes(first.d).get(scope, set()) | merged if first else set()
            if first is None or not is_told or not (earlier or any(_has_begun(one, first.d) for one in inside)):
                status = "no_data"
        share = target.share if target else None
        out[code, scope] = Row(numerator, denominator, value, share, status, gap, covered[code][scope], reason)
    return out


def _status(kind: str, value: Fraction | None, target: Fraction, d: date, year: int | None) -> str:
    if value is None:
        return "no_data"
    if value >= target:
        return "met"
    if kind != "milestone":
        return "missed"
    days = (add_months(d.replace(day=1), 1) - d.replace(day=1)).days
    if d.year != year:  # T lies before the year of the plan: nothing is due yet
        return "on_pace"
    if (d.month, d.day) == (12, 31):
        return "missed"
    return "on_pace" if value >= target * (d.month - 1 + Fraction(d.day, days)) / 12 else "behind"


# ================================================================ for people
def dossier_facts(kn: Knowledge, t: datetime | None = None) -> dict[str, dict[str, Any]]:
    """What the oracle thinks of each dossier (J = T unless given)."""
    j = t or kn.t.get("one_stop")
    out = {}
    for ma, d in sorted(kn.dossiers().items()):
        facts: dict[str, Any] = {
            "is_left_out": d.left_out,
            "versions": len(d.versions),
            "good": len(d.good),
            "unit": d.unit,
            "status": d.status,
        }
        if d.left_out is None and j is not None:
            entry = d.procedure(kn) if d.received else None
            facts |= {
                "received_at": d.received, "finished_at": d.finished, "outcome": d.outcome, "due": d.due(j), "first_due": d.first_due,
                "timing": d.timing(d.due(j)), "paused_since": d.paused_since(j), "channel": d.newest.get("KenhThucHien"),
                "digitized": d.digitized, "signed_result": d.signed_result, "procedure": entry.key if entry else None,
                "changes": [(v.changed, v.get("NgayHenTra"), faults) for v, faults in zip(d.versions, d.faults, strict=True)],
            }  # fmt: skip
        out[ma] = facts
    return out
