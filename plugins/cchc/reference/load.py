"""Load the project's own reference data into core: sources, units, calendar, plan, catalogue. Loading again changes nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, text

from cchc.authority import authority
from cchc.errors import NotConfigured
from cchc.models import MODELS
from cchc.reference import finding_kinds, history
from cchc.reference import unit_list as reference_units
from cchc.reference.calendar_load import load_calendar
from cchc.reference.catalogue_load import load_catalogue
from cchc.reference.duties import load_duties
from cchc.reference.plan_load import load_plans
from cchc.settings import Settings
from cchc.sources.profile import Profile, list_profiles, load_profile
from cchc.warehouse import engine
from cchc.warehouse.locks import REFERENCE, hold
from cchc.warehouse.waits import AS_A_TASK, told


def _upsert(connection: Connection, table: str, key: tuple[str, ...], rows: list[dict[str, Any]]) -> None:
    if not rows:
        return
    columns = list(rows[0])
    assignments = ", ".join(f"{column} = excluded.{column}" for column in columns if column not in key)
    old = ", ".join(f"t.{column}" for column in columns)
    new = ", ".join(f"excluded.{column}" for column in columns)
    update = f"update set {assignments} where ({old}) is distinct from ({new})" if assignments else "nothing"
    connection.execute(
        text(
            f"insert into {table} as t ({', '.join(columns)}) values ({', '.join(f':{column}' for column in columns)}) "
            f"on conflict ({', '.join(key)}) do {update}"
        ),
        rows,
    )


def load_source(connection: Connection, profile: Profile) -> bool:
    """Load a profile without its units: the source, and the rules that it waives.

    Returns whether the days of its dossiers are judged in another zone than before.
    """
    before = connection.execute(text("select zone from core.source where source_code = :s"), {"s": profile.source}).scalar()
    _upsert(
        connection,
        "core.source",
        ("source_code",),
        [{"source_code": profile.source, "name_vi": profile.name_vi, "zone": profile.zone_of_days.key}],
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
    return before not in (None, profile.zone_of_days.key)


def load_roles(connection: Connection, profiles: Iterable[Profile]) -> None:
    """Load which roles each source fills; they follow from the models in its profile.

    Raises NotConfigured if two sources fill a role that only one source may fill.
    """
    filled = {(profile.source, MODELS[entity.model].role) for profile in profiles for entity in profile.entities.values()}
    declared = sorted(source for source, role in filled if role == "declared")
    if len(declared) > 1:
        raise NotConfigured(
            f"the profiles of {' and '.join(declared)} both have declared figures: one source alone can say who has declared what. "
            "Put their workbooks into one drop folder"
        )
    for profile in profiles:
        connection.execute(
            text("delete from core.source_role where source_code = :s and role <> all(:r)"),
            {"s": profile.source, "r": [role for source, role in filled if source == profile.source]},
        )
    _upsert(connection, "core.source_role", ("source_code", "role"), [{"source_code": s, "role": r} for s, r in sorted(filled)])


def _require_own(connection: Connection, settings: Settings) -> None:
    """Raise NotConfigured where the warehouse has runs and belongs to an authority whose root the units of this one do not know."""
    own = authority()
    loaded = connection.execute(text("select root_code, name_vi from core.authority")).first()
    if loaded is None or loaded.root_code == own.code:
        return
    known = reference_units.read_units(settings.authority_dir / reference_units.FILE).states
    has_runs = connection.execute(text("select exists (select 1 from ops.extract)")).scalar()
    if has_runs and loaded.root_code not in known:
        raise NotConfigured(
            f"this warehouse is that of {loaded.name_vi} ({loaded.root_code}), and {settings.authority_dir} (CCHC_AUTHORITY) is the folder "
            f"of {own.name_vi} ({own.code}), whose {reference_units.FILE} does not know {loaded.root_code}: a warehouse belongs to one "
            "authority. Name the folder of its own one, or another warehouse (CCHC_HOME, CCHC_WAREHOUSE_URL). Nothing was loaded"
        )


def load_authority(connection: Connection) -> None:
    """Load the authority of this installation; it replaces the one that was loaded before."""
    own = authority()
    connection.execute(text("delete from core.authority where root_code <> :c"), {"c": own.code})
    _upsert(connection, "core.authority", ("root_code",), [{"root_code": own.code, "name_vi": own.name_vi, "zone": own.zone}])
    english = own.scope_names("en")
    rows = [{"scope_code": scope, "name_vi": name, "name_en": english[scope]} for scope, name in own.scope_names().items()]
    connection.execute(text("delete from core.scope_name where scope_code <> all(:known)"), {"known": list(english)})
    _upsert(connection, "core.scope_name", ("scope_code",), rows)


def load_reference(
    settings: Settings, learnt_at: datetime | None = None, judge_anew: Callable[[Connection, list[str]], str | None] | None = None
) -> list[str]:
    """Load units, working days, plan targets, catalogue and every profile of CCHC_SOURCES_DIR. Returns a sentence for each change.

    `learnt_at`: the moment from which on what changed is known; None: as cchc.reference.history says, in general from now on. `judge_anew`:
    derives the dossiers of sources again, of which the days are judged in another zone than before, and says so. Raises NotConfigured if a
    file cannot be read; nothing is stored then.
    """
    with engine(settings).begin() as connection, told(connection, "the change of the reference data (`cchc init`)", AS_A_TASK):
        hold(connection, REFERENCE)
        # every file is read after the wait, as the units and plans are: else profiles of before would stand beside plans of after
        profiles = [load_profile(settings.sources_dir, name) for name in list_profiles(settings.sources_dir)]
        _require_own(connection, settings)
        load_authority(connection)
        load_roles(connection, profiles)
        messages = reference_units.load_units(connection, settings, profiles)
        messages += load_calendar(connection, settings)
        messages += load_definitions(connection, settings)
        _upsert(connection, "core.finding_kind", ("finding_code",), finding_kinds.kind_rows(settings))
        finding_kinds.create_view(connection, settings)
        elsewhere = [profile.source for profile in profiles if load_source(connection, profile)]
        if elsewhere and judge_anew is not None and (sentence := judge_anew(connection, elsewhere)):
            messages.append(sentence)
        history.keep(connection, settings, learnt_at)
        # until its autovacuum comes by, PostgreSQL takes these tables for empty ones, and reads all targets again for each value
        connection.execute(text("analyze core.unit, core.unit_version, core.unit_on_day, core.plan, core.plan_target"))
    return messages


def load_definitions(connection: Connection, settings: Settings) -> list[str]:
    """Load the catalogue, the plans and the duties to declare. Returns a sentence for each change. Load units and calendar first."""
    return [*load_catalogue(connection, settings), *load_plans(connection, settings), *load_duties(connection, settings)]
