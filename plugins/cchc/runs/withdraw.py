"""Which loads a person withdraws, and what else has to be read again for it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from cchc.errors import WrongUse
from cchc.models import MODELS, Model
from cchc.near import near
from cchc.period import to_minute
from cchc.settings import Settings
from cchc.sources.profile import Profile, load_profile, version_of
from cchc.staging.tables import staged_entities
from cchc.states import LoadStatus
from cchc.warehouse import engine, query
from cchc.warehouse.queries import ask

NOTHING = "Nothing was changed"


@dataclass(frozen=True)
class Plan:
    """What a withdrawal concerns: `loads`, the rows of ops.load that are withdrawn; `again`, the loads whose landing is read again.

    `entities`: the withdrawn load ids of each entity, with its model, in the order in which models are merged. `kept`: the lists of keys of
    a reloaded extract that stay as they were read, because their landing was removed.
    """

    source: str
    loads: tuple[dict[str, Any], ...]
    again: tuple[int, ...]
    entities: dict[str, tuple[Model, list[int]]] = field(default_factory=dict)
    kept: tuple[int, ...] = ()

    @property
    def load_ids(self) -> list[int]:
        """The ids of the withdrawn loads."""
        return [row["load_id"] for row in self.loads]


def loads_of_file(settings: Settings, name: str, source: str | None) -> list[int]:
    """The load of a file by its name, as a list of one id. `source`: only of this source; None means any.

    Raises WrongUse if no loaded file has the name, and if several deliveries have it.
    """
    with engine(settings).connect() as connection:
        rows = ask(connection, "runs/load_of_file", file_name=name, source=source)
        known = connection.exec_driver_sql("select distinct file_name from ops.load where file_name is not null").scalars().all()
    if not rows:
        raise WrongUse(f"no file {name} was delivered{near(name, known)}")
    loaded = [row for row in rows if row["is_loaded"]]
    if not loaded:
        raise WrongUse(f"the file {name} is {rows[-1]['status']} (load {rows[-1]['load_id']}): nothing of it is in the warehouse")
    if len(loaded) > 1:
        loads = ", ".join(f"load {row['load_id']} ({row['source_code']}, T {to_minute(row['window_to'])})" for row in loaded)
        raise WrongUse(f"the file {name} was delivered several times: {loads}. Name the loads with --load")
    return [loaded[0]["load_id"]]


def loads_of_source(settings: Settings, source: str, since: datetime | None, version: str | None) -> list[int]:
    """The loaded deliveries of a source whose T is `since` or later, and that were read under a version of its profile (None: any).

    A delivery that was read again counts under the version of its newest reading. Raises WrongUse if there is none.
    """
    profile = load_profile(settings.sources_dir, source)
    with engine(settings).connect() as connection:
        rows = ask(connection, "runs/load_of_version", source=source, since=since, version=version)
        known = query(
            connection,
            "select distinct profile_version from ops.load where source_code = :s and status = 'loaded' and profile_version is not null",
            {"s": source},
        )
    if not rows:
        which = [f"since T = {to_minute(since)}"] if since else []
        if version:
            versions = ", ".join(sorted(row["profile_version"] for row in known)) or "none that is known"
            current = version_of(settings.sources_dir, profile.source)
            which.append(f"under version {version} of its profile (loaded under: {versions}; the file is {current} now)")
        raise WrongUse(f"nothing of {source} is loaded {' and '.join(which)}. {NOTHING}")
    return [row["load_id"] for row in rows]


def source_of(settings: Settings, load_ids: Sequence[int]) -> str:
    """The one source of some loads. Raises WrongUse if a load does not exist, or if they are of several sources."""
    with engine(settings).connect() as connection:
        rows = query(connection, "select load_id, source_code from ops.load where load_id = any(:l)", {"l": list(load_ids)})
    lacking = sorted(set(load_ids) - {row["load_id"] for row in rows})
    if lacking:
        raise WrongUse(f"there is no load {', '.join(map(str, lacking))}")
    sources = sorted({row["source_code"] for row in rows})
    if len(sources) > 1:
        raise WrongUse(f"these loads are of several sources ({', '.join(sources)}): withdraw them source by source. {NOTHING}")
    return str(sources[0])


def plan(connection: Connection, profile: Profile, load_ids: Sequence[int], *, reload: bool = False) -> Plan:
    """What withdrawing these loads of one source concerns.

    Retries of a load are withdrawn with it, and so are the other loads of its extract where it has no file, because such an extract is
    published as a whole. Lists of keys may be reloaded alone. Raises WrongUse, naming the load and what to do, if one of them cannot be
    withdrawn exactly.
    """
    named_ids = sorted(set(load_ids))
    if not (reload and _are_key_lists(connection, named_ids)):
        named_ids = sorted({*named_ids, *(row["load_id"] for row in ask(connection, "runs/extract_loads", load_ids=named_ids))})
    family = ask(connection, "runs/load_family", load_ids=named_ids)
    for row in family:
        if row["load_id"] in load_ids and row["status"] != LoadStatus.LOADED:
            raise WrongUse(f"{what_of(row)} is {row['status']}: only what is loaded can be withdrawn. {NOTHING}")
    entities: dict[str, tuple[Model, list[int]]] = {}
    loads, kept = [], []
    for row in family:
        if row["status"] == LoadStatus.LOADED:
            model = _model(profile, row)
            if reload and model.merge == "key_list" and row["landing_path"] is None and row["load_id"] not in load_ids:
                kept.append(row["load_id"])
                continue
            loads.append(row)
            entities.setdefault(row["entity"], (model, []))[1].append(row["load_id"])
    entities = dict(sorted(entities.items(), key=lambda item: list(MODELS).index(item[1][0].name)))
    again: set[int] = set()
    for entity, (model, own) in entities.items():
        _require_whole_list(connection, profile, entity, model, own)
        again |= set(_repeating(connection, entity, model, own, profile))
    return Plan(profile.source, tuple(loads), tuple(sorted(again)), entities, tuple(kept))


def _are_key_lists(connection: Connection, load_ids: list[int]) -> bool:
    """Whether all of these loads are lists of keys."""
    rows = query(connection, "select bool_and(entity like '%.keys') as are from ops.load where load_id = any(:l)", {"l": load_ids})
    return bool(rows[0]["are"])


def what_of(row: dict[str, Any]) -> str:
    """A load in words: its number, source and file or entity."""
    return f"load {row['load_id']} ({row['source_code']} {row['file_name'] or row['entity']})"


def _model(profile: Profile, row: dict[str, Any]) -> Model:
    """The model of a load. Raises WrongUse if the profile does not say it any more."""
    entity = staged_entities(profile).get(row["entity"])
    if entity is None:
        raise WrongUse(
            f"{what_of(row)}: the profile {profile.source}.yaml has no entity {row['entity']} any more, so nobody knows what it brought. "
            f"Put the entity back into the profile, then withdraw. {NOTHING}"
        )
    return MODELS[entity.model]


def _require_whole_list(connection: Connection, profile: Profile, entity: str, model: Model, load_ids: list[int]) -> None:
    """Raise WrongUse if only some files of a list are withdrawn: the files of one extract are the list together."""
    if model.merge != "list":
        return
    others = query(
        connection,
        "select load_id, file_name from ops.load where source_code = :s and entity = :e and status = 'loaded' and not load_id = any(:l) "
        "and window_to in (select w.window_to from ops.load as w where w.load_id = any(:l)) order by load_id",
        {"s": profile.source, "e": entity, "l": load_ids},
    )
    if others:
        rest = ", ".join(f"{row['load_id']} ({row['file_name'] or entity})" for row in others)
        raise WrongUse(f"the list {entity} was delivered by several loads together; withdraw these with it: {rest}. {NOTHING}")


def _repeating(connection: Connection, entity: str, model: Model, load_ids: list[int], profile: Profile) -> list[int]:
    """The loads that may have repeated what these loads of an entity said.

    Raises WrongUse if one of them has no landing any more and no file either: what a source answered then it does not answer again.
    """
    if model.merge == "key_list":  # each list is stored by what it changes, so what a later one repeated is known
        return []
    rows = ask(connection, "runs/load_repeating", source=profile.source, entity=entity, load_ids=load_ids, merge=model.merge)
    gone = [row for row in rows if row["landing_path"] is None and row["file_name"] is None]
    if gone:
        later = ", ".join(f"{row['load_id']} ({entity})" for row in gone)
        raise WrongUse(
            f"what is to be withdrawn was repeated by later loads whose landing is removed: {later}. What is equal is stored once, so "
            f"without landing nobody knows what they said. Withdraw them too and ask for their windows again. {NOTHING}"
        )
    return [row["load_id"] for row in rows]
