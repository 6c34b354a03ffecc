"""Payment rows for the dossiers, with the attempts, refunds and oddities of a real log.

A row belongs to the *file of a day*. Rows are generated from the dossiers; `demo.deliveries` decides when a file is delivered.
"""

from __future__ import annotations

import random
from typing import NamedTuple

from demo import levels, people
from demo.clock import DAY, END, YEAR, moment, slashed
from demo.dossiers import HANDOVER, Dossier
from demo.oddities import ODDITIES

FIRST_DAY = moment(YEAR - 1, 1, 1) // DAY
LAST_DAY = END // DAY - 1
COLUMNS = (
    "MaThamChieu",
    "MaGiaoDich",
    "MaHoSo",
    "MaTTHC",
    "MaDonVi",
    "LoaiGiaoDich",
    "SoTien",
    "Phi",
    "LePhi",
    "HinhThucThanhToan",
    "KenhThanhToan",
    "TrangThaiGD",
    "MaLoi",
    "MaNganHang",
    "ThoiGianGD",
    "MaThamChieuGoc",
    "SoBienLai",
    "NguoiNop",
    "SoTaiKhoan",
)
_BANKS = ("NH01", "NH02", "NH03", "NH04")


class Payment(NamedTuple):
    """One row. `day`: the day of its file; `at`: the value of ThoiGianGD."""

    day: int
    at: int
    reference: str
    transaction: str
    dossier: str
    procedure: str
    unit: str
    kind: str
    amount: int
    charge: bool
    method: str
    channel: int
    state: str
    code: str
    bank: str
    original: str
    receipt: str
    person: int

    def line(self) -> str:
        """The row as text in the file, without the line end."""
        amount = dotted(self.amount)
        fee, charge = ("0", amount) if self.charge else (amount, "0")
        account = people.account(self.person) if self.bank else ""
        return (
            f"{self.reference};{self.transaction};{self.dossier};{self.procedure};{self.unit};{self.kind};{amount};{fee};{charge};{self.method};"
            f"{self.channel};{self.state};{self.code};{self.bank};{slashed(self.at)};{self.original};{self.receipt};{people.name(self.person)};{account}"
        )

    def counted(self) -> int:
        """The amount that the row adds to the sum in manifest and trailer."""
        return self.amount if self.kind == "PAY" and self.state == "1" else 0


def dotted(amount: int) -> str:
    """50000 → `50.000`."""
    return f"{amount:,}".replace(",", ".")


