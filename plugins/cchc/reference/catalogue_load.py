"""Load the catalogue of indicators into the warehouse, describe what changed in it, and mark the months to compute."""

from __future__ import annotations

import hashlib
import json
from datetime import date
from typing import Any

from sqlalchemy import Connection, text

from cchc.period import last_day_before, month_start, now
from cchc.reference.catalogue import Indicator, statement_of, versions, without_comments
from cchc.reference.dirty_months import mark_months_from
from cchc.reference.plan import first_day
from cchc.reference.roles import marking_source, role_clocks
from cchc.settings import Settings
from cchc.warehouse import query

WORDS = ("name_vi", "name_en", "numerator_vi", "denominator_vi")  # texts for people; no number depends on them


def load_catalogue(connection: Connection, settings: Settings) -> list[str]:
    """Bring core.indicator up to date with include/reference/indicators.yaml. Returns a sentence for each change.

    If an indicator is new, or has another version or definition, every month whose periods it changes is marked: from the first day whose
    periods are computed without a request, or from the day on which the version holds, to known_at of its source. An indicator that was
    removed from the catalogue keeps its values, but they are no longer computed.
    """
    items = versions(settings)
    before: dict[str, dict[int, dict[str, Any]]] = {}
    for row in query(connection, "select * from core.indicator"):
        before.setdefault(row["indicator_code"], {})[row["formula_version"]] = row
    messages: list[str] = []
    to_compute: dict[str, dict[str, date | None]] = {}
    for code, known in items.items():
        stored, rows = before.get(code, {}), [_row(settings, item) for item in known]
        if before:
            told, is_number = _changes(rows, stored)
            messages += [f"catalogue: {code} {words}" for words in told]
            if is_number:
                to_compute.setdefault(known[-1].role, {})[code] = _changed_from(rows, stored)
        for row in rows:
            _store(connection, row)
        _end(connection, code, [item.version for item in known])
    for code in sorted(before.keys() - items.keys()):
        if any(row["ended_at"] is None for row in before[code].values()):
            _end(connection, code, [])
            messages.append(f"catalogue: {code} is gone: its values stay as they were computed last, and are not computed any more")
    if not before:
        return [f"catalogue: {len(items)} indicators are loaded"]
    return messages + _mark(connection, settings, to_compute)


def _row(settings: Settings, item: Indicator) -> dict[str, Any]:
    """The row of core.indicator for an indicator."""
    statement = without_comments(statement_of(settings, item))
    definition = json.dumps([item.role, sorted(item.also), item.kind, item.item, item.coverage, sorted(item.units), statement])
    return {
        "indicator_code": item.code,
        "formula_version": item.version,
        "name_vi": item.name_vi,
        "name_en": item.name_en,
        "role": item.role,
        "kind": item.kind,
        "coverage_code": item.coverage,
        "numerator_vi": item.numerator_vi,
        "denominator_vi": item.denominator_vi,
        "definition_sha256": hashlib.sha256(definition.encode()).hexdigest(),
        "valid_from": item.valid_from,
        "valid_to": item.valid_to,
        "ended_at": None,
    }


def _changes(rows: list[dict[str, Any]], stored: dict[int, dict[str, Any]]) -> tuple[list[str], bool]:
    """Sentences for what changed in an indicator, and whether its values may change.

    `rows`: of its versions, the newest last; `stored`: those of the warehouse by their number.
    """
    told, is_number = [], False
    *earlier, newest = rows
    for row in [newest, *earlier]:
        words, changes = _difference(row, stored)
        is_number |= changes
        # that an earlier version is there now, too, follows from the sentence on the newest one
        told += [words] if words and (row is newest or stored.get(row["formula_version"])) else []
    gone = [number for number, row in stored.items() if row["ended_at"] is None and number not in {row["formula_version"] for row in rows}]
    if gone and newest["formula_version"] in stored:
        told.append(f"is counted by version {newest['formula_version']} where version {', '.join(map(str, gone))} held")
    return told, is_number or bool(gone)


def _difference(row: dict[str, Any], versions: dict[int, dict[str, Any]]) -> tuple[str, bool]:
    """A description of what changed in a version of an indicator (empty if nothing did), and whether its values may change."""
    version = row["formula_version"]
    since = f" from {row['valid_from']} on" if row["valid_from"] else ""
    if not versions:
        return f"is new (version {version}, role {row['role']})", True
    old = versions.get(version)
    if old is None:
        return f"has version {version}{since}, {'after' if since else 'in place of'} {max(versions)}".replace(", in", " in"), True
    if old["ended_at"] is not None:
        return f"is computed again, by version {version}{since}", True
    if old["definition_sha256"] not in (None, row["definition_sha256"]):
        return (
            f"counts otherwise than before, and its version is still {version}: "
            "give it another version where its numbers are others, so that they can be told apart"
        ), True
    if old["valid_from"] != row["valid_from"]:
        return f"has version {version} from {row['valid_from'] or 'ever'} on, not from {old['valid_from'] or 'ever'} on", True
    if any(old[name] != row[name] for name in WORDS):
        return "is called or described otherwise", False
    return "", False


def _changed_from(rows: list[dict[str, Any]], stored: dict[int, dict[str, Any]]) -> date | None:
    """The first day on which another formula holds than before; None: on every day."""
    now_there = {_span(row) for row in rows}
    there = {_span(row) for row in stored.values() if row["ended_at"] is None}
    days = [day for _, day, _ in now_there ^ there]
    return None if None in days or not there else min((day for day in days if day is not None), default=None)


def _span(row: dict[str, Any]) -> tuple[int, date | None, str | None]:
    return row["formula_version"], row["valid_from"], row["definition_sha256"]


def _store(connection: Connection, row: dict[str, Any]) -> None:
    names = list(row)
    assignments = ", ".join(f"{name} = excluded.{name}" for name in names if name not in ("indicator_code", "formula_version"))
    connection.execute(
        text(
            f"insert into core.indicator as t ({', '.join(names)}) values ({', '.join(f':{name}' for name in names)}) "
            f"on conflict (indicator_code, formula_version) do update set {assignments} "
            f"where ({', '.join(f't.{name}' for name in names)}) is distinct from ({', '.join(f'excluded.{name}' for name in names)})"
        ),
        row,
    )


def _end(connection: Connection, code: str, kept: list[int]) -> None:
    """End all versions of an indicator except `kept`; they are not computed any more."""
    connection.execute(
        text(
            "update core.indicator set ended_at = :now where indicator_code = :code and ended_at is null "
            "and formula_version <> all(cast(:kept as integer[]))"
        ),
        {"now": now(), "code": code, "kept": kept},
    )


def _mark(connection: Connection, settings: Settings, to_compute: dict[str, dict[str, date | None]]) -> list[str]:
    """Mark the months of the roles whose indicators must be computed. `to_compute`: by role, each code with the day from which on."""
    messages = []
    first = first_day(settings)
    clocks = role_clocks(connection)
    for role, codes in sorted(to_compute.items()):
        marking = marking_source(clocks, role)
        if marking is None:
            continue
        source, known_at = marking
        # a period that runs belongs to the month of T, and may end after the day on which a version begins
        last = month_start(last_day_before(known_at))
        since = min(max(first, min(day or first for day in codes.values())), last)
        mark_months_from(connection, settings, source, since, known_at, "the catalogue changed")
        messages.append(f"every month of {source} from {since:%Y-%m} on is marked for {', '.join(codes)}: `cchc refresh` computes them")
    return messages
