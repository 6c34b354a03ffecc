"""Load the project's own reference data into core: sources, units, calendar, plan, catalogue. Loading again changes nothing."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, text

from cchc.reference import finding_kinds
from cchc.reference import unit_list as reference_units
from cchc.reference.calendar_load import load_calendar
from cchc.reference.catalogue_load import load_catalogue
from cchc.reference.duties import load_duties
from cchc.reference.plan_load import load_plans
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


def load_source(connection: Connection, profile: Profile) -> None:
    """What a profile brings beside its units: the source itself, the rules it waives."""
    _upsert(
        connection,
        "core.source",
        ("source_code",),
        [{"source_code": profile.source, "name_vi": profile.name_vi, "zone": str(profile.zone)}],
    )
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


def load_reference(settings: Settings) -> list[str]:
    """Units, working days, plan targets, catalogue and every profile of CCHC_SOURCES_DIR; what they say otherwise than before, in words.

    All or nothing: raises NotConfigured where a file cannot be read, and nothing is stored then.
    """
    profiles = [load_profile(settings.sources_dir, name) for name in list_profiles(settings.sources_dir)]
    with engine(settings).begin() as connection:
        connection.execute(text("select pg_advisory_xact_lock(hashtext('cchc reference data'))"))
        told = reference_units.load_units(connection, settings, profiles)
        told += load_calendar(connection, settings)
        told += load_definitions(connection, settings)
        _upsert(connection, "core.finding_kind", ("finding_code",), finding_kinds.kind_rows(settings))
        finding_kinds.create_view(connection, settings)
        for profile in profiles:
            load_source(connection, profile)
    return told


def load_definitions(connection: Connection, settings: Settings) -> list[str]:
    """The catalogue, the plans, and who declares what; what has changed in them, in sentences. Units and calendar are loaded before."""
    return [*load_catalogue(connection, settings), *load_plans(connection, settings), *load_duties(connection, settings)]
