"""Payments that are asked for day by day (`mode: days`), over HTTP or from a database: the answer for a day is all of that day.

A day is asked for when it is over, so T of such a source is a midnight. A day that was not asked for stays as it is: no answer is not an
empty day. The answer for a day takes the place of the day's rows of before, as the file of a day does.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime, timedelta
from typing import Any

from cchc.errors import ContractViolation, NotConfigured
from cchc.sources.landing import Window
from cchc.sources.profile import Column, Entity, Profile
from cchc.sources.records import Intake

ASKED = "asked_day"
"""The key of a manifest of landing that has the day for which a source was asked; no file has it."""
REVISION = 1  # of two answers for a day the one of the later T is in force
HALF_DAY = timedelta(hours=12)


def last_midnight(profile: Profile, moment: datetime) -> datetime:
    """The beginning of the local day of a moment: up to then all days are over."""
    return moment.astimezone(profile.zone_info).replace(hour=0, minute=0, second=0, microsecond=0)


def days_of(profile: Profile, window: Window) -> list[date]:
    """The local days that a window touches and that are over at its end, oldest first. Raises NotConfigured if it has no beginning."""
    if window.start is not None:
        first = window.start.astimezone(profile.zone_info).date()
    elif profile.first_day is not None:
        first = profile.first_day
    else:
        raise NotConfigured(f"{profile.source}.yaml: with mode: days the profile needs 'first_day', the first day that is asked for.")
    end = last_midnight(profile, window.end).date()
    return [first + timedelta(days=number) for number in range(max(0, (end - first).days))]


def window_of(profile: Profile, day: date) -> Window:
    """The window of one local day, from midnight to midnight."""
    start, end = (datetime.combine(each, datetime.min.time(), profile.zone_info) for each in (day, day + timedelta(days=1)))
    return Window(start, end, explicit=True)


def time_field(entity: Entity) -> Column:
    """The column of the time of a payment, by whose field days are told apart. The profile was refused without it."""
    return next(column for column in entity.columns if column.name == "paid_at")


class DayIntake(Intake):
    """Takes the records of one day, and refuses those of another one: then the source did not keep to what it was asked for."""

    def __init__(self, profile: Profile, entity: Entity, day: date, privacy_key: bytes, *, lists_are_text: bool) -> None:
        super().__init__(profile, entity, window_of(profile, day), privacy_key, lists_are_text=lists_are_text)
        column = time_field(entity)
        self._day, self._where, self._zone = day, f"{profile.source} {entity.name}, day {day}", profile.zone_info
        self._field, self._read = column.source or "", profile.reading(column).reader()
        # a time written with a clock of 12 hours may stand half a day off
        self._off = HALF_DAY if column.shift_12h_onto is not None else timedelta(0)

    def take(self, records: Iterable[tuple[int, Any]]) -> list[bytes]:
        """The landing lines of (line, record) pairs. Raises ContractViolation if one has a time that lies on another day."""
        return super().take(self._require_day(line, record) for line, record in records)

    def _require_day(self, line: int, record: Any) -> tuple[int, Any]:
        value = record.get(self._field) if type(record) is dict else None
        at = None if value is None or self.is_missing(value) else self._read(value)
        if at is not None and not self._is_in_day(at):
            raise ContractViolation(
                f"{self._where}: record {line} has a time ({self._field}) of another day, so the source does not keep to the day that it "
                "is asked for. Nothing of this extract is used. Look at the window in the profile (from, to, times, end of http.paginator) "
                "and at its zone; if they are right, ask the owner of the source."
            )
        return line, record

    def _is_in_day(self, at: datetime) -> bool:
        return any((at + off).astimezone(self._zone).date() == self._day for off in {timedelta(0), self._off, -self._off})
