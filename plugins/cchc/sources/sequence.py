"""Windows by a growing number: which number of a source's records an extract has come to, and from which one the next goes on.

A number may be given to a change before it is seen (a transaction that ends later), so the next extract begins some numbers earlier
(`sequence.overlap`). A record that changed at or after T is left for the next extract, so its number is not counted as reached.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any

from cchc.errors import ContractViolation
from cchc.sources import privacy
from cchc.sources.landing import Window
from cchc.sources.profile import Entity


def first_number(entity: Entity, window: Window) -> int | None:
    """The number from which an extract of an entity asks; None where it asks for everything.

    That is so in the first extract, where everything is wanted, and where a person named the beginning of the window: no time says which
    number was given in it.
    """
    reached = window.numbers.get(entity.name)
    if entity.sequence is None or reached is None or window.start is None or window.explicit:
        return None
    return max(0, reached - entity.sequence.overlap)


def number_bounds(entity: Entity, window: Window, *, always: bool = False) -> tuple[str, str] | None:
    """The number from which a source is asked, where its windows are of numbers; there is no end. None where everything is asked for."""
    first = first_number(entity, window)
    return None if first is None and not always else (str(first or 0), "")


class Numbers:
    """Sees the numbers of the records of one entity. `is_late`: whether a change time is at or after T; None where nothing is late."""

    def __init__(self, entity: Entity, is_late: Callable[[Any], bool] | None) -> None:
        self.entity = entity
        self._field = "" if entity.sequence is None else entity.sequence.field
        self._is_late = is_late
        self._greatest: int | None = None
        self._least_late: int | None = None
        self._records = self._without = 0

    @property
    def reached(self) -> int | None:
        """The number up to which all records were delivered in time; None where no record had a number."""
        if self._least_late is None or self._greatest is None:
            return self._greatest if self._least_late is None else max(0, self._least_late - 1)
        return min(self._greatest, max(0, self._least_late - 1))

    def seen(self, records: Iterable[tuple[int, Any]]) -> Iterator[tuple[int, Any]]:
        """The same records, after their numbers were seen."""
        for line, record in records:
            if type(record) is dict:
                self._see(record)
            yield line, record

    def _see(self, record: dict[str, Any]) -> None:
        self._records += 1
        number = whole(record.get(self._field))
        if number is None:
            self._without += 1
            return
        changed = privacy.clean(record.get(self.entity.changed_at or ""))
        if self._is_late is not None and changed is not None and self._is_late(changed):
            self._least_late = number if self._least_late is None else min(number, self._least_late)
        else:
            self._greatest = number if self._greatest is None else max(number, self._greatest)

    def facts(self, reached_before: int | None, where: str) -> dict[str, Any]:
        """What the manifest keeps of them. `reached_before`: of the extracts before this one.

        Raises ContractViolation if records have no whole number: the next extract could not go on behind them.
        """
        if self._without:
            raise ContractViolation(
                f"{where}: {self._without} of {self._records} records have no whole number in {self._field}, by which the profile asks for "
                f"changes (entities.{self.entity.name}.sequence). Nothing of it is used. Correct the field in the profile, or take "
                "'sequence' out: then windows are of time."
            )
        known = [number for number in (self.reached, reached_before) if number is not None]
        return {"sequence_field": self._field, "sequence_to": max(known) if known else None}


def whole(value: Any) -> int | None:
    """A delivered value as a whole number that is not negative; None if it is none."""
    if isinstance(value, bool) or value is None:
        return None
    if isinstance(value, int):
        return value if value >= 0 else None
    text = str(value).strip()
    return int(text) if text.isascii() and text.isdigit() else None
