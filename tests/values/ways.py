"""Made-up dossiers as several vendors write them, and a small count of the indicators from their definitions, which knows nothing of SQL.

The count follows docs/reference/indicators.md: versions by change time then delivery, ends, dues, first dues, pauses, what is past due.
"""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time, timedelta, timezone

LOCAL = timezone(timedelta(hours=7))
UNITS = ("H19.16.3", "H19.16.21", "H19.16.22")
ENDED = ("7", "8", "9", "10")
CLOCKS = (time(0, 0), time(6, 30), time(9, 15), time(12, 0), time(17, 0), time(23, 59, 59))
Side = tuple[int, int]


@dataclass(frozen=True)
class Version:
    """A delivered version; times are moments. `delivery`: in which delivery it came. `rounds`: asked, back, due before, due after."""

    changed: datetime
    delivery: int
    status: str
    received: datetime | None
    due: datetime | None
    processed: datetime | None
    unit: str
    channel: str
    is_digitized: bool
    rounds: tuple[tuple[datetime, datetime | None, datetime | None, datetime | None], ...] = ()
    deleted: bool = False
    place: int = 0

    @property
    def is_good(self) -> bool:
        """Whether it passes the critical checks that this world can break: K1 (status) and K6 (unit)."""
        return self.status in {str(n) for n in range(1, 11)} and self.unit in UNITS


@dataclass(frozen=True)
class Step:
    """A visible step."""

    code: str
    done: datetime
    status: str


@dataclass
class Dossier:
    """A dossier with its versions in the order of delivery."""

    code: str
    versions: list[Version]
    steps: list[Step] = field(default_factory=list)

    def known(self) -> list[Version]:
        """Its versions by change time; of two with the same one the later delivered."""
        by_time = {version.changed: version for version in sorted(self.versions, key=lambda each: (each.delivery, each.place))}
        return [by_time[changed] for changed in sorted(by_time)]


def local_day(moment: datetime) -> date:
    """The day of a moment at the authority."""
    return moment.astimezone(LOCAL).date()


def midnight(day: date) -> datetime:
    """The beginning of a local day."""
    return datetime.combine(day, time(), LOCAL)


class Known:
    """What is known of a dossier at T."""

    def __init__(self, dossier: Dossier) -> None:
        self.dossier, self.versions = dossier, dossier.known()
        self.newest = self.versions[-1]
        self.counts = not self.newest.deleted and self.newest.is_good and self.newest.received is not None
        self.end = self._end()

    def _end(self) -> datetime | None:
        newest = self.newest
        if newest.status not in ENDED:
            return None
        if newest.processed is not None:
            return newest.processed
        steps = sorted(self.dossier.steps, key=lambda step: (step.done, step.code))
        for status in {"9": ("9", "10"), "10": ("9", "10"), "7": ("7",)}.get(newest.status, ()):
            for step in steps:
                if step.status == status:
                    return step.done
        return None

    @property
    def is_resolved(self) -> bool:
        return self.newest.status in ("9", "10")

    def due(self, moment: datetime) -> datetime | None:
        """The due in force before a moment."""
        good = [version for version in self.versions if version.is_good]
        before = [version for version in good if version.changed < moment]
        if not before:
            later = [(back, due) for _, back, due, _ in good[0].rounds if back is not None and due is not None and back >= moment]
            return min(later)[1] if later else good[0].due
        last = before[-1]
        moved = [(back, after) for _, back, _, after in self.newest.rounds if back and after and last.changed <= back < moment]
        return max(after for _, after in moved) if moved else last.due

    def due_day(self, j: datetime) -> date | None:
        """The day of the due that judges the dossier: before the end of its last day, or at J where it is open."""
        due = self.due(midnight(local_day(self.end) + timedelta(days=1)) if self.end is not None and self.end < j else j)
        return None if due is None else local_day(due)

    def first_due_day(self) -> date | None:
        good = [version for version in self.versions if version.is_good]
        promised = [version.due for version in good if version.due is not None][:1]
        delivered = [version for version in self.dossier.versions if version.is_good]
        promised += [before for version in delivered for _, _, before, _ in version.rounds if before is not None]
        return local_day(min(promised)) if promised else None

    def is_open(self, j: datetime) -> bool:
        """Whether it is open at J."""
        assert self.newest.received is not None
        return self.newest.received < j and (self.end is None or self.end >= j)

    def paused_since(self, j: datetime) -> date | None:
        """The day on which the pause began that holds at J."""
        asked = [r[0] for r in self.newest.rounds if r[0] < j and (r[1] is None or r[1] >= j)]
        begun = [min(asked)] if asked else []
        steps = sorted((step for step in self.dossier.steps if step.done < j), key=lambda step: (step.done, step.code))
        if steps and steps[-1].status in ("6", "8"):
            run = steps[-1]
            for step in reversed(steps):
                if step.status != run.status:
                    break
                run = step
            begun.append(run.done)
        return local_day(min(begun)) if begun else None

    def is_past_due(self, j: datetime) -> bool:
        """Whether it is open at J and past due on the day before J."""
        due = self.due_day(j)
        return due is not None and due < (self.paused_since(j) or local_day(j - timedelta(microseconds=1)))


