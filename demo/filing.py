"""Generates the dossiers of one unit and month: applicant, procedure, channel, and the events that follow.

One random stream for each (unit, month): the dossiers of a month do not depend on how many there were in another.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from demo import levels, people
from demo.catalogue import Offer, Procedure
from demo.clock import DAY, FOREVER, YEAR, as_date, compact_day, day_number
from demo.dossiers import (
    ACCEPT,
    APOLOGY,
    APPRAISE,
    ASK,
    BACK,
    ENDS,
    FEE,
    FINISH,
    FORWARD,
    HAND_ON,
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
from demo.units import ISO_FROM, ISO_UNIT, ISO_UTC_UNIT, PORTAL, Unit, communes_there, dossier_prefix
from demo.workdays import add_workdays, office_time, workdays_between, workdays_of_month

_ISO_FROM = day_number(*ISO_FROM) * DAY
MONTHS: list[tuple[int, int]] = [(YEAR - 2, 12)] + [(year, month) for year in (YEAR - 1, YEAR) for month in range(1, 13)] + [(YEAR + 1, 1)]


def due_time(procedure: Procedure, received: int) -> int:
    """The promised time of return: the legal time after reception, at the same time of day without seconds; 0 if the case has none."""
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
    """Assigns dossier codes, and keeps all dossiers in the order of their creation."""

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
        """Keep a dossier if it becomes known before the end of the demo."""
        dossier.events = cut(dossier.events)
        if not dossier.events:
            return False
        dossier.number = len(self.dossiers) + 1
        self.dossiers.append(dossier)
        return True


def blank(registry: Registry, unit: Unit, procedure: Procedure, submitted: int, received: int) -> Dossier:
    """A dossier filed in person with two papers and nothing special; the caller changes attributes and sets the events."""
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
    """When the processing ends. `start`: the reception or the last supplement; `limit`: the legal days if there is no due."""
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
    # never on the full minute, so that an end equal to the due to the second is always a planted one
    return end - end % 60 + 1 + int(rnd.random() * 58)


class _Journey:
    """The events of one dossier from the reception on, and its present state. All steps draw from the same random stream in order."""

    def __init__(self, rnd: random.Random, dossier: Dossier, received: int) -> None:
        self.rnd, self.draw = rnd, rnd.random
        self.procedure = procedure = dossier.procedure
        self.received = self.start = received
        self.due = due_time(procedure, received)
        self.known = received
        self.days = (
            0 if procedure.time_unit == "gio" and procedure.time <= 8 else procedure.time * (20 if procedure.time_unit == "thang" else 1)
        )
        self.events: list[Event] = []

    def happens(self, kind: int, at: int, argument: Any = 0) -> None:
        """Add an event at the second `at`. It becomes known then, but not before the event before it."""
        self.known = max(self.known, at)
        self.events.append((self.known, kind, at, argument, SHOWN))

    def go(self, p_late: float) -> list[Event]:
        """Add all events until the dossier ends or waits."""
        self._accept()
        fate = self.draw()
        if not self._wait_for_applicant():
            return self.events
        late = self.draw() < p_late and self.due > 0
        end = _finish_time(self.rnd, self.received, self.start, self.due, self.days, late)
        self._process(end, late)
        outcome = _outcome(fate)
        if outcome:
            self._finish(end, outcome)
        else:
            self._end_rarely(end, fate)
        return self.events

    def _accept(self) -> None:
        lag = 0 if self.draw() > 0.025 else int((0.3 + 3 * self.draw()) * DAY)
        self.known += lag
        self.happens(ACCEPT, self.received, self.due)
        if self.procedure.time > 0:
            self.start = self.received + 600 + int(self.draw() * 5_400)
            self.happens(FORWARD, self.start)

    def _wait_for_applicant(self) -> bool:
        """Add supplement rounds, or a fee to pay. Returns False if the applicant never comes back."""
        draw, unit = self.draw, self.procedure.unit
        if self.days >= 3 and draw() < (0.04 if unit.is_local else 0.07):
            rounds = 2 if draw() < 0.05 else 1
            return all(self._supplement() for _round in range(rounds))
        if unit.code == "H19.16.6" and draw() < 0.06:
            return self._pay()
        return True

    def _supplement(self) -> bool:
        draw = self.draw
        asked_day = add_workdays(self.start // DAY, 1 if self.days < 6 else 1 + int(draw() * 3))
        self.happens(ASK, office_time(asked_day, draw()))
        if draw() < 0.06:
            return False
        back_day = add_workdays(asked_day, 1 + int(draw() * 8))
        self.start = office_time(back_day, draw())
        if self.due:
            self.due = add_workdays(self.due // DAY, workdays_between(asked_day, back_day) + 1) * DAY + self.due % DAY
        self.happens(BACK, self.start, self.due)
        return True

    def _pay(self) -> bool:
        draw = self.draw
        asked_day = add_workdays(self.start // DAY, 2)
        self.happens(FEE, office_time(asked_day, draw()))
        if draw() < 0.08:
            return False
        self.start = office_time(add_workdays(asked_day, 1 + int(draw() * 4)), draw())
        self.happens(PAID, self.start)
        return True

    def _process(self, end: int, late: bool) -> None:
        """Add the appraisal of long procedures, and the apology for most late ones."""
        start, draw = self.start, self.draw
        if self.days >= 10 and end - start > 2 * DAY:
            at = start + int((end - start) * 0.7)
            at = add_workdays(at // DAY, 0) * DAY + 36_000 + int(draw() * 3_000)
            if start < at < end:
                self.happens(APPRAISE, at)
        if late and draw() < 0.72:
            at = self.due - self.due % DAY + 57_600 + int(draw() * 2_000)
            if at > self.known:
                self.happens(APOLOGY, at)

    def _end_rarely(self, end: int, fate: float) -> None:
        if fate < 0.993:
            self.happens(STOP, end, end if self.draw() < 0.6 else 0)
        elif fate < 0.9945:
            self.happens(WITHDRAW, end)
        else:
            self.happens(REFUSE, end, end)

    def _finish(self, end: int, outcome: str) -> None:
        draw = self.draw
        lag = 0 if draw() > 0.03 else int((0.5 + 3 * draw()) * DAY)
        self.known = max(self.known, end + lag)
        self.happens(FINISH, end, outcome)
        pick_up = draw()
        if pick_up < 0.94:
            if pick_up < 0.55 and end % DAY < 60_000:
                at = end + 240 + int(draw() * 1_500)
            else:
                at = office_time(add_workdays(end // DAY, 1 + int(draw() * 3)), draw())
            self.known += 1
            self.happens(HANDOVER, at)


def _outcome(fate: float) -> str:
    """The outcome of a finished dossier; "" if it ends in another way."""
    if fate < 0.955 or fate >= 0.996:
        return "ket_qua"
    return "tra_lai" if fate < 0.977 else "xin_rut" if fate < 0.988 else "xin_loi" if fate < 0.99 else ""


@dataclass(frozen=True)
class _Chances:
    """The probabilities that dossiers of one unit and month come online, have scanned papers or a signed result, or are late."""

    online: float
    digital: float
    signed: float
    late: float


def _chances(offer: Offer, middle: int) -> _Chances:
    level = levels.LEVELS[offer.unit.code]
    return _Chances(
        online=min(0.97, levels.better(level.online, middle) / max(0.2, offer.online_share(middle // DAY))),
        digital=levels.better(level.digitised, middle),
        signed=levels.better(level.e_result, middle),
        late=levels.fewer(level.late, middle),
    )


def file_month(registry: Registry, offer: Offer, year: int, month: int, scale: float, seed: int) -> None:
    """Generate the dossiers that a unit accepts (or refuses) in a month."""
    unit = offer.unit
    rnd = random.Random(f"{seed}/dossiers/{unit.code}/{year}-{month:02d}")
    draw = rnd.random
    whole = workdays_of_month(year, month)
    days = [day for day in whole if unit.is_there(day)]
    if not days:
        return
    count = int(levels.dossiers_of_month(unit.code, year, month, scale) * (len(days) / len(whole)) + draw())
    if not count:
        return
    times = sorted(office_time(days[int(draw() * len(days))], draw()) for _ in range(count))
    chances = _chances(offer, times[len(times) // 2])
    for received in times:
        dossier = _file(registry, offer, rnd, received, chances)
        if unit.last < FOREVER:
            _hand_on(dossier, draw)
        registry.add(dossier)


def _hand_on(dossier: Dossier, draw: Callable[[], float]) -> None:
    """Where the unit ends before the dossier does, the one-stop gives about half of them to the unit that takes its place.

    The others stay with the unit that ended, as they do where nobody writes them over.
    """
    unit = dossier.unit
    at = (unit.last + 1) * DAY + 7 * 3600 + int(draw() * 3600)
    is_open = dossier.events[0][0] < at and all(kind not in ENDS for known, kind, *_rest in dossier.events if known < at)
    if unit.successor and is_open and draw() < 0.5:
        place = sum(event[0] <= at for event in dossier.events)
        dossier.events.insert(place, (at, HAND_ON, at, unit.successor, NO_STEP))


def _file(registry: Registry, offer: Offer, rnd: random.Random, received: int, chances: _Chances) -> Dossier:
    """Generate one dossier with its events. The order of the draws from the random stream is fixed."""
    draw = rnd.random
    procedure = offer.draw(draw(), received // DAY)
    chance = chances.online if procedure.online is None else procedure.online
    online = procedure.level_at(received // DAY) >= 3 and draw() < chance
    submitted = received - 300 - int(draw() * 28_000) if online else received
    dossier = blank(registry, offer.unit, procedure, submitted, received)
    dossier.person = 1 + int(draw() * (people.COUNT - 1))
    chance = draw()
    dossier.applicant = 1 if chance < 0.9 else 2 if chance < 0.97 else 3 if chance < 0.985 else 4
    dossier.papers = 1 + int(draw() * 3)
    _draw_channel(dossier, draw, online)
    _draw_papers(dossier, draw, online, chances)
    _draw_extras(dossier, draw)
    if not online:
        dossier.events = _Journey(rnd, dossier, received).go(chances.late)
        return dossier
    dossier.events = [(submitted, SUBMIT, submitted, 0, SHOWN)]
    if draw() < 0.02:  # refused before acceptance, so it has no reception
        dossier.received = 0
        dossier.events.append((received, REFUSE, received, received, SHOWN if draw() < 0.9 else NO_STEP))
    else:
        dossier.events += _Journey(rnd, dossier, received).go(chances.late)
    return dossier


def _draw_channel(dossier: Dossier, draw: Callable[[], float], online: bool) -> None:
    submitted = dossier.submitted
    if online:
        dossier.channel = 2
        level = dossier.procedure.level_at(submitted // DAY)
        dossier.level = level if level > 2 else 3
        dossier.accept_by = add_workdays(submitted // DAY, 1) * DAY + submitted % DAY
        dossier.portal = 1 if draw() < 0.35 else 2
    elif draw() < 0.012:
        dossier.channel = 3


def _draw_papers(dossier: Dossier, draw: Callable[[], float], online: bool, chances: _Chances) -> None:
    """Draw how many papers are scanned, what is reused or comes from the population database, and the form of the result."""
    if draw() < chances.digital:
        dossier.digitised = 1 + int(draw() * dossier.papers)
    chance = draw()
    if chance < 0.25:
        dossier.reused = 1 if chance < 0.05 else 0
        dossier.from_store = chance < 0.03
        dossier.population = True
        dossier.verified = online or chance < 0.08
    procedure = dossier.procedure
    if procedure.paper:
        chance = draw()
        if chance < chances.signed and not (procedure.certification and dossier.unit.code in levels.NO_E_CERTIFICATION):
            dossier.result = RESULT_SIGNED
        elif chance < chances.signed + 0.12:
            dossier.result = RESULT_FILE


def _draw_extras(dossier: Dossier, draw: Callable[[], float]) -> None:
    """Draw what only some dossiers have: a second key, another receiving unit, a longer code, delivery by post, a fee at the end."""
    if draw() < 0.10:
        dossier.second_key = f"{dossier.unit.code}-{compact_day(dossier.submitted // DAY)[2:]}-{10_000 + int(draw() * 89_999)}"
    if draw() < 0.03:
        counters = communes_there(dossier.submitted // DAY)
        dossier.receiving_unit = counters[int(draw() * len(counters))].code
    if draw() < 0.05:
        dossier.code = f"{dossier.procedure.code}.000.00.00.{PORTAL}"
    dossier.by_post = draw() < 0.05
    dossier.fee_when = 1 if draw() < 0.8 else 4


def file_all(registry: Registry, offers: dict[str, Offer], scale: float, seed: int) -> None:
    """All dossiers of all units and months of the demo."""
    for year, month in MONTHS:
        for offer in offers.values():
            file_month(registry, offer, year, month, scale, seed)
