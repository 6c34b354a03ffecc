"""The flat rows of nested records in files: as over HTTP, fields and lists are found by path, and `each` makes a row of each element."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from cchc.sources.kinds import is_table
from cchc.sources.profile import Entity
from cchc.sources.shape import Shape
from cchc.sources.unread import Unreadable


def rows_of(records: Iterable[tuple[int, Any]], entity: Entity) -> Iterator[tuple[int, Any]]:
    """Yield (number, row) for the rows of (number, record) pairs; the rows of one record have its number.

    Raises Unreadable if there were records, and none of them had the list whose elements are the rows.
    """
    shape = Shape(entity)
    for number, record in records:
        for row in shape.rows_of(record):
            yield number, row
    if (words := shape.lacking()) is not None:
        raise Unreadable(f"{words} Where records may lack it, say optional: true there", f"entities.{entity.name}.each.list")


def refuse_nested(name: str, entity: Entity) -> None:
    """Raise Unreadable for a table of an entity whose profile names nested records, which no table has."""
    if not is_table(name):
        return
    keys = [key for key, value in (("each", entity.each), ("records", entity.records)) if value is not None]
    if keys:
        raise Unreadable(
            f"{' and '.join(keys)} of the entity lead into nested records, and a table has none",
            *(f"entities.{entity.name}.{key}" for key in keys),
        )
