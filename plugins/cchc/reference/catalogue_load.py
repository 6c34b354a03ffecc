"""Load the catalogue of indicators into the warehouse, describe what changed in it, and mark the months to compute."""

from __future__ import annotations

import hashlib
import json
from typing import Any

from sqlalchemy import Connection, text

from cchc.period import now
from cchc.reference.catalogue import Indicator, catalogue, statement_of, without_comments
from cchc.reference.dirty_months import mark_months_from
from cchc.reference.plan import first_day
from cchc.reference.roles import marking_source, role_clocks
from cchc.settings import Settings
from cchc.warehouse import query

WORDS = ("name_vi", "name_en", "numerator_vi", "denominator_vi")  # texts for people; no number depends on them


def load_catalogue(connection: Connection, settings: Settings) -> list[str]:
    """Bring core.indicator up to date with include/reference/indicators.yaml. Returns a sentence for each change.

    If an indicator is new, or has another version or definition, every month is marked from the first day whose periods are computed
    without a request to known_at of its source. An indicator that was removed from the catalogue keeps its values, but they are no longer
    computed.
    """
    items = catalogue(settings)
    before: dict[str, dict[int, dict[str, Any]]] = {}
    for row in query(connection, "select * from core.indicator"):
        before.setdefault(row["indicator_code"], {})[row["formula_version"]] = row
    messages: list[str] = []
    to_compute: dict[str, list[str]] = {}
    for code, item in items.items():
        row = _row(settings, item)
        versions = before.get(code, {})
        said, is_number = _difference(row, versions)
        _store(connection, row)
        _end(connection, code, item.version)
        if before and said:
            messages.append(f"catalogue: {code} {said}")
        if before and is_number:
            to_compute.setdefault(item.role, []).append(code)
    for code in sorted(before.keys() - items.keys()):
        if any(row["ended_at"] is None for row in before[code].values()):
            _end(connection, code)
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
        "ended_at": None,
    }


def _difference(row: dict[str, Any], versions: dict[int, dict[str, Any]]) -> tuple[str, bool]:
    """A description of what changed in an indicator (empty if nothing did), and whether its values may change."""
    version = row["formula_version"]
    if not versions:
        return f"is new (version {version}, role {row['role']})", True
    old = versions.get(version)
    if old is None:
        return f"has version {version} in place of {max(versions)}", True
    if old["ended_at"] is not None:
        return f"is computed again, by version {version}", True
    if old["definition_sha256"] not in (None, row["definition_sha256"]):
        return (
            f"counts otherwise than before, and its version is still {version}: "
            "give it another version where its numbers are others, so that they can be told apart"
        ), True
    if any(old[name] != row[name] for name in WORDS):
        return "is called or described otherwise", False
    return "", False


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


def _end(connection: Connection, code: str, version: int | None = None) -> None:
    """End all versions of an indicator except `version` (None: all of them); they are not computed any more."""
    connection.execute(
        text(
            "update core.indicator set ended_at = :now where indicator_code = :code and ended_at is null "
            "and formula_version is distinct from cast(:version as integer)"
        ),
        {"now": now(), "code": code, "version": version},
    )


def _mark(connection: Connection, settings: Settings, to_compute: dict[str, list[str]]) -> list[str]:
    """Mark every month of the roles whose indicators must be computed. `to_compute`: the codes of the indicators by role."""
    messages = []
    first = first_day(settings)
    clocks = role_clocks(connection)
    for role, codes in sorted(to_compute.items()):
        found = marking_source(clocks, role)
        if found is None:
            continue
        source, known_at = found
        mark_months_from(connection, settings, source, first, known_at, "the catalogue changed")
        messages.append(f"every month of {source} from {first:%Y-%m} on is marked for {', '.join(codes)}: `cchc refresh` computes them")
    return messages
