"""Load the project's own reference data into core: sources, units, calendar, plan, catalogue. Loading again changes nothing."""

from __future__ import annotations

import csv
from typing import Any

from sqlalchemy import Connection, text

from cchc import calendar
from cchc.declared.duties import load_duties
from cchc.errors import NotConfigured
from cchc.indicators import plan
from cchc.indicators.catalogue import catalogue
from cchc.settings import Settings
from cchc.sources.profile import Profile, list_profiles, load_profile
from cchc.warehouse import engine


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
    """Rows of core.unit from include/reference/units.csv, with the root of each unit's tree."""
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
    return rows


def _profile_units(profile: Profile) -> list[dict[str, Any]]:
    columns = ("unit_code", "gso_code", "name", "level", "kind", "parent_code", "valid_from", "valid_to", "note")
    return [
        {column: unit.get(column) for column in columns}
        | {
            "valid_from": unit.get("valid_from") or "2000-01-01",
            "root_code": unit.get("parent_code") or unit["unit_code"],
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


def load_reference(settings: Settings) -> None:
    """Units, working days, plan targets, catalogue and every profile of CCHC_SOURCES_DIR."""
    with engine(settings).begin() as connection:
        _upsert(connection, "core.unit", ("unit_code",), units(settings))
        _upsert(
            connection,
            "core.working_day",
            ("day",),
            [
                {"day": day, "is_working": working, "reason": reason or None}
                for day, working, reason in calendar.working_days(settings.reference_dir)
            ],
        )
        _upsert(connection, "core.plan_target", ("plan_code", "target_no", "level"), plan.targets(settings))
        _upsert(
            connection,
            "core.indicator",
            ("indicator_code", "formula_version"),
            [
                {
                    "indicator_code": item.code,
                    "formula_version": item.version,
                    "name_vi": item.name_vi,
                    "name_en": item.name_en,
                    "source_code": item.source,
                    "kind": item.kind,
                    "coverage_code": item.coverage,
                    "numerator_vi": item.numerator_vi,
                    "denominator_vi": item.denominator_vi,
                }
                for item in catalogue(settings).values()
            ],
        )
        load_duties(connection, settings)
        for name in list_profiles(settings.sources_dir):
            load_source(connection, load_profile(settings.sources_dir, name))