def counted(dossiers: Iterable[Dossier], first: date, before: date, unit: str | None = None) -> dict[str, Side]:
    """Numerator and denominator of the indicators of dossiers in a period that is over, and the columns of form II.06a."""
    return {name: (len(over), len(under)) for name, (over, under) in behind(dossiers, first, before, unit).items()}


def behind(dossiers: Iterable[Dossier], first: date, before: date, unit: str | None = None) -> dict[str, tuple[set[str], set[str]]]:
    """The codes of the dossiers behind the same: in the numerator and in the denominator, or in two columns of the form."""
    start, j = midnight(first), midnight(before)
    found: defaultdict[str, set[str]] = defaultdict(set)
    for dossier in dossiers:
        one = Known(dossier)
        if not one.counts or unit not in (None, one.newest.unit):
            continue
        for name in _counts(one, start, j):
            assert dossier.code not in found[name], f"{dossier.code} counts twice in {name}"
            found[name].add(dossier.code)
    return {
        "dossier_on_time_rate": (found["on_time"], found["resolved"]),
        "dossier_on_time_first_due_rate": (found["first_on_time"], found["first_resolved"]),
        "dossier_in_time_overall_rate": (found["in_time"], found["worked_on"]),
        "online_dossier_rate": (found["online"], found["received"]),
        "dossier_digitized_rate": (found["digitized"], found["received"]),
        "form 6, 8": (found["c6"], found["c8"]),
        "form 9, 10": (found["c9"], found["c10"]),
        "form 12, 13": (found["c12"], found["c13"]),
    }


def _counts(one: Known, start: datetime, j: datetime) -> Iterator[str]:
    """In what a dossier that counts is counted, from the start of a period to its end J."""
    received, end = one.newest.received, one.end
    assert received is not None
    was_open, is_open = one.is_open(start), one.is_open(j)
    is_new = start <= received < j
    due = one.due_day(j)
    said = {"received": is_new, "online": is_new and one.newest.channel == "2", "digitized": is_new and one.newest.is_digitized}
    if end is not None and start <= end < j:
        first_due, day = one.first_due_day(), local_day(end)
        is_judged = one.newest.status != "7" and due is not None
        said |= {
            "resolved": one.is_resolved and due is not None,
            "on_time": one.is_resolved and due is not None and day <= due,
            "first_resolved": one.is_resolved and first_due is not None,
            "first_on_time": one.is_resolved and first_due is not None and day <= first_due,
            "in_time": due is not None and day <= due,
            "c8": is_judged and due is not None and day < due,
            "c10": is_judged and due is not None and day > due,
            "c9": not is_judged or day == due,
        }
    if is_open:
        said |= {"c13": one.is_past_due(j), "c12": not one.is_past_due(j), "in_time": due is not None and not one.is_past_due(j)}
    said |= {"worked_on": (is_new or was_open) and due is not None, "c6": was_open}
    yield from (name for name, is_so in said.items() if is_so)


