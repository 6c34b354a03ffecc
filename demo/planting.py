"""Plants the oddities of the one-stop: extra dossiers, each with one oddity and otherwise ordinary.

They are added to the random dossiers, so the counts are exact at every scale, and no random dossier has to be changed.
"""

from __future__ import annotations

from itertools import cycle
from typing import Any

from demo.catalogue import Offer, Procedure
from demo.clock import DAY, compact, moment
from demo.dossiers import (
    ACCEPT,
    ASK,
    BACK,
    DELETE,
    FINISH,
    FORWARD,
    GONE_FOR_GOOD,
    HANDOVER,
    HIDDEN,
    MOVE_DUE,
    MOVE_END,
    NO_STEP,
    RAW,
    REOPEN,
    RESTORE,
    RESULT_SIGNED,
    RESYNC,
    SHOWN,
    SUBMIT,
    UNDO_HANDOVER,
    VANISH,
    Dossier,
    Event,
)
from demo.filing import Registry, blank
from demo.oddities import ODDITIES
from demo.steps import step_key, wire_key
from demo.workdays import WORKDAYS, add_workdays, is_workday

_UNITS = ("H19.16.21", "H19.16.3", "H19.16.25", "H19.16.4", "H19.16.24", "H19.16.7", "H19.16.22", "H19.16.6")
JANUARY = moment(2024, 1, 9, 9, 0, 0)


