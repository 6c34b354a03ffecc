"""What a run tells of rows and values that are not in the warehouse as they were delivered: how many, by which rule, and what to do."""

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
        where = _where(row)
        entity = entities.get(row["entity"])
        if row["left_out"]:
            how_many = "all" if row["left_out"] == row["delivered"] else f"{row['left_out']} of {row['delivered']}"
            conditions = "; ".join(condition.words for condition in entity.where) if entity is not None else ""
            notes.append(f"{where}: {how_many} delivered rows are left out, because they do not keep 'where' of the profile ({conditions})")
        if row["merged"]:
            notes.append(
                f"{where}: {row['merged']} of {row['delivered']} delivered rows went into the record of their key, because the profile "
                "says rows: event"
            )
        if row["replaced"]:
            notes.append(f"{where}: {row['replaced']} {_replaced(profile, entity, None if entity is None else MODELS[entity.model])}")
    return notes


def rounded_notes(rows: Sequence[Mapping[str, Any]]) -> list[str]:
    """A sentence for each field of `rows` (of the query `runs/rounded_field`) of which values were rounded."""
    return [
        f"{_where(row)}: {row['rounded_count']} of {row['filled_count']} values of {row['field']} have a fraction; "
        f"{row['column_name']} takes whole numbers, so they were rounded half up"
        for row in rows
    ]


def _where(row: Mapping[str, Any]) -> str:
    return f"{row['source_code']} {row['entity']}" + (f", file {row['file_name']}" if row["file_name"] is not None else "")


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
