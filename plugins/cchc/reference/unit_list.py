"""The list of units: read from the authority's units.csv and from the `units` of the profiles, and stored with its history in core.

core.unit has one row for each unit with its newest state, core.unit_version one row for each state, and core.unit_on_day says for which
unit the records of a unit count on each day.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import replace
from datetime import date
from itertools import pairwise
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, text

from cchc.period import ZONE, now
from cchc.reference import source_trees, unit_changes
from cchc.reference.csv_file import Faults, Line, day, read_lines
from cchc.reference.units import A_DAY, Cycle, State, Stretch, Units
from cchc.settings import Settings
from cchc.sources.profile import Profile
from cchc.warehouse import query

FILE = "units.csv"
COLUMNS = ("unit_code", "gso_code", "name", "level", "kind", "parent_code", "valid_from", "valid_to", "note", "predecessors")
LEVELS = ("district", "commune", "ward", "province", "other")
KINDS = ("district", "office", "public_service_unit", "commune", "ward", "province", "other")
SINCE_EVER = date(2000, 1, 1)  # the first day of a unit in a profile that names no first day


# --- reading -----------------------------------------------------------------------------------------------------------


def read_units(path: Path) -> Units:
    """Read the units of units.csv, each with the root of its tree.

    A unit has one line for each state. A unit that was renamed, or changed its level, kind or parent, has several lines that follow one
    another without a gap. The column `predecessors` has the codes, separated by blanks, of the units that it replaced from the day after
    their last day on. Raises NotConfigured that names every line and column that cannot be read or contradicts another line.
    """
    faults = Faults(path.name)
    lines = read_lines(path, COLUMNS, faults)
    states = [(line, state) for line in lines if (state := _state(line)) is not None]
    faults.refuse()
    by_code: dict[str, list[tuple[Line, State]]] = {}
    for line, state in sorted(states, key=lambda pair: (pair[1].valid_from, pair[0].number)):
        by_code.setdefault(state.unit_code, []).append((line, state))
    for known in by_code.values():
        _check_succession(known)
    faults.refuse()
    units = Units(state for _, state in states)
    for known in by_code.values():
        for line, state in known:
            _check_parents(units, line, state)
            for code in state.predecessors:
                _check_predecessor(units, line, state, code)
    faults.refuse()
    return units.rooted()


def _state(line: Line) -> State | None:
    """The state that a line describes; None if a cell cannot be read."""
    before = len(line.faults.found)
    code = line.needed("unit_code")
    if any(mark.isspace() for mark in code):
        line.fault("unit_code", f"'{code}' has a blank in it; codes are separated by blanks in the column predecessors")
    name, level, kind = line.needed("name"), line.one_of("level", LEVELS), line.one_of("kind", KINDS)
    begins, ends = line.day("valid_from"), line.day("valid_to", optional=True)
    if begins is not None and ends is not None and ends < begins:
        line.fault("valid_to", f"'{ends}' stands there, before the first day {begins}; allowed is that day or a later one")
    if begins is None or len(line.faults.found) > before:
        return None
    return State(
        unit_code=code,
        name=name,
        level=level,
        kind=kind,
        valid_from=begins,
        valid_to=ends,
        parent_code=line["parent_code"] or None,
        gso_code=line["gso_code"] or None,
        note=line["note"] or None,
        predecessors=tuple(line["predecessors"].split()),
    )


def _check_succession(known: list[tuple[Line, State]]) -> None:
    """Check that the states of each unit follow one another without overlap and without a gap."""
    for (first_line, first), (line, state) in pairwise(known):
        if first.valid_to is None or first.valid_to >= state.valid_from:
            ends = "is open" if first.valid_to is None else f"lasts until {first.valid_to}"
            line.fault(
                "valid_from",
                f"'{state.valid_from}' stands there for unit {state.unit_code}, but its state in line {first_line.number}, from "
                f"{first.valid_from}, {ends}; give that line a valid_to before the day on which this one begins",
            )
        elif first.valid_to + A_DAY != state.valid_from:
            line.fault(
                "valid_from",
                f"'{state.valid_from}' stands there for unit {state.unit_code}, but its state in line {first_line.number} ends on "
                f"{first.valid_to}; the next begins on the day after. A unit that was dissolved and founded again needs another code",
            )


def _check_parents(units: Units, line: Line, state: State) -> None:
    days = [state.valid_from, *(s.valid_from for known in units.states.values() for s in known if state.holds(s.valid_from))]
    for one in sorted(set(days)):
        try:
            units.root(state.unit_code, one)
        except KeyError as error:
            line.fault("parent_code", f"unit {state.unit_code} hangs below {error.args[0]}, which is not in the list; {_STAYS}")
            return
        except Cycle as circle:
            line.fault("parent_code", f"the parents of unit {state.unit_code} go round in a circle: {circle}")
            return


_STAYS = "a unit that ended keeps its line, with its last day in valid_to"


def _check_predecessor(units: Units, line: Line, state: State, code: str) -> None:
    """Check that a predecessor is in the list and has ended, and that its successor exists on the day after."""
    where = f"unit {state.unit_code} names the predecessor {code}"
    if code == state.unit_code:
        line.fault("predecessors", f"{where}, which is itself")
        return
    if code not in units:
        line.fault("predecessors", f"{where}, which is not in the list; {_STAYS}")
        return
    last = units.last_day(code)
    if last is None:
        line.fault("predecessors", f"{where}, which has not ended; give it its last day in valid_to")
    elif not units.exists(state.unit_code, last + A_DAY):
        line.fault("predecessors", f"{where}, which ended on {last}; the unit is not valid on the day after")


def profile_units(profiles: Iterable[Profile]) -> list[State]:
    """The units in the profiles. Raises NotConfigured if one cannot be read, or if two profiles describe the same code differently."""
    found: dict[str, State] = {}
    for profile in profiles:
        faults = Faults(f"{profile.source}.yaml, units")
        for number, entry in enumerate(profile.units, 1):
            state = _profile_state(profile.source, entry, f"entry {number} ({entry['unit_code']})", faults)
            if state is None:
                continue
            other = found.setdefault(state.unit_code, state)
            if replace(other, source_code=None) != replace(state, source_code=None) or (
                other.source_code == profile.source and other is not state
            ):
                faults.add(None, None, f"entry {number}: unit {state.unit_code} is there already, in {other.source_code}.yaml")
        faults.refuse()
    return list(found.values())


def _profile_state(source: str, entry: dict[str, str], where: str, faults: Faults) -> State | None:
    before = len(faults.found)
    for key, allowed in (("level", LEVELS), ("kind", KINDS)):
        if entry[key] not in allowed:
            faults.add(None, None, f"{where}, {key}: '{entry[key]}' stands there; allowed are {', '.join(allowed)}")
    days: dict[str, date | None] = {"valid_from": SINCE_EVER, "valid_to": None}
    for key in days:
        if entry.get(key):
            days[key] = day(entry[key])
            if days[key] is None:
                faults.add(None, None, f"{where}, {key}: '{entry[key]}' stands there; allowed is a day of the calendar as 2023-12-31")
    begins, ends = days["valid_from"], days["valid_to"]
    if begins is not None and ends is not None and ends < begins:
        faults.add(None, None, f"{where}, valid_to: '{ends}' stands there, before the first day {begins}")
    if begins is None or len(faults.found) > before:
        return None
    parent = entry.get("parent_code")
    return State(
        unit_code=entry["unit_code"],
        name=entry["name"],
        level=entry["level"],
        kind=entry["kind"],
        valid_from=begins,
        valid_to=ends,
        parent_code=parent,
        root_code=parent or entry["unit_code"],
        source_code=source,
    )


def listed_units(settings: Settings, profiles: Iterable[Profile]) -> Units:
    """Every unit of this installation: the units of units.csv and of the profiles. Raises NotConfigured if a list cannot be read."""
    own = read_units(settings.authority_dir / FILE)
    brought = profile_units(profiles)
    faults = Faults(FILE)
    for state in brought:
        if state.unit_code in own:
            faults.add(
                None, "unit_code", f"unit {state.unit_code} is brought by the profile {state.source_code}, too; one of them is enough"
            )
    faults.refuse()
    return Units([*(state for known in own.states.values() for state in known), *brought])


# --- core --------------------------------------------------------------------------------------------------------------

_UNIT = (
    "unit_code", "gso_code", "name", "level", "kind", "parent_code", "root_code", "valid_from", "valid_to", "note", "source_code",
    "predecessors",
)  # fmt: skip
_VERSION = tuple(column for column in _UNIT if column != "predecessors")


def stored_units(connection: Connection) -> Units:
    """The units that are stored in core."""
    versions = query(
        connection,
        f"select {', '.join(f'v.{column}' for column in _VERSION)}, u.predecessors from core.unit_version as v "
        "inner join core.unit as u on u.unit_code = v.unit_code "
        f"union all select {', '.join(f'u.{column}' for column in _UNIT)} from core.unit as u "
        "where not exists (select 1 from core.unit_version as v where v.unit_code = u.unit_code) order by unit_code, valid_from",
    )
    return Units(State(**(row | {"predecessors": tuple(row["predecessors"] or ())})) for row in versions)


def stored_stretches(connection: Connection) -> dict[str, list[Stretch]]:
    """The ranges of days, stored in core, that say for which unit the records of each unit count."""
    found: dict[str, list[Stretch]] = {}
    for row in query(connection, "select unit_code, from_date, to_date, counted_code from core.unit_on_day order by unit_code, from_date"):
        found.setdefault(row["unit_code"], []).append(Stretch(**row))
    return found


def load_units(connection: Connection, settings: Settings, profiles: Iterable[Profile]) -> list[str]:
    """Bring the units of the warehouse up to date with the lists.

    Returns a sentence for each change, and sentences that name the months that wait because of it. Raises NotConfigured if a list cannot be
    read; nothing is stored then.
    """
    listed = listed_units(settings, profiles)
    stored, stretches = stored_units(connection), stored_stretches(connection)
    known = {row["unit_code"] for row in query(connection, "select unit_code from core.unit where is_listed")}
    units, gone = unit_changes.keep_removed_units(stored, listed, now().astimezone(ZONE).date() - A_DAY, known)
    store_units(connection, units, set(listed))
    return [
        *unit_changes.describe_changes(stored, units, set(listed)),
        *gone,
        *unit_changes.mark_changed_months(connection, settings, stored, units, stretches),
        *source_trees.note_moved_trees(connection, settings, stored, units),
    ]


def store_units(connection: Connection, units: Units, listed: Collection[str]) -> None:
    """Bring core.unit, core.unit_version and core.unit_on_day up to date. No unit is deleted, and a second call changes nothing.

    `listed`: the units that are in a list; the others were removed from their lists.
    """
    rows = []
    for code, known in units.states.items():
        newest = {column: getattr(known[-1], column) for column in _UNIT}
        rows.append(
            newest
            | {"valid_from": known[0].valid_from, "predecessors": list(units.predecessors(code)) or None, "is_listed": code in listed}
        )
    _replace(connection, "core.unit", ("unit_code",), rows, delete=False)
    versions = [{column: getattr(state, column) for column in _VERSION} for known in units.states.values() for state in known]
    _replace(connection, "core.unit_version", ("unit_code", "valid_from"), versions)
    place_records(connection)


def place_records(connection: Connection) -> None:
    """Bring core.unit_on_day up to date with the units that are stored in core."""
    units = stored_units(connection)
    rows = [vars(stretch) for code in units for stretch in units.stretches(code)]
    _replace(connection, "core.unit_on_day", ("unit_code", "from_date"), rows)


def _replace(connection: Connection, table: str, key: tuple[str, ...], rows: list[dict[str, Any]], *, delete: bool = True) -> None:
    """Make the content of a small table equal to `rows`. Rows that do not change are not written."""
    if not rows:
        return
    columns = list(rows[0])
    there = {tuple(row[column] for column in key): row for row in query(connection, f"select {', '.join(columns)} from {table}")}
    wanted = {tuple(row[column] for column in key): row for row in rows}
    is_key = " and ".join(f"{column} = :{column}" for column in key)
    gone = [dict(zip(key, found, strict=True)) for found in there if delete and found not in wanted]
    if gone:
        connection.execute(text(f"delete from {table} where {is_key}"), gone)
    changed = [row for found, row in wanted.items() if found in there and there[found] != row]
    if changed:
        assignments = ", ".join(f"{column} = :{column}" for column in columns if column not in key)
        connection.execute(text(f"update {table} set {assignments} where {is_key}"), changed)
    new = [row for found, row in wanted.items() if found not in there]
    if new:
        values = ", ".join(f":{column}" for column in columns)
        connection.execute(text(f"insert into {table} ({', '.join(columns)}) values ({values})"), new)
