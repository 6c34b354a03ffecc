"""What is told of several rows of one key in one delivery: how many became one record, by which rule, and what to do."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from cchc.models import MODELS, Model
from cchc.sources.profile import Entity, Profile
from cchc.staging.tables import staged_entities


def merged_notes(profile: Profile, rows: Sequence[Mapping[str, Any]]) -> list[str]:
    """A sentence for each load of `rows` (of the query `runs/merged_rows`) and each way in which its rows became fewer."""
    entities = staged_entities(profile)
    notes = []
    for row in rows:
        where = f"{row['source_code']} {row['entity']}" + (f", file {row['file_name']}" if row["file_name"] is not None else "")
        if row["merged"]:
            notes.append(
                f"{where}: {row['merged']} of {row['delivered']} delivered rows went into the record of their key, because the profile "
                "says rows: event"
            )
        if row["replaced"]:
            entity = entities.get(row["entity"])
            notes.append(f"{where}: {row['replaced']} {_replaced(profile, entity, None if entity is None else MODELS[entity.model])}")
    return notes


def _replaced(profile: Profile, entity: Entity | None, model: Model | None) -> str:
    """Why rows of one key count as one, by the way in which the model is merged."""
    if entity is None or model is None:
        return "rows have the key of a later row of this run; the later one is kept"
    if model.merge == "list":
        return "rows have the key of a later row of the list; an item stands in a list once, so the later one is kept"
    if model.merge != "versions":
        return "rows have the key of a later row of the same file; the file's day orders its rows, so the later one is kept"
    if entity.changed_at is None:
        return (
            f"rows have the key of a later row of this run, and the profile {profile.source}.yaml names no change time for {entity.name}: "
            "the later one is kept, and no version of the others. If each is a version, name the field of its change time in changed_at"
        )
    return f"rows have key and change time ({entity.changed_at}) of a later row of this run; the later one is kept"
