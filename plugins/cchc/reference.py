"""Load the project's own reference data into core: sources, units, calendar, plan, catalogue. Loading again changes nothing."""

from __future__ import annotations

import csv
from datetime import date, timedelta
from typing import Any

from sqlalchemy import Connection, text

from cchc import calendar, findings
from cchc.core.facts import mark_dirty_months
from cchc.declared.duties import load_duties
from cchc.errors import NotConfigured
from cchc.indicators.catalogue import catalogue
from cchc.indicators.catalogue_load import load_catalogue
from cchc.indicators.plan_load import load_plans
from cchc.settings import Settings
from cchc.sources.profile import Profile, list_profiles, load_profile
from cchc.warehouse import engine, known_at, query, sql

CALENDAR_REACH = timedelta(days=31)  # a limit of 5 working days ends within them, also across the longest Tết


def _upsert(connection: Connection, table: str, key: tuple[str, ...], rows: list[dict[str, Any]]) -> None:
    if not rows:
        return
    columns = list(rows[0])
    assignments = ", ".join(f"{column} = excluded.{column}" for column in columns if column not in key)
    old = ", ".join(f"t.{column}" for column in columns)
    new = ", ".join(f"excluded.{column}" for column in columns)
    connection.execute(
        text(
            f"insert into {table} as t ({', '.join(columns)}) values ({', '.join(f':{column}' for column in columns)}) "
            f"on conflict ({', '.join(key)}) do update set {assignments} where ({old}) is distinct from ({new})"
        ),
        rows,
    )


def units(settings: Settings) -> list[dict[str, Any]]:
    """Rows of core.unit from include/reference/units.csv, with the root of each unit's tree.

    Effective-dated: a reorganisation adds units with their `predecessors` (codes, one blank between), under a root of their own where the
    tree of a plan's year must stay as it was. Raises NotConfigured where parents or predecessors do not fit.
    """
    path = settings.reference_dir / "units.csv"
    with path.open(encoding="utf-8", newline="") as file:
        rows = [{column: value or None for column, value in row.items()} for row in csv.DictReader(file)]
    parents = {row["unit_code"]: row["parent_code"] for row in rows}
    for row in rows:
        root = row["unit_code"]
        while parents.get(root):
            root = parents[root]
            if root not in parents:
                raise NotConfigured(f"{path.name}: unit {row['unit_code']} hangs below {root}, which is not in the list")
        row["root_code"] = root
        row["source_code"] = None
    by_code = {row["unit_code"]: row for row in rows}
    for row in rows:
        row["predecessors"] = (row["predecessors"] or "").split() or None
        for code in row["predecessors"] or ():
            _check_predecessor(path.name, row, by_code.get(code), code)
    return rows


def _check_predecessor(file: str, unit: dict[str, Any], before: dict[str, Any] | None, code: str) -> None:
    """A predecessor is in the list, has ended, and its successor is valid on the day after its last."""
    where = f"{file}: unit {unit['unit_code']} names the predecessor {code}"
    if before is None or before is unit:
        raise NotConfigured(f"{where}, which is {'itself' if before is unit else 'not in the list'}")
    if before["valid_to"] is None:
        raise NotConfigured(f"{where}, which has not ended; give it its last day in valid_to")
    taken_over = date.fromisoformat(before["valid_to"]) + timedelta(days=1)
    if not unit["valid_from"] <= taken_over.isoformat() <= (unit["valid_to"] or "9999-12-31"):
        raise NotConfigured(f"{where}, which ended on {before['valid_to']}; the unit is not valid on the day after")


def _profile_units(profile: Profile) -> list[dict[str, Any]]:
    columns = ("unit_code", "gso_code", "name", "level", "kind", "parent_code", "valid_from", "valid_to", "note")
    return [
        {column: unit.get(column) for column in columns}
        | {
            "valid_from": unit.get("valid_from") or "2000-01-01",
            "root_code": unit.get("parent_code") or unit["unit_code"],
            "predecessors": None,
            "source_code": profile.source,
        }
        for unit in profile.units
    ]


def load_source(connection: Connection, profile: Profile) -> None:
    """What a profile brings: the source itself, its units, the rules it waives."""
    _upsert(
        connection,
        "core.source",
        ("source_code",),
        [{"source_code": profile.source, "name_vi": profile.name_vi, "zone": str(profile.zone)}],
    )
    _upsert(connection, "core.unit", ("unit_code",), _profile_units(profile))
    _upsert(
        connection,
        "core.waived_rule",
        ("source_code", "entity", "rule"),
        [
            {"source_code": profile.source, "entity": entity.name, "rule": rule, "reason": reason}
            for entity in profile.entities.values()
            for rule, reason in entity.waived_rules.items()
        ],
    )


def load_calendar(connection: Connection, settings: Settings) -> list[date]:
    """Working days into core.working_day; the days that are judged otherwise than before.

    A decision on a swapped day comes late (contracts/secondary.md): edit working_day_overrides.csv and run `cchc init`. The months whose
    indicators count working days across a changed day are marked, and the next `cchc refresh` computes them.
    """
    known = {row["day"]: row["is_working"] for row in query(connection, "select day, is_working from core.working_day")}
    days = calendar.working_days(settings.reference_dir)
    rows = [{"day": day, "is_working": working, "reason": reason or None} for day, working, reason in days]
    _upsert(connection, "core.working_day", ("day",), rows)
    changed = [day for day, working, _ in days if known.get(day, working) != working]
    counting = {item.source for item in catalogue(settings).values() if "core.working_day" in sql(settings, item.sql)}
    for source in sorted(counting) if changed else ():
        clock = known_at(connection, source)
        if clock is not None:
            spans = " union all ".join(f"select date '{day - CALENDAR_REACH}' as from_date, date '{day}' as to_date" for day in changed)
            mark_dirty_months(connection, settings, source, spans, clock, "the working calendar changed")
    return changed


def load_reference(settings: Settings) -> list[str]:
    """Units, working days, plans, catalogue, duties and every profile of CCHC_SOURCES_DIR; what has changed in them, in sentences."""
    told: list[str] = []
    with engine(settings).begin() as connection:
        _upsert(connection, "core.unit", ("unit_code",), units(settings))
        told += _calendar_told(load_calendar(connection, settings))
        told += load_definitions(connection, settings)
        _upsert(connection, "core.finding_kind", ("finding_code",), findings.kind_rows(settings))
        findings.create_view(connection, settings)
        for name in list_profiles(settings.sources_dir):
            load_source(connection, load_profile(settings.sources_dir, name))
    return told


def load_definitions(connection: Connection, settings: Settings) -> list[str]:
    """The catalogue, the plans, and who declares what; what has changed in them, in sentences. Units and calendar are loaded before."""
    return [*load_catalogue(connection, settings), *load_plans(connection, settings), *load_duties(connection, settings)]


def _calendar_told(changed: list[date]) -> list[str]:
    if not changed:
        return []
    return [f"working calendar: {', '.join(map(str, changed))} judged otherwise than before; `cchc refresh` computes what that touches"]
