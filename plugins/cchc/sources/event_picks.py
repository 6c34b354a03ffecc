"""Which value of an event log a column takes: of the first row of a key, of the last, the least, the greatest, the sum.

A record of an event log lands once, so a field of which a column takes another value than that of the last row lands a second time, under
a name of its own (`Column.landed`).
"""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

from cchc.sources.amounts import delivered_amount, plain_amount
from cchc.sources.profile import Column, Entity, Profile

Record = dict[str, Any]
Key = Callable[[Any], Any]
Combine = Callable[[Any, Any], Any]

TIME_ENDINGS = ("_at", "_date", "_from", "_to", "_start")


class Picks:
    """Merges the rows of one key into one record, a row at a time, in the order in which they are delivered."""

    def __init__(self, profile: Profile, entity: Entity, is_missing: Callable[[Any], bool]) -> None:
        self._is_missing = is_missing
        columns = {column.landed: column for column in entity.columns if column.source is not None and column.landed != column.source}
        self._rules = [(landed, column.source or "", self._combine(profile, column)) for landed, column in columns.items()]

    def __bool__(self) -> bool:
        return bool(self._rules)

    def merge(self, before: Record | None, out: Record) -> Record:
        """A row as it may land, with what its key had before. `before`: what this returned for the row before; None for the first one."""
        for landed, source, combine in self._rules:
            value = out.get(source)
            if before is not None:
                value = combine(before.get(landed), value)
            if value is not None:
                out[landed] = value
        return out

    def _combine(self, profile: Profile, column: Column) -> Combine:
        """The function that gives the value of two: that of the rows before, and that of a new row."""
        pick, is_missing = column.pick, self._is_missing
        if pick == "first":
            return lambda old, _: old
        if pick == "first_present":
            return lambda old, new: new if is_missing(old) else old
        key = _key(profile, column)

        def combine(old: Any, new: Any) -> Any:
            if is_missing(new):
                return old
            if is_missing(old) or pick == "last_present":
                return new
            before, now = key(old), key(new)
            if before is None or now is None:  # one that cannot be read stays, so that it is told
                return old if before is None else new
            if pick == "sum":
                return _written(before + now, column)
            return (min if pick == "min" else max)(((before, 0), old), ((now, 1), new), key=lambda pair: pair[0])[1]

        return combine


def _key(profile: Profile, column: Column) -> Key:
    """The function that gives the time or the number that a delivered value means; None if it is none."""
    if column.name.endswith(TIME_ENDINGS):
        return profile.reading(column).reader()
    return lambda value: delivered_amount(value, column.thousands, column.decimal, column.signs)


def _written(amount: int | Decimal, column: Column) -> int | str:
    """A sum as the column's values are written."""
    plain = plain_amount(amount)
    return plain.replace(".", column.decimal or ".") if isinstance(plain, str) else plain or 0
