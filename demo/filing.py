"""Makes the dossiers of one unit and month: who comes with what, through which channel, and how it goes on from there.

One random stream for each (unit, month): the dossiers of a month do not depend on how many there were in another.
"""

from __future__ import annotations

import random

from demo import levels, people
from demo.catalogue import Offer, Procedure
from demo.clock import DAY, as_date, compact_day, day_number
from demo.dossiers import (
    ACCEPT,
    APOLOGY,
    APPRAISE,
    ASK,
    BACK,
    FEE,
    FINISH,
    FORWARD,
    HANDOVER,
    NO_STEP,
    PAID,
    REFUSE,
    RESULT_FILE,
    RESULT_NONE,
    RESULT_PAPER,
    RESULT_SIGNED,
    SHOWN,
    STOP,
    SUBMIT,
    WITHDRAW,
    Dossier,
    Event,
    cut,
)
from demo.units import COMMUNES, ISO_FROM, ISO_UNIT, ISO_UTC_UNIT, Unit, dossier_prefix
from demo.workdays import add_workdays, office_time, workdays_between, workdays_of_month

_ISO_FROM = day_number(*ISO_FROM) * DAY
MONTHS: list[tuple[int, int]] = [(2021, 12)] + [(year, month) for year in (2022, 2023) for month in range(1, 13)] + [(2024, 1)]