class Payments:
    """All rows by the day of their file, and the rows that only a later revision of a day has."""

    def __init__(self, seed: int) -> None:
        self.by_day: dict[int, list[Payment]] = {day: [] for day in range(FIRST_DAY, LAST_DAY + 1)}
        self.only_revised: dict[int, list[Payment]] = {}
        self.planted: dict[str, list[str]] = {}
        self._rnd = random.Random(f"{seed}/payments")
        self._count = 0

    def add(self, payment: Payment) -> None:
        """Put a row into its day's file; days outside the demo are dropped."""
        rows = self.by_day.get(payment.day)
        if rows is not None:
            rows.append(payment)

    def make(self, dossier: Dossier, at: int, method: str, *, state: str = "1", amount: int | None = None, reference: str = "") -> Payment:
        """A PAY row of a dossier."""
        self._count += 1
        number = self._count
        success = state == "1"
        online = method == "truc-tuyen"
        procedure = dossier.procedure
        return Payment(
            day=at // DAY,
            at=at,
            reference=reference or f"dvc{dossier.number:08d}{number:07d}",
            transaction=f"GD{number:09d}",
            dossier=dossier.key,
            procedure=procedure.code,
            unit=dossier.unit.code,
            kind="PAY",
            amount=dossier.fee if amount is None else amount,
            charge=procedure.charge,
            method=method,
            channel=(dossier.portal if online else 3),
            state=state,
            code="00" if success else "" if state == "3" else "24",
            bank=_BANKS[number % 4] if method not in ("tien-mat", "mien-phi") else "",
            original="",
            receipt=f"BL{number:08d}" if success and method != "mien-phi" else "",
            person=dossier.person,
        )

    def ordinary(self, dossiers: list[Dossier], unpaid: set[int]) -> None:
        """The payments of all dossiers with a fee: mostly cash at the counter, some exempt, some cashless."""
        draw = self._rnd.random
        for dossier in dossiers:
            if not dossier.fee or not dossier.received or dossier.number in unpaid:
                continue
            if dossier.fee_when == 4:
                at = next((event[2] for event in dossier.events if event[1] == HANDOVER), 0) + 60
            else:
                at = dossier.submitted + 5
            chance = draw()
            if at < DAY or chance < 0.02 or dossier.events[0][1] > 1:
                continue
            cashless = chance > 0.08 and draw() < levels.better(levels.LEVELS[dossier.unit.code].cashless, at)
            if chance < 0.08:
                self.add(self.make(dossier, at, "mien-phi", amount=0))
            elif not cashless:
                self.add(self.make(dossier, at, "tien-mat"))
            elif dossier.channel == 2 and dossier.fee_when == 1:
                dossier.paid_online = dossier.portal
                row = self.make(dossier, at, "truc-tuyen")
                tried = draw()
                if tried < 0.06:
                    self.add(
                        self.make(dossier, at - 240, "truc-tuyen", state="4", reference=row.reference)._replace(
                            transaction="" if tried < 0.02 else f"GDL{dossier.number:08d}"
                        )
                    )
                self.add(row)
            else:
                method = draw()
                self.add(self.make(dossier, at, "qr" if method < 0.45 else "chuyen-khoan" if method < 0.8 else "the"))

    # --- oddities --------------------------------------------------------------------------------------------------------------
    def _plant(self, code: str, payment: Payment, key: str = "") -> None:
        self.add(payment)
        self.planted.setdefault(code, []).append(key or payment.transaction)

    def plant(self, paying: dict[str, list[Dossier]]) -> None:
        """The oddities of the payments; the dossiers for them were made by the planter."""
        self._plant_attempts(paying)
        self._plant_dossiers(paying)
        self._plant_times(paying)
        self._plant_words(paying)

    def _plant_attempts(self, paying: dict[str, list[Dossier]]) -> None:
        """Plant orders that are paid twice, failed first, refunded, or stay pending."""
        for dossier in paying["paid-unsaid"]:
            self.add(self.make(dossier, dossier.submitted + 5, "truc-tuyen"))
        for dossier in paying["double-payment"]:
            row = self.make(dossier, dossier.submitted + 5, "truc-tuyen")
            self.add(row)
            self._plant("double-payment", self.make(dossier, dossier.submitted + 245, "truc-tuyen", reference=row.reference), row.reference)
        for dossier in paying["success-after-failure"]:
            row = self.make(dossier, dossier.submitted + 305, "truc-tuyen")
            failed = self.make(dossier, dossier.submitted + 5, "truc-tuyen", state="4", reference=row.reference)
            self._plant("never-reached-gateway", failed._replace(transaction="", code="99"), row.reference)
            self._plant("success-after-failure", row, row.reference)
        for number, dossier in enumerate(paying["refund"]):
            row = self.make(dossier, dossier.submitted + 5, "truc-tuyen")
            self.add(row)
            back = self.make(dossier, row.at + (4 + number) * DAY, "truc-tuyen")
            self._plant("refund", back._replace(kind="REFUND", original=row.reference, receipt=""))
        for dossier in paying["pending-for-ever"]:
            self._plant("pending-for-ever", self.make(dossier, dossier.submitted + 5, "truc-tuyen", state="3"))

    def _plant_dossiers(self, paying: dict[str, list[Dossier]]) -> None:
        """Plant payments without a dossier, or before its reception."""
        for number in range(ODDITIES["no-dossier"].how_many):
            dossier = paying["unknown-method"][0]
            row = self.make(dossier, dossier.received + number * 31 * DAY, "chuyen-khoan")
            self._plant("no-dossier", row._replace(dossier=f"H19.16.21-230{4 + number}05-9{number:03d}"))
        for dossier in paying["before-dossier"]:
            self._plant("before-dossier", self.make(dossier, dossier.received - 60, "tien-mat"))

    def _plant_times(self, paying: dict[str, list[Dossier]]) -> None:
        """Plant times of a 12-hour clock and of another day."""
        for number, dossier in enumerate(paying["clock-12h-shiftable"]):
            # a morning written as the evening of the day before, an afternoon written as the night of the day after
            real = dossier.received // DAY * DAY + (33_015 if number % 2 else 55_215) + number
            self._plant(
                "clock-12h-shiftable", self.make(dossier, real, "chuyen-khoan")._replace(at=real + (-43_200 if number % 2 else 43_200))
            )
        for dossier in paying["clock-12h-hidden"]:
            real = dossier.received // DAY * DAY + 54_321
            self._plant("clock-12h-hidden", self.make(dossier, real, "chuyen-khoan")._replace(at=real - 43_200))
        for dossier in paying["other-day"]:
            row = self.make(dossier, dossier.received, "chuyen-khoan")
            self._plant("other-day", row._replace(at=row.at - 3 * DAY))
        for dossier in paying["key-in-two-days"]:
            row = self.make(dossier, dossier.received, "chuyen-khoan")
            self.add(row)
            self._plant("key-in-two-days", row._replace(day=row.day + 1, at=row.at + DAY))

    def _plant_words(self, paying: dict[str, list[Dossier]]) -> None:
        """Plant codes that are not in the contract."""
        for code, change in (
            ("unknown-unit-payment", {"unit": "H19.16.88"}),
            ("unknown-method", {"method": "vi-dien-tu"}),
            ("unknown-kind", {"kind": "ADJUST"}),
            ("unknown-state", {"state": "9"}),
        ):
            for dossier in paying[code]:
                self._plant(code, self.make(dossier, dossier.received, "tien-mat")._replace(**change))  # type: ignore[arg-type]

    def plant_days(self, filled: tuple[int, ...], revised: tuple[int, ...], dossier: Dossier) -> None:
        """Rows for the days whose files are odd, so that these are never empty: `revised` only in revision 2."""
        for day in filled:
            self.add(self.make(dossier, day * DAY + 30_001, "tien-mat"))
        for day in revised:
            rows = [self.make(dossier, day * DAY + 50_003 + second, "tien-mat") for second in (0, 60)]
            self.only_revised.setdefault(day, []).extend(rows)

    def rows(self, day: int, revision: int) -> list[Payment]:
        """The rows of a day's file in the order of time."""
        rows = self.by_day[day] + (self.only_revised.get(day, []) if revision > 1 else [])
        return sorted(rows, key=lambda row: (row.at, row.transaction, row.reference))
