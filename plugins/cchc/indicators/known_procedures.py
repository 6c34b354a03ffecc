"""The procedures as of the days of a refresh, read once for all the indicators that ask for them.

Several indicators and the coverage of dossiers ask for the procedures in force on the same days. Finding them in the lists of a source
takes longer than counting them, so they are kept in temporary tables while a role is counted. Moments that have the same lists of
procedures have the same procedures, so one of them is read for all.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from datetime import date, datetime
from functools import cached_property, lru_cache
from typing import Any

from sqlalchemy import Connection, text

from cchc.warehouse import composed
from cchc.warehouse.queries import ask, read_statement

ROLE = "dossiers"  # the role whose sources have lists of procedures
_Key = tuple[str, date | None, datetime, datetime]  # source, day, lists_at, known_at


class SameLists:
    """Finds for a moment the moment that has the same lists of procedures, which stands for all of them."""

    def __init__(self, connection: Connection, sources: Sequence[str]) -> None:
        self._connection = connection
        self._sources = list(sources)
        self._found: dict[tuple[datetime, datetime], datetime] = {}
        self._first: dict[tuple[datetime, str], datetime] = {}

    def of(self, moments: Iterable[datetime], known_at: datetime) -> dict[datetime, datetime]:
        """The moment that stands for each of some moments, among lists that are known at `known_at`. It never changes."""
        asked = sorted(set(moments))
        new = [moment for moment in asked if (moment, known_at) not in self._found]
        if new:
            values = {"moments": new, "sources": self._sources, "known_at": known_at}
            order = {row["moment"]: row["order_hash"] for row in ask(self._connection, "values/same_lists", **values)}
            for moment in new:
                self._found[moment, known_at] = self._first.setdefault((known_at, order[moment]), moment)
        return {moment: self._found[moment, known_at] for moment in asked}


class KnownProcedures:
    """The procedures that were read on a connection. It lasts as long as one role is counted, within one transaction."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        self._known: dict[str, set[_Key]] = {}

    @cached_property
    def _sources(self) -> list[str]:
        found = self.connection.execute(text("select source_code from core.source_role where role = :r"), {"r": ROLE})
        return list(found.scalars())

    @cached_property
    def _same_lists(self) -> SameLists:
        return SameLists(self.connection, self._sources)

    def beside(self, statement: str, spans: Sequence[dict[str, Any]]) -> tuple[str, Sequence[dict[str, Any]]]:
        """A statement that reads the procedures from the temporary tables, and the spans with `lists_at`, which it binds.

        The temporary tables have the procedures of all `spans`, at least one, which differ in days and moments and have one known_at. A
        statement that asks for procedures in another way than the indicators of the project do stays as it is.
        """
        changed, asked = _read_once(statement)
        if not asked:
            return changed, spans
        known_at = spans[0]["known_at"]
        lists_at = self._same_lists.of((span["end_at"] for span in spans), known_at)
        placed = [{**span, "lists_at": lists_at[span["end_at"]]} for span in spans]
        for function, is_of_every_source in asked:
            keys = set[_Key]()
            for span in placed:
                day = span["last_day"] if function in composed.OF_A_DAY else None
                sources = self._sources if is_of_every_source else [span["source"]]
                keys |= {(source, day, span["lists_at"], known_at) for source in sources}
            self._read(function, keys)
        return changed, placed

    def _read(self, function: str, keys: set[_Key]) -> None:
        if function not in self._known:
            self.connection.execute(text(f"drop table if exists pg_temp.{composed.known_table(function)}"))
        new = keys - self._known.get(function, set())
        if function in self._known and not new:
            return
        days: dict[tuple[str, datetime, datetime], list[str]] = {}
        for source, day, lists_at, known_at in sorted(new, key=str):
            days.setdefault((source, lists_at, known_at), []).extend([day.isoformat()] if day else [])
        asked = [
            {"source_code": source, "days": of_lists, "lists_at": lists_at.isoformat(), "known_at": known_at.isoformat()}
            for (source, lists_at, known_at), of_lists in days.items()
        ]
        statement = composed.read_procedures(function, is_first=function not in self._known)
        self.connection.execute(read_statement(statement), {"asked": json.dumps(asked)})
        if function not in self._known:
            self.connection.execute(text(composed.index_procedures(function)))
        # PostgreSQL takes a temporary table that it has not counted for a small one, and compares every dossier with every row of it
        self.connection.execute(text(composed.analyze_procedures(function)))
        self._known.setdefault(function, set()).update(new)


@lru_cache(maxsize=256)
def _read_once(statement: str) -> tuple[str, frozenset[tuple[str, bool]]]:
    return composed.procedures_read_once(statement)
