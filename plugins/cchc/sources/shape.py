"""Make the flat records that everything behind reads of what an answer has: nested fields get their names, nested lists their rows."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import orjson

from cchc.errors import ContractViolation
from cchc.sources.envelope import keys_of
from cchc.sources.paths import ABSENT, Flattener, finder
from cchc.sources.profile import Column, Entity
from cchc.sources.records import Problem


class Shape:
    """Shapes the records of one entity, and counts the delivered records where a row is not one of them."""

    def __init__(self, entity: Entity) -> None:
        self.entity = entity
        names = [*entity.wire_fields, *entity.judging_fields]
        self._flattener = Flattener(dict.fromkeys(names))
        self._items = {
            column.source: flattener
            for column in entity.columns
            if column.source is not None and (flattener := Flattener(_sources(column.items or ())))
        }
        self._list = finder(entity.each.list) if entity.each else None
        self._found_list = False
        self._an_answer: Any = None
        self.counts_records = entity.each is not None or entity.rows == "event"
        self._seen: set[int] = set()

    @property
    def delivered(self) -> int:
        """The number of different delivered records; only counted where `counts_records`."""
        return len(self._seen)

    def rows(self, records: list[Any]) -> Iterable[Any]:
        """The rows of some delivered records."""
        is_flat = not (self.counts_records or self._list or self._flattener or self._items)
        return records if is_flat else self._shaped(records)

    def _shaped(self, records: list[Any]) -> Iterator[Any]:
        for record in records:
            if self.counts_records:
                self._seen.add(self._mark(record))
            yield from self.rows_of(record)

    def rows_of(self, record: Any) -> Iterator[Any]:
        """The rows of one delivered record, which is not counted."""
        for row in self._each(record):
            yield self._flat(row)

    def lacking(self) -> str | None:
        """What to say where there were records and none of them had the list whose elements are the rows; None where all is well."""
        if self.entity.each is None or self._an_answer is None or self._found_list or self.entity.each.optional:
            return None
        return f"no record has the list {self.entity.each.list!r}. A record: {keys_of(self._an_answer)}"

    def check(self, where: str, source: str) -> None:
        """Raise ContractViolation where there were records and none of them had the list whose elements are the rows."""
        if (words := self.lacking()) is not None:
            raise ContractViolation(
                f"{where}: {words} Correct entities.{self.entity.name}.each.list in the profile {source}.yaml, or where records may lack "
                "it, say optional: true."
            )

    def _each(self, record: Any) -> Iterator[Any]:
        if self._list is None or type(record) is not dict:
            yield record
            return
        self._an_answer = record
        found = self._list(record)
        if found is ABSENT:
            return
        self._found_list = True
        if found is None:
            return
        if type(found) is not list:
            yield Problem(f"its {self.entity.each.list if self.entity.each else ''} is no list but {type(found).__name__}")
            return
        for element in found:
            yield {**element, "parent": record} if type(element) is dict else element

    def _flat(self, row: Any) -> Any:
        flat = self._flattener.flat(row) if self._flattener else row
        if self._items and type(flat) is dict:
            for name, flattener in self._items.items():
                items = flat.get(name)
                if type(items) is list:
                    flat = {**flat, name: [flattener.flat(item) for item in items]}
        return flat

    def _mark(self, record: Any) -> int:
        """What a delivered record is known by: the fields of its key, or all of it."""
        if self.entity.each is not None and type(record) is dict:
            values = [finder(name)(record) for name in self.entity.each.parent_key]
            if not any(value is ABSENT or value is None for value in values):
                return hash(orjson.dumps(values))
        return hash(orjson.dumps(record, option=orjson.OPT_SORT_KEYS))


def _sources(items: tuple[Column, ...]) -> list[str]:
    return [item.source for item in items if item.source is not None]