def due_time(procedure: Procedure, received: int) -> int:
    """The promised return: the legal time after reception, same clock time, seconds dropped; 0 where the case has none."""
    if not procedure.has_due:
        return 0
    day, second = divmod(received, DAY)
    second -= second % 60
    if procedure.time == 0:
        return day * DAY + 17 * 3600
    unit = procedure.time_unit
    if unit == "gio":
        due_day = add_workdays(day, procedure.time // 8)
    elif unit == "ngay_lam_viec":
        due_day = add_workdays(day, procedure.time)
    else:
        due_day = add_workdays(day + procedure.time * (30 if unit == "thang" else 1), 0)
    return due_day * DAY + second


class Registry:
    """Gives out dossier codes and keeps all dossiers in the order in which they were made."""

    def __init__(self) -> None:
        self.dossiers: list[Dossier] = []
        self._serials: dict[str, int] = {}

    def new_key(self, unit: Unit, at: int) -> str:
        """The next code of the unit and day."""
        day = at // DAY
        date = as_date(day)
        prefix = f"{dossier_prefix(unit, date.year, date.month)}-{compact_day(day)[2:]}"
        serial = self._serials[prefix] = self._serials.get(prefix, 0) + 1
        return f"{prefix}-{serial:04d}"

    def add(self, dossier: Dossier) -> bool:
        """Keep a dossier if anything of it becomes known before the end of the demo."""
        dossier.events = cut(dossier.events)
        if not dossier.events:
            return False
        dossier.number = len(self.dossiers) + 1
        self.dossiers.append(dossier)
        return True


def blank(registry: Registry, unit: Unit, procedure: Procedure, submitted: int, received: int) -> Dossier:
    """A dossier in person with two papers and nothing special; the caller changes what it wants and sets the events."""
    dossier = Dossier()
    dossier.key = registry.new_key(unit, submitted)
    dossier.second_key = ""
    dossier.procedure, dossier.code, dossier.unit, dossier.receiving_unit = procedure, procedure.code, unit, unit.code
    dossier.channel, dossier.level, dossier.person, dossier.applicant = 1, procedure.level_at(submitted // DAY), 0, 1
    dossier.submitted, dossier.received, dossier.accept_by = submitted, received, 0
    dossier.papers, dossier.digitised, dossier.reused = 2, 0, 0
    dossier.from_store = dossier.verified = dossier.population = dossier.by_post = dossier.nfd = dossier.same_paper = False
    dossier.result = RESULT_PAPER if procedure.paper else RESULT_NONE
    dossier.fee, dossier.fee_when, dossier.paid_online, dossier.portal = procedure.fee, 1, 0, 2
    dossier.iso = 0
    if submitted >= _ISO_FROM:
        dossier.iso = 1 if unit.code == ISO_UNIT else 2 if unit.code == ISO_UTC_UNIT else 0
    dossier.events = []
    return dossier


def _finish_time(rnd: random.Random, received: int, start: int, due: int, limit: int, late: bool) -> int:
    """When the processing ends: `start` is the reception or the last supplement, `limit` the legal days where there is no due."""
    share = rnd.random()
    start_day = start // DAY
    if due == 0:
        end_day = add_workdays(start_day, int(share * max(1, limit)))
    elif late:
        end_day = add_workdays(due // DAY, 1 + int(9 * share * share))
    else:
        due_day = due // DAY
        if share < 0.24 or due_day <= start_day:
            end_day = due_day
        else:
            end_day = add_workdays(start_day, int((share - 0.24) / 0.76 * workdays_between(start_day, due_day)))
    if end_day <= start_day:
        end = min(start + 420 + int(rnd.random() * 6_000), start_day * DAY + 61_100)
        end = max(end, start + 120)
    else:
        end = office_time(end_day, rnd.random())
    # never on the full minute: an end equal to the due time, to the second, is made on purpose or not at all
    return end - end % 60 + 1 + int(rnd.random() * 58)


def _journey(rnd: random.Random, dossier: Dossier, received: int, p_late: float) -> list[Event]:
    """The events from the reception on."""
    draw = rnd.random
    procedure = dossier.procedure
    due = due_time(procedure, received)
    lag = 0 if draw() > 0.025 else int((0.3 + 3 * draw()) * DAY)
    known = received + lag
    events: list[Event] = [(known, ACCEPT, received, due, SHOWN)]
    days = 0 if procedure.time_unit == "gio" and procedure.time <= 8 else procedure.time * (20 if procedure.time_unit == "thang" else 1)
    at = received
    if procedure.time > 0:
        at = received + 600 + int(draw() * 5_400)
        known = max(known, at)
        events.append((known, FORWARD, at, 0, SHOWN))
    start = at
    fate = draw()
    outcome = "ket_qua" if fate < 0.955 else "tra_lai" if fate < 0.977 else "xin_rut" if fate < 0.988 else "xin_loi" if fate < 0.99 else ""
    if days >= 3 and draw() < (0.07 if procedure.unit.level == "district" else 0.04):
        rounds = 2 if draw() < 0.05 else 1
        for _round in range(rounds):
            asked_day = add_workdays(start // DAY, 1 if days < 6 else 1 + int(draw() * 3))
            asked = office_time(asked_day, draw())
            known = max(known, asked)
            events.append((known, ASK, asked, 0, SHOWN))
            if draw() < 0.06:
                return events  # the applicant never comes back
            back_day = add_workdays(asked_day, 1 + int(draw() * 8))
            at = office_time(back_day, draw())
            known = max(known, at)
            if due:
                due = add_workdays(due // DAY, workdays_between(asked_day, back_day) + 1) * DAY + due % DAY
            events.append((known, BACK, at, due, SHOWN))
            start = at
    elif procedure.unit.code == "H19.16.6" and draw() < 0.06:
        asked_day = add_workdays(start // DAY, 2)
        asked = office_time(asked_day, draw())
        known = max(known, asked)
        events.append((known, FEE, asked, 0, SHOWN))
        if draw() < 0.08:
            return events
        at = office_time(add_workdays(asked_day, 1 + int(draw() * 4)), draw())
        known = max(known, at)
        events.append((known, PAID, at, 0, SHOWN))
        start = at
    late = draw() < p_late and due > 0
    end = _finish_time(rnd, received, start, due, days, late)
    if days >= 10 and end - start > 2 * DAY:
        at = start + int((end - start) * 0.7)
        at = add_workdays(at // DAY, 0) * DAY + 36_000 + int(draw() * 3_000)
        if start < at < end:
            known = max(known, at)
            events.append((known, APPRAISE, at, 0, SHOWN))
    if late and draw() < 0.72:
        at = due - due % DAY + 57_600 + int(draw() * 2_000)
        if at > known:
            known = at
            events.append((known, APOLOGY, at, 0, SHOWN))
    if not outcome:  # the rare ends
        if fate < 0.993:
            events.append((max(known, end), STOP, end, end if draw() < 0.6 else 0, SHOWN))
        elif fate < 0.9945:
            events.append((max(known, end), WITHDRAW, end, 0, SHOWN))
        elif fate < 0.996:
            events.append((max(known, end), REFUSE, end, end, SHOWN))
        else:
            outcome = "ket_qua"
        if not outcome:
            return events
    lag = 0 if draw() > 0.03 else int((0.5 + 3 * draw()) * DAY)
    known = max(known, end + lag)
    events.append((known, FINISH, end, outcome, SHOWN))
    pick_up = draw()
    if pick_up < 0.94:
        if pick_up < 0.55 and end % DAY < 60_000:
            at = end + 240 + int(draw() * 1_500)
        else:
            at = office_time(add_workdays(end // DAY, 1 + int(draw() * 3)), draw())
        known = max(known + 1, at)
        events.append((known, HANDOVER, at, 0, SHOWN))
    return events


def file_month(registry: Registry, offer: Offer, year: int, month: int, scale: float, seed: int) -> None:
    """Make the dossiers that a unit accepts (or refuses) in a month."""
    unit = offer.unit
    rnd = random.Random(f"{seed}/dossiers/{unit.code}/{year}-{month:02d}")
    draw = rnd.random
    count = int(levels.dossiers_of_month(unit.code, year, month, scale) + draw())
    if not count:
        return
    days = workdays_of_month(year, month)
    times = sorted(office_time(days[int(draw() * len(days))], draw()) for _ in range(count))
    level = levels.LEVELS[unit.code]
    middle = times[len(times) // 2]
    p_online = min(0.97, levels.better(level.online, middle) / max(0.2, offer.online_share(middle // DAY)))
    p_digital = levels.better(level.digitised, middle)
    p_signed = levels.better(level.e_result, middle)
    p_late = levels.fewer(level.late, middle)
    no_e_certification = unit.code in levels.NO_E_CERTIFICATION
    last_person = people.COUNT
    for received in times:
        procedure = offer.draw(draw(), received // DAY)
        online = procedure.level_at(received // DAY) >= 3 and draw() < p_online
        submitted = received - 300 - int(draw() * 28_000) if online else received
        dossier = blank(registry, unit, procedure, submitted, received)
        dossier.person = 1 + int(draw() * (last_person - 1))
        chance = draw()
        dossier.applicant = 1 if chance < 0.9 else 2 if chance < 0.97 else 3 if chance < 0.985 else 4
        dossier.papers = 1 + int(draw() * 3)
        if online:
            dossier.channel = 2
            dossier.level = procedure.level_at(submitted // DAY) if procedure.level_at(submitted // DAY) > 2 else 3
            dossier.accept_by = add_workdays(submitted // DAY, 1) * DAY + submitted % DAY
            dossier.portal = 1 if draw() < 0.35 else 2
        elif draw() < 0.012:
            dossier.channel = 3
        if draw() < p_digital:
            dossier.digitised = 1 + int(draw() * dossier.papers)
        chance = draw()
        if chance < 0.25:
            dossier.reused = 1 if chance < 0.05 else 0
            dossier.from_store = chance < 0.03
            dossier.population = True
            dossier.verified = online or chance < 0.08
        if procedure.paper:
            chance = draw()
            if chance < p_signed and not (procedure.certification and no_e_certification):
                dossier.result = RESULT_SIGNED
            elif chance < p_signed + 0.12:
                dossier.result = RESULT_FILE
        if draw() < 0.10:
            dossier.second_key = f"{unit.code}-{compact_day(submitted // DAY)[2:]}-{10_000 + int(draw() * 89_999)}"
        if draw() < 0.03:
            dossier.receiving_unit = COMMUNES[int(draw() * len(COMMUNES))].code
        if draw() < 0.05:
            dossier.code = f"{procedure.code}.000.00.00.H19"
        dossier.by_post = draw() < 0.05
        dossier.fee_when = 1 if draw() < 0.8 else 4
        if online:
            events: list[Event] = [(submitted, SUBMIT, submitted, 0, SHOWN)]
            if draw() < 0.02:  # refused before acceptance: it never has a reception
                dossier.received = 0
                events.append((received, REFUSE, received, received, SHOWN if draw() < 0.9 else NO_STEP))
            else:
                events += _journey(rnd, dossier, received, p_late)
            dossier.events = events
        else:
            dossier.events = _journey(rnd, dossier, received, p_late)
        registry.add(dossier)


def file_all(registry: Registry, offers: dict[str, Offer], scale: float, seed: int) -> None:
    """All dossiers of all units and months of the demo."""
    for year, month in MONTHS:
        for offer in offers.values():
            file_month(registry, offer, year, month, scale, seed)
