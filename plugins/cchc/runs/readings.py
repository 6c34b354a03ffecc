"""From where a load is read again: its landing, where that has what today's profile needs, and else the source or the drop folder."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection

from cchc.errors import WrongUse
from cchc.runs.withdraw import NOTHING, Plan, what_of
from cchc.settings import Settings
from cchc.sources.fields import named
from cchc.sources.landing import Folder, complete_manifest
from cchc.sources.privacy import mark_of
from cchc.sources.profile import Entity, Profile
from cchc.sources.read_as import read_otherwise
from cchc.staging.tables import staged_entities
from cchc.warehouse import query


@dataclass(frozen=True)
class Reading:
    """A load that is read again: its row of ops.load, and why its landing does not serve for it; None: it is read from landing.

    `repeats`: it is not reloaded itself, but had repeated something that is.
    """

    load: dict[str, Any]
    why: str | None = None
    repeats: bool = False

    @property
    def load_id(self) -> int:
        """The number of the load."""
        return int(self.load["load_id"])

    @property
    def in_words(self) -> str:
        """That the load cannot be read from landing, and why."""
        if self.repeats and self.load["landing_path"] is None:
            return (
                "what is to be withdrawn was repeated by later loads whose landing is removed: "
                f"{self.load_id} ({self.load['file_name'] or self.load['entity']}), and what is equal is stored once"
            )
        return f"{what_of(self.load)} cannot be read again from landing: {self.why}"


def readings(connection: Connection, settings: Settings, profile: Profile, planned: Plan, *, reload: bool) -> list[Reading]:
    """The loads that are read again for a withdrawal, each with the reason why landing does not serve, if it does not.

    They are the loads that had repeated what is withdrawn and, with `reload`, the newest load of each withdrawn delivery. Raises WrongUse
    if a list of keys cannot be read from landing: a source tells the keys of today alone.
    """
    repeating = query(connection, "select * from ops.load where load_id = any(:l) order by load_id", {"l": list(planned.again)})
    found = [Reading(dict(row), _why_not_landing(settings, profile, row, is_reload=False), repeats=True) for row in repeating]
    if reload:
        found += [Reading(row, _why_not_landing(settings, profile, row, is_reload=True)) for row in _newest(planned.loads)]
    for reading in found:
        if reading.why is not None and reading.load["entity"] not in profile.entities:
            raise WrongUse(
                f"{reading.in_words}. A source tells the keys that it has today, not "
                f"those of T. Withdraw the load, and the next ingest asks for a list. {NOTHING}"
            )
    return found


def _newest(loads: Iterable[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """The newest load of each delivery: a retry is a delivery with the load that it read again."""
    deliveries: dict[int, dict[str, Any]] = {}
    first: dict[int, int] = {}
    for row in loads:  # they stand in their order, so what a load read again comes before it
        first[row["load_id"]] = origin = first.get(row["retry_of"], row["retry_of"] or row["load_id"])
        deliveries[origin] = row
    return iter(deliveries.values())


def _why_not_landing(settings: Settings, profile: Profile, load: Mapping[str, Any], *, is_reload: bool) -> str | None:
    """Why the landing of a load does not have what today's profile needs; None if it has it.

    A load that is read again only because it had repeated something needs what it had, so other ways of reading do not count for it.
    """
    if load["landing_path"] is None:
        return "its landing was removed"
    manifest = load["manifest"] or {}
    if manifest.get("privacy_key") not in (None, mark_of(settings.privacy_key())):
        return "it landed under another privacy key"
    entity = staged_entities(profile)[load["entity"]]
    lacking = sorted(set(entity.fields) - set((manifest.get("fields") or {}).get("mapped", ())))
    if lacking:
        return f"what no column named did not land, and the profile names now: {named(lacking, entity)}"
    if is_reload and (others := _otherwise(profile, entity, manifest)):
        return f"the profile says otherwise than then how records are read: {', '.join(others)}"
    if complete_manifest(Folder(settings.landing_url).child(*load["landing_path"].split("/"))) is None:
        return "its landing is not there, or is not what landed"
    return None


def _otherwise(profile: Profile, entity: Entity, manifest: Mapping[str, Any]) -> list[str]:
    return read_otherwise(profile, entity, manifest.get("read_as")) if entity.name in profile.entities else []
