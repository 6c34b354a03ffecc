"""Write the counts of the fields of a load to ops.load_field: fields present (counted at landing) and values (counted at staging)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import orjson
from psycopg import Connection

from cchc.sources.landing import Landed
from cchc.sources.profile import Entity
from cchc.staging.columns import ValueCounts


def write_fields(connection: Connection[Any], entity: Entity, loads: Sequence[tuple[Landed, ValueCounts]]) -> None:
    """Replace the stored field counts of some loads of an entity.

    They include all fields that the profile uses, present or not, and the names of the other fields in the load. `loads`: each with what
    was counted of its values by delivered field. Nothing is written for an old landing in which fields were not counted.
    """
    connection.execute("delete from ops.load_field where load_id = any(%s)", [[load.load_id for load, _ in loads]])
    rows = [row for load, values in loads for row in _rows(load, entity, values)]
    with connection.cursor() as cursor:
        cursor.executemany(
            "insert into ops.load_field (load_id, field, column_name, record_count, present_count, filled_count, unreadable_count,"
            " rounded_count, kinds, unknown_codes, in_contract, differing_count) values (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)",
            rows,
        )


def _rows(load: Landed, entity: Entity, values: ValueCounts) -> Iterator[tuple[Any, ...]]:
    """One row a field of a load."""
    counted = load.manifest.get("fields")
    if counted is None:
        return
    mapped, present = entity.fields, counted["present"]
    for name in {**mapped, **present}:
        place, _, field = name.rpartition(".")
        records = counted["objects"].get(place, 0) if field and place in counted["objects"] else counted["records"]
        counts = (values.filled[name], values.unreadable[name], values.rounded[name]) if name in mapped else (None, None, None)
        words = (_json(values.kinds.get(name)), _json(values.codes.get(name))) if name in mapped else (None, None)
        differing = values.differing[name] if name in mapped else None
        yield (load.load_id, name, mapped.get(name), records, present.get(name, 0), *counts, *words, entity.in_contract(name), differing)


def _json(counts: Mapping[str, int] | None) -> str | None:
    return None if counts is None else orjson.dumps(counts, option=orjson.OPT_SORT_KEYS).decode()
