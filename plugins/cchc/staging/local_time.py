"""Convert whole columns of times between local time and UTC, both in microseconds since 1970-01-01.

The offsets come from `zoneinfo`, which uses the package tzdata if the machine has no zone files. There is one look-up for each day. Only
on the few days on which the offset changes there is one look-up for each time.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

Micros = NDArray[np.int64]

DAY = 86_400_000_000
HALF_DAY = DAY // 2
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
FIRST, LAST = -62_135_596_800_000_000, 253_402_300_799_999_999  # years 1 to 9999, which both Python and PostgreSQL can represent


def to_utc(local: Micros, zone: ZoneInfo) -> Micros:
    """The UTC times of local times.

    If a local time occurs twice, the first is used. If it does not exist, the offset before the change is used.
    """
    return local - _offsets(local, zone.key, "local")


def to_local(utc: Micros, zone: ZoneInfo) -> Micros:
    """The local times of UTC times."""
    return utc + _offsets(utc, zone.key, "utc")


def in_calendar(utc: Micros, zone: ZoneInfo) -> NDArray[np.bool_]:
    """Which UTC times are in the years 1 to 9999, in UTC and as local times: what is not can be stored, but not be read again."""
    inside: NDArray[np.bool_] = (utc >= FIRST) & (utc <= LAST)
    at_an_end = inside & ((utc < FIRST + DAY) | (utc > LAST - DAY))
    if at_an_end.any():
        local = to_local(np.where(inside, utc, 0), zone)
        inside &= (local >= FIRST) & (local <= LAST)
    return inside


def local_days(utc: Micros, zone: ZoneInfo) -> NDArray[np.int64]:
    """The local dates of UTC times, as days since 1970-01-01."""
    return to_local(utc, zone) // DAY


def _offsets(micros: Micros, zone: str, kind: str) -> Micros:
    days, back = np.unique(micros // DAY, return_inverse=True)
    of_day = np.array([_day_offset(int(day), zone, kind) or 0 for day in days], dtype=np.int64)
    moving = np.array([_day_offset(int(day), zone, kind) is None for day in days], dtype=bool)
    offsets = of_day[back]
    for row in np.flatnonzero(moving[back]):
        offsets[row] = _offset(int(micros[row]), zone, kind)
    return offsets


@lru_cache(maxsize=100_000)
def _day_offset(day: int, zone: str, kind: str) -> int | None:
    """The offset of a whole day in microseconds; None if the offset changes on that day."""
    start, end = _offset(day * DAY, zone, kind), _offset(day * DAY + DAY - 1, zone, kind)
    return start if start == end else None


def _offset(micros: int, zone: str, kind: str) -> int:
    moment = EPOCH + timedelta(microseconds=min(max(micros, FIRST + DAY), LAST - DAY))
    there = moment.astimezone(ZoneInfo(zone)) if kind == "utc" else moment.replace(tzinfo=ZoneInfo(zone))
    return (there.utcoffset() or timedelta()) // timedelta(microseconds=1)
