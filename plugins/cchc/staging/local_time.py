"""Zones for whole columns of times: microseconds of a wall clock ↔ microseconds of UTC.

The offsets come from `zoneinfo` (and so from the package tzdata where the machine has no zone files), one look-up a day:
a day on which the zone does not change its offset has one; the few others are looked up time by time.
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
FIRST, LAST = -62_135_596_800_000_000, 253_402_300_799_999_999  # years 1 to 9999, what Python and PostgreSQL both can show


def to_utc(local: Micros, zone: ZoneInfo) -> Micros:
    """UTC of wall-clock times. An hour that comes twice is taken as the first; one that does not exist as if the clock had not moved."""
    return local - _offsets(local, zone.key, "local")


def to_local(utc: Micros, zone: ZoneInfo) -> Micros:
    """Wall-clock times of UTC ones."""
    return utc + _offsets(utc, zone.key, "utc")


def local_days(utc: Micros, zone: ZoneInfo) -> NDArray[np.int64]:
    """Local dates of UTC times, as days since 1970-01-01."""
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
    """The offset that holds all through a day; None if it changes on it."""
    start, end = _offset(day * DAY, zone, kind), _offset(day * DAY + DAY - 1, zone, kind)
    return start if start == end else None


def _offset(micros: int, zone: str, kind: str) -> int:
    moment = EPOCH + timedelta(microseconds=min(max(micros, FIRST + DAY), LAST - DAY))
    there = moment.astimezone(ZoneInfo(zone)) if kind == "utc" else moment.replace(tzinfo=ZoneInfo(zone))
    return (there.utcoffset() or timedelta()) // timedelta(microseconds=1)
