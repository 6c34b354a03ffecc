"""Write the counts of the fields of a load to ops.load_field: fields present (counted at landing) and values (counted at staging)."""

from __future__ import annotations

from typing import Any

from psycopg import Connection

from cchc.sources.landing import Landed
from cchc.sources.profile import Entity
from cchc.staging.columns import ValueCounts


def write_fields(connection: Connection[Any], load: Landed, entity: Entity, values: ValueCounts) -> None:
    """Replace the stored field counts of a load.

    They include all fields that the profile uses, present or not, and the names of the other fields in the load. `values`: what was counted
    of the values by delivered field. Nothing is written for an old landing in which fields were not counted.
    """
    connection.execute("delete from ops.load_field where load_id = %s", [load.load_id])
    counted = load.manifest.get("fields")
    if counted is None:
        return
    mapped, present = entity.fields, counted["present"]
    rows = []
    for name in {**mapped, **present}:
        place, _, field = name.rpartition(".")
        records = counted["objects"].get(place, 0) if field and place in counted["objects"] else counted["records"]
        counts = (values.filled[name], values.unreadable[name], values.rounded[name]) if name in mapped else (None, None, None)
        rows.append((load.load_id, name, mapped.get(name), records, present.get(name, 0), *counts))
    with connection.cursor() as cursor:
        cursor.executemany(
            "insert into ops.load_field (load_id, field, column_name, record_count, present_count, filled_count, unreadable_count,"
            " rounded_count) values (%s, %s, %s, %s, %s, %s, %s, %s)",
            rows,
        )