def world(prefix: str, seed: int, count: int, *, day_clock: bool = False, flags: bool = False) -> list[Dossier]:
    """Dossiers by chance, of which some stand at the edges of days and months. `day_clock`: change times are days. `flags`: some are deleted."""
    chance = random.Random(seed)
    return [_dossier(chance, f"{prefix}-{number:03d}", day_clock=day_clock, flags=flags) for number in range(count)]


def _moment(chance: random.Random, day: date) -> datetime:
    return datetime.combine(day, chance.choice(CLOCKS), LOCAL)


def _dossier(chance: random.Random, code: str, *, day_clock: bool, flags: bool) -> Dossier:
    first = chance.choice([date(2023, 1, 31), date(2023, 2, 1), date(2022, 12, 20) + timedelta(days=chance.randrange(180))])
    received = _moment(chance, first)
    due = None if chance.random() < 0.1 else _moment(chance, first + timedelta(days=chance.randrange(1, 15)))
    one = Version(
        received + timedelta(minutes=1), 0, "4", received, due, None, chance.choice(UNITS), chance.choice("123"), chance.random() < 0.5
    )
    one = replace(one, changed=max(one.changed, received))
    versions, steps = [one], [Step(f"{code}/1", received, "2")]
    at = received
    if chance.random() < 0.4:  # a supplement round, perhaps not back yet
        asked = at + timedelta(days=chance.randrange(1, 6), hours=1)
        back = asked + timedelta(days=chance.randrange(1, 9)) if chance.random() < 0.7 else None
        after = None if back is None or due is None else due + (back - asked)
        at = back or asked
        one = replace(
            one,
            changed=at + timedelta(hours=1),
            rounds=((asked, back, due, after),),
            due=one.due if chance.random() < 0.5 else after or one.due,
        )
        versions.append(one)
    if chance.random() < 0.3:  # it moves to another unit, and its due with it
        at += timedelta(days=chance.randrange(1, 5))
        one = replace(
            one, changed=at + timedelta(hours=2), unit=chance.choice(UNITS), due=None if one.due is None else one.due + timedelta(days=2)
        )
        versions.append(one)
    if chance.random() < 0.2:
        steps.append(Step(f"{code}/2", at + timedelta(hours=3), chance.choice("68")))
    if chance.random() < 0.75:
        end = _moment(chance, local_day(at) + timedelta(days=chance.randrange(1, 20)))
        status = chance.choice(["9", "10", "10", "7", "8"])
        by_steps = status in ("9", "10") and chance.random() < 0.3
        one = replace(one, changed=end + timedelta(minutes=2), status=status, processed=None if by_steps else end)
        versions.append(one)
        steps.append(Step(f"{code}/3", end, status))
    if chance.random() < 0.15:  # the same moment again, with other content
        versions.append(replace(one, channel=chance.choice("123"), is_digitized=not one.is_digitized))
    if flags and chance.random() < 0.4:  # deleted, and perhaps restored
        one = replace(versions[-1], changed=versions[-1].changed + timedelta(days=1), deleted=True)
        versions += [one, replace(one, changed=one.changed + timedelta(days=1), deleted=False)][: chance.choice([1, 1, 2])]
    if day_clock:
        versions = [replace(version, changed=midnight(local_day(version.changed))) for version in versions]
    # what changed before May came with the first delivery; the rest, and what has the moment of another one, with the second
    early, until = midnight(date(2023, 5, 1)), midnight(date(2023, 7, 1))
    placed: list[Version] = []
    for place, version in enumerate(version for version in versions if version.changed < until):
        is_again = any(other.changed == version.changed for other in placed)
        placed.append(replace(version, delivery=int(is_again or version.changed >= early), place=place))
    versions = placed
    return Dossier(code, versions, [step for step in steps if step.done < midnight(date(2023, 7, 1))])


def rows(dossiers: Iterable[Dossier], delivery: int) -> Iterator[tuple[Dossier, Version]]:
    """The versions that come with a delivery, in their order."""
    for dossier in dossiers:
        for version in sorted(dossier.versions, key=lambda each: each.place):
            if version.delivery == delivery:
                yield dossier, version