def when(number: int, count: int, first: tuple[int, int, int] = (2022, 3, 1), last: tuple[int, int, int] = (2023, 11, 20)) -> int:
    """The time of plant `number` of `count`: a working day, evenly spread, a little after ten."""
    days = [day for day in WORKDAYS if moment(*first) <= day * DAY <= moment(*last)]
    return days[(number * 2 + 1) * len(days) // (count * 2)] * DAY + 36_720 + number * 61


class Planter:
    """Generates the planted dossiers and records what was planted."""

    def __init__(self, registry: Registry, offers: dict[str, Offer]) -> None:
        self.registry = registry
        self.offers = offers
        self.planted: dict[str, list[str]] = {}
        self.unpaid: set[int] = set()
        """Numbers of dossiers for which no ordinary payment is made."""
        self.paying: dict[str, list[Dossier]] = {}
        """Dossiers that `demo.payments` needs for its own oddities."""
        self._units = cycle(_UNITS)
        self._person = 70_000

    def procedure(self, unit_code: str, day: int) -> Procedure:
        """An ordinary procedure of the unit: with a due time, a paper result and a fee, in force on the day."""
        for versions in self.offers[unit_code].procedures:
            for row in versions:
                if row.valid_from <= day <= row.valid_to and row.has_due and row.paper and row.fee and not row.certification:
                    return row
        raise LookupError(unit_code)

    def plain(
        self,
        received: int,
        unit_code: str = "",
        *,
        due_days: int = 5,
        end_days: int | None = 3,
        handed: bool = True,
        online: bool = False,
        fee: bool = False,
    ) -> Dossier:
        """An ordinary dossier: received, passed on, ended after `end_days` working days (None = still open), handed over the day after."""
        code = unit_code or next(self._units)
        offer = self.offers[code]
        day = received // DAY
        procedure = self.procedure(code, day)
        dossier = blank(self.registry, offer.unit, procedure, received - 1_800 if online else received, received)
        self._person += 1
        dossier.person = self._person
        dossier.result = RESULT_SIGNED
        if not fee:
            dossier.fee = 0
        if online:
            dossier.channel = 2
            dossier.level = 4
            dossier.accept_by = add_workdays(day, 1) * DAY + received % DAY
        due = add_workdays(day, due_days) * DAY + received % DAY - received % 60
        events: list[Event] = [(dossier.submitted, SUBMIT, dossier.submitted, 0, SHOWN)] if online else []
        events += [(received, ACCEPT, received, due, SHOWN), (received + 2_460, FORWARD, received + 2_460, 0, SHOWN)]
        if end_days is not None:
            end = add_workdays(day, end_days) * DAY + 51_137 + dossier.person % 40
            events.append((end, FINISH, end, "ket_qua", SHOWN))
            if handed:
                at = add_workdays(end // DAY, 1) * DAY + 33_319
                events.append((at, HANDOVER, at, 0, SHOWN))
        dossier.events = events
        return dossier

    def keep(self, code: str, dossier: Dossier) -> Dossier:
        """Register a planted dossier under its oddity."""
        if not self.registry.add(dossier):
            raise AssertionError(f"a planted dossier of {code} lies after the end of the demo")
        self.unpaid.add(dossier.number)
        self.planted.setdefault(code, []).append(dossier.key)
        return dossier

    def each(self, code: str) -> range:
        """The numbers of the plants of one oddity."""
        return range(ODDITIES[code].how_many)

    def raw(self, dossier: Dossier, position: int, values: dict[str, Any]) -> None:
        """From event `position` on, the record has these raw values."""
        known = dossier.events[position][0]
        place = position % len(dossier.events) + 1
        dossier.events.insert(place, (known, RAW, known, values, NO_STEP))

    def no_steps(self, dossier: Dossier) -> None:
        """Remove all steps of this dossier from the history."""
        dossier.events = [(known, kind, happened, argument, NO_STEP) for known, kind, happened, argument, _shown in dossier.events]

    # --- critical checks -------------------------------------------------------------------------------------------------------
    def critical(self) -> None:
        """Plant one or two dossiers for each critical check."""
        plants: tuple[tuple[str, list[dict[str, Any]]], ...] = (
            ("K1", [{"TrangThaiHoSo": ""}, {"TrangThaiHoSo": "0"}]),
            ("K2", [{"TaiLieuNop": "khong co"}, {"DanhSachLePhi": {"MaPhiLePhi": "LP", "Gia": "50000"}}]),
            ("K3", [{"NgayHenTra": "31022023101500"}, {"NgayTiepNhan": "khong ro"}]),
            ("K6", [{"MaDonVi": ""}, {"MaDonVi": "H19.16.99"}]),
        )
        for code, values in plants:
            for number, value in enumerate(values):
                dossier = self.plain(when(number, len(values), (2023, 2, 1)))
                self.raw(dossier, 0, value)
                self.keep(code, dossier)
        for number in self.each("K4"):
            dossier = self.plain(when(number, 2, (2023, 2, 10)), end_days=1, handed=False)
            known, kind, _happened, outcome, shown = dossier.events[-1]
            dossier.events[-1] = (known, kind, dossier.received - 7_200, outcome, shown)
            self.keep("K4", dossier)
        for number in self.each("K5"):
            dossier = self.plain(when(number, 2, (2023, 2, 20)), handed=False)
            self.raw(dossier, -1, {"NgayKetThucXuLy": compact(dossier.events[-1][0] + 30 * DAY)})
            self.keep("K5", dossier)
        for number in self.each("K7"):
            dossier = self.plain(when(number, 3, (2023, 1, 10)), handed=False)
            dossier.events[-1] = (*dossier.events[-1][:4], NO_STEP)
            self.raw(dossier, -1, {"NgayKetThucXuLy": ""})
            self.keep("K7", dossier)
        for number in self.each("K-repaired"):
            dossier = self.plain(moment(2023, 12, 11 + number, 9, 5, 10), handed=False)
            self.raw(dossier, -1, {"TrangThaiHoSo": "0"})
            dossier.events.append((JANUARY + number, RAW, JANUARY, None, NO_STEP))
            self.keep("K-repaired", dossier)
        for code, value in (("K2-row", {"": "ban ghi khong doc duoc"}), ("no-key", {"MaHoSo": ""})):
            for number in self.each(code):
                dossier = self.plain(when(number, 1, (2023, 6, 1)), end_days=None)
                del dossier.events[1:]
                self.raw(dossier, 0, value)
                self.no_steps(dossier)
                self.keep(code, dossier)

    # --- warnings --------------------------------------------------------------------------------------------------------------
    def warnings(self) -> None:
        """Plant records that are loaded, but listed with a warning."""
        for number in self.each("end-by-step"):
            dossier = self.plain(when(number, 8), handed=False)
            self.raw(dossier, -1, {"NgayKetThucXuLy": ""})
            self.keep("end-by-step", dossier)
        for number in self.each("end-by-handover"):
            dossier = self.plain(when(number, 4))
            self.raw(dossier, -2, {"NgayKetThucXuLy": ""})
            self.keep("end-by-handover", dossier)
        for number in self.each("unknown-outcome"):
            dossier = self.plain(when(number, 3))
            dossier.events = [(*e[:3], "chuyen_cap_tren", e[4]) if e[1] == FINISH else e for e in dossier.events]
            self.keep("unknown-outcome", dossier)
        for number in self.each("level-2-online"):
            dossier = self.plain(when(number, 6), online=True)
            dossier.level = 2
            self.keep("level-2-online", dossier)
        for number in self.each("odd-code"):
            dossier = self.plain(when(number, 3))
            dossier.key = f"HSCU/2023/{number + 1:05d}"
            self.keep("odd-code", dossier)
        for number in self.each("odd-time"):
            dossier = self.plain(when(number, 2), online=True)
            self.raw(dossier, 0, {"HanTiepNhan": "trong 8 gio"})
            self.keep("odd-time", dossier)
        for number in self.each("unknown-procedure"):
            dossier = self.plain(when(number, 3))
            dossier.code = f"9.99990{number + 1}"
            self.keep("unknown-procedure", dossier)

    # --- what real systems do --------------------------------------------------------------------------------------------------
    def edits(self) -> None:
        """Plant dates that move, ends that change, and re-opened dossiers."""
        self._moved_dates()
        self._come_back()

    def _moved_dates(self) -> None:
        bulk = moment(2023, 6, 28, 16, 40, 0)
        for number in self.each("bulk-on-time"):
            dossier = self.plain(moment(2023, 5, 22 + number % 5, 8, 10 + number, 20), "H19.16.9", due_days=10 + number % 6, end_days=None)
            due = dossier.events[0][3]
            dossier.events.append((bulk + number * 2, FINISH, due, "ket_qua", NO_STEP))
            self.keep("bulk-on-time", dossier)
        for number in self.each("bulk-close"):
            dossier = self.plain(moment(2023, 8, 21 + number % 5, 9, 5 + number, 40), "H19.16.25", due_days=12, end_days=None)
            end = moment(2023, 8, 31, 16, 55, 1 + number * 2)
            dossier.events.append((end, FINISH, end, "ket_qua", SHOWN))
            self.keep("bulk-close", dossier)
        for number in self.each("due-moved"):
            dossier = self.plain(when(number, 6), due_days=5, end_days=9)
            due = dossier.events[0][3]
            moved = add_workdays(due // DAY, 2) * DAY + 50_000 + number
            dossier.events.insert(2, (moved, MOVE_DUE, moved, add_workdays(due // DAY, 6) * DAY + due % DAY, HIDDEN))
            self.keep("due-moved", dossier)
        for number in self.each("end-changed"):
            dossier = self.plain(when(number, 5), due_days=5, end_days=7, handed=False)
            due = dossier.events[0][3]
            changed = add_workdays(dossier.events[-1][0] // DAY, 4) * DAY + 55_003 + number
            dossier.events.append((changed, MOVE_END, changed, due - 3_600 + 7, HIDDEN))
            self.keep("end-changed", dossier)

    def _come_back(self) -> None:
        for number in self.each("step-hidden-later"):
            dossier = self.plain(when(number, 3))
            known, kind, happened, argument, _shown = dossier.events[1]
            dossier.events[1] = (known, kind, happened, argument, known + 8 * DAY)
            self.keep("step-hidden-later", dossier)
            self.planted["step-hidden-later"][-1] = wire_key(step_key(dossier, 1))
        for number in self.each("undo-handover"):
            dossier = self.plain(when(number, 2))
            at = dossier.events[-1][0]
            dossier.events += [(at + 3 * DAY, UNDO_HANDOVER, at + 3 * DAY, 0, SHOWN), (at + 7 * DAY, HANDOVER, at + 7 * DAY, 0, SHOWN)]
            self.keep("undo-handover", dossier)
        for number in self.each("re-opened"):
            dossier = self.plain(when(number, 3), handed=False)
            at = dossier.events[-1][0]
            dossier.events += [(at + 10 * DAY, REOPEN, at + 10 * DAY, 0, SHOWN), (at + 33 * DAY, FINISH, at + 33 * DAY, "ket_qua", SHOWN)]
            self.keep("re-opened", dossier)
        for _number in self.each("re-opened-open"):
            dossier = self.plain(moment(2023, 12, 14, 8, 40, 30), handed=False)
            dossier.events.append((JANUARY + 600, REOPEN, JANUARY + 600, 0, SHOWN))
            self.keep("re-opened-open", dossier)
        for number in self.each("second-round"):
            dossier = self.plain(when(number, 10), due_days=10, end_days=None)
            at, due = dossier.events[-1][0], dossier.events[0][3]
            for _round in range(2):
                asked, back = add_workdays(at // DAY, 1) * DAY + 35_011, add_workdays(at // DAY, 4) * DAY + 35_500
                due = add_workdays(due // DAY, 4) * DAY + due % DAY
                dossier.events += [(asked, ASK, asked, 0, SHOWN), (back, BACK, back, due, SHOWN)]
                at = back
            dossier.events.append((at + DAY, FINISH, at + DAY, "ket_qua", SHOWN))
            self.keep("second-round", dossier)

    def deletions(self) -> None:
        """Plant four kinds of deletions."""
        times = (moment(2022, 11, 8, 10), moment(2023, 4, 12, 10), moment(2023, 9, 6, 10), moment(2024, 1, 10, 10), moment(2024, 1, 16, 10))
        for number in self.each("deleted-silently"):
            dossier = self.plain(add_workdays(times[number] // DAY - 40, 0) * DAY + 34_567)
            dossier.events.append((times[number], VANISH, times[number], 0, NO_STEP))
            self.keep("deleted-silently", dossier)
        for _number, at in zip(self.each("deleted-sent"), (moment(2023, 10, 10, 11, 1), moment(2024, 1, 11, 11, 1)), strict=True):
            dossier = self.plain(add_workdays(at // DAY - 30, 0) * DAY + 34_890)
            dossier.events.append((at, DELETE, at, 0, NO_STEP))
            self.keep("deleted-sent", dossier)
        for _number in self.each("restored"):
            dossier = self.plain(moment(2023, 5, 16, 14, 2, 9))
            gone, back = moment(2023, 6, 12, 9, 30), moment(2023, 6, 21, 15, 20)
            dossier.events += [(gone, VANISH, gone, 0, NO_STEP), (back, RESTORE, back, 0, NO_STEP)]
            self.keep("restored", dossier)
        for _number in self.each("vanished"):
            dossier = self.plain(moment(2023, 11, 15, 14, 2, 9))
            at = moment(2024, 1, 17, 9, 30)
            dossier.events.append((at, VANISH, at, GONE_FOR_GOOD, NO_STEP))
            self.keep("vanished", dossier)

    def habits(self) -> None:
        """Plant repeated steps, NFD text, Saturdays, and results that do not count."""
        for number in range(ODDITIES["resync-step"].how_many // 2):
            dossier = self.plain(when(number, 30))
            first = dossier.events[0]
            for later in (3, 9):
                known = first[0] + later * DAY + 11 * later
                dossier.events.append((known, RESYNC, first[2], 0, SHOWN))
            dossier.events.sort(key=lambda event: event[0])
            self.keep("resync-step", dossier)
            self.planted["resync-step"].pop()
            self.planted["resync-step"] += [
                wire_key(step_key(dossier, place)) for place, event in enumerate(dossier.events) if event[1] == RESYNC
            ]
        for number in self.each("nfd"):
            dossier = self.plain(when(number, 20))
            dossier.nfd = True
            self.keep("nfd", dossier)
        saturdays = [day for day in range(moment(2022, 3, 5) // DAY, moment(2023, 11, 25) // DAY, 7) if not is_workday(day)]
        for number in self.each("day-off"):
            self.keep("day-off", self.plain(saturdays[number * len(saturdays) // 10] * DAY + 32_465))
        for number in self.each("result-is-paper"):
            dossier = self.plain(when(number, 40))
            dossier.same_paper, dossier.digitised = True, 1
            self.keep("result-is-paper", dossier)

    def money(self) -> None:
        """Plant the dossiers for the oddities of the payments."""
        for number in self.each("paid-without"):
            dossier = self.plain(when(number, 5), online=True, fee=True)
            dossier.paid_online = 1
            self.keep("paid-without", dossier)
        for code in (
            "paid-unsaid",
            "double-payment",
            "success-after-failure",
            "refund",
            "pending-for-ever",
            "before-dossier",
            "clock-12h-shiftable",
            "clock-12h-hidden",
            "other-day",
            "key-in-two-days",
            "unknown-unit-payment",
            "unknown-method",
            "unknown-kind",
            "unknown-state",
        ):
            for number in self.each(code):
                online = code in ("paid-unsaid", "double-payment", "success-after-failure", "refund", "pending-for-ever")
                dossier = self.plain(when(number, ODDITIES[code].how_many, (2022, 6, 1), (2023, 12, 10)), online=online, fee=True)
                if online and code not in ("paid-unsaid", "pending-for-ever"):
                    dossier.paid_online = 2
                if code == "before-dossier":
                    late = dossier.received + 3 * DAY + 77
                    dossier.events = [(max(late + place, event[0]), *event[1:]) for place, event in enumerate(dossier.events)]
                self.keep(code, dossier)
                self.paying.setdefault(code, []).append(dossier)
                if code != "paid-unsaid":  # the payments builder records the keys of its own rows
                    del self.planted[code]

    def all(self) -> None:
        """Everything the one-stop has."""
        self.critical()
        self.warnings()
        self.edits()
        self.deletions()
        self.habits()
        self.money()
