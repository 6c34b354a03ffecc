"""Units over time: the name, level, kind and tree of each unit, from which day to which day.

A unit may have several states that follow one another without a gap; a new name or another level begins a new state. A record may name a
unit on a day on which that unit does not exist. If the unit has exactly one successor on that day, the record counts for the successor;
otherwise it counts only in its level and in the whole. `Units.stretches` gives the answer for every day. This module reads no files and no
warehouse.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import date, timedelta
from functools import cached_property

FIRST_DAY, LAST_DAY = date.min, date.max  # the stretches of a unit cover all days between these two
A_DAY = timedelta(days=1)


@dataclass(frozen=True)
class State:
    """The attributes of a unit from `valid_from` to `valid_to` (both included; None: no end). `predecessors`: the units it replaced."""

    unit_code: str
    name: str
    level: str
    kind: str
    valid_from: date
    valid_to: date | None = None
    parent_code: str | None = None
    root_code: str = ""
    gso_code: str | None = None
    note: str | None = None
    source_code: str | None = None
    predecessors: tuple[str, ...] = ()

    def holds(self, day: date) -> bool:
        """Whether the unit is in this state on a day."""
        return self.valid_from <= day and (self.valid_to is None or day <= self.valid_to)


@dataclass(frozen=True)
class Stretch:
    """A range of days (both included) on which the records that name `unit_code` count for `counted_code`.

    None as `counted_code`: they count only in the level and in the whole.
    """

    unit_code: str
    from_date: date
    to_date: date
    counted_code: str | None

    @property
    def is_own(self) -> bool:
        """Whether the unit exists on these days."""
        return self.counted_code == self.unit_code


class Units:
    """A list of units with their states. Raises `Cycle` if parents form a circle, and KeyError if a parent is not in the list."""

    def __init__(self, states: Iterable[State]) -> None:
        self.states: dict[str, list[State]] = {}
        for state in states:
            self.states.setdefault(state.unit_code, []).append(state)
        for known in self.states.values():
            known.sort(key=lambda state: state.valid_from)

    def __contains__(self, code: object) -> bool:
        return code in self.states

    def __iter__(self) -> Iterator[str]:
        return iter(self.states)

    def at(self, code: str, day: date) -> State:
        """The state of a unit on a day; before its first day its first state, after its last day its last state."""
        known = self.states[code]
        return max((state for state in known if state.valid_from <= day), key=lambda state: state.valid_from, default=known[0])

    def first_day(self, code: str) -> date:
        """The first day of a unit."""
        return self.states[code][0].valid_from

    def last_day(self, code: str) -> date | None:
        """The last day of a unit; None if it has no end."""
        return self.states[code][-1].valid_to

    def exists(self, code: str, day: date) -> bool:
        """Whether a unit exists on a day."""
        return self.at(code, day).holds(day)

    def predecessors(self, code: str) -> tuple[str, ...]:
        """The units that a unit replaced."""
        return tuple(dict.fromkeys(before for state in self.states[code] for before in state.predecessors))

    @cached_property
    def successors(self) -> dict[str, list[str]]:
        """Each unit → the units that replaced it."""
        found: dict[str, list[str]] = {}
        for code in self.states:
            for before in self.predecessors(code):
                found.setdefault(before, []).append(code)
        return found

    def heirs(self, code: str, day: date) -> set[str]:
        """The units that exist on a day and replaced a unit, directly or through other units, in the same tree."""
        found: set[str] = set()
        for successor in self.successors.get(code, ()):
            if self.at(successor, day).root_code != self.at(code, day).root_code:
                continue  # a record never counts in another tree than that of its unit
            found |= {successor} if self.exists(successor, day) else self.heirs(successor, day)
        return found

    def counted(self, code: str, day: date) -> str | None:
        """The unit for which a record counts that names a unit on a day; None: it counts only in its level and in the whole."""
        if self.exists(code, day):
            return code
        heirs = self.heirs(code, day)
        return heirs.pop() if len(heirs) == 1 else None

    def _kin(self, code: str) -> set[str]:
        """A unit and all units that replaced it, directly or through other units."""
        found, waiting = set(), [code]
        while waiting:
            one = waiting.pop()
            if one not in found:
                found.add(one)
                waiting += self.successors.get(one, [])
        return found

    def stretches(self, code: str) -> list[Stretch]:
        """The ranges that say for which unit the records of a unit count. They cover all days, and neighbouring ranges differ."""
        borders = {FIRST_DAY}
        for one in self._kin(code):
            for state in self.states[one]:
                borders.add(state.valid_from)
                if state.valid_to is not None and state.valid_to < LAST_DAY:
                    borders.add(state.valid_to + A_DAY)
        days = sorted(borders)
        found: list[Stretch] = []
        for begins, ends in zip(days, [*(day - A_DAY for day in days[1:]), LAST_DAY], strict=True):
            counted = self.counted(code, begins)
            if found and found[-1].counted_code == counted:
                found[-1] = replace(found[-1], to_date=ends)
            else:
                found.append(Stretch(code, begins, ends, counted))
        return found

    def root(self, code: str, day: date) -> str:
        """The unit at the top of a unit's tree on a day.

        Raises KeyError if a parent is not in the list, and Cycle if the parents form a circle.
        """
        way = [code]
        while (parent := self.at(way[-1], day).parent_code) is not None:
            if parent not in self.states:
                raise KeyError(parent)
            if parent in way:
                raise Cycle([*way[way.index(parent) :], parent])
            way.append(parent)
        return way[-1]

    def rooted(self) -> Units:
        """The same units with the root of the tree in each state; a state during which the root changes is split."""
        borders = sorted({state.valid_from for known in self.states.values() for state in known})
        found: list[State] = []
        for known in self.states.values():
            for state in known:
                piece = replace(state, root_code=self.root(state.unit_code, state.valid_from))
                for day in borders:
                    if state.valid_from < day and state.holds(day) and (root := self.root(state.unit_code, day)) != piece.root_code:
                        found.append(replace(piece, valid_to=day - A_DAY))
                        piece = replace(state, valid_from=day, root_code=root)
                found.append(piece)
        return Units(found)


class Cycle(Exception):
    """The parents of some units form a circle. `way`: the codes of the circle."""

    def __init__(self, way: list[str]) -> None:
        super().__init__(" below ".join(way))
        self.way = way
