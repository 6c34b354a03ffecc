"""The procedures as of the days of a refresh, read once for all the indicators that ask for them.

Several indicators and the coverage of dossiers ask for the procedures in force on the same days. Finding them in the lists of a source
takes longer than counting them, so they are kept in temporary tables while a role is counted.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from functools import cached_property, lru_cache
from typing import Any

from sqlalchemy import Connection, text

from cchc.warehouse import composed
from cchc.warehouse.queries import read_statement

ROLE = "dossiers"  # the role whose sources have lists of procedures


class KnownProcedures:
    """The procedures that were read on a connection. It lasts as long as one role is counted, within one transaction."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        self._known: dict[str, set[tuple[Any, ...]]] = {}

    @cached_property
    def _sources(self) -> list[str]:
        found = self.connection.execute(text("select source_code from core.source_role where role = :r"), {"r": ROLE})
        return list(found.scalars())

    def beside(self, statement: str, spans: Iterable[Mapping[str, Any]]) -> str:
        """A statement that reads the procedures from the temporary tables, which have those of all `spans`.

        A statement that asks for them in another way than the indicators of the project do stays as it is.
        """
        changed, asked = _read_once(statement)
        for function, is_of_every_source in asked:
            keys = set()
            for span in spans:
                day = span["last_day"] if function in composed.OF_A_DAY else None
                sources = self._sources if is_of_every_source else [span["source"]]
                keys |= {(source, day, span["end_at"], span["known_at"]) for source in sources}
            self._read(function, keys)
        return changed

    def _read(self, function: str, keys: set[tuple[Any, ...]]) -> None:
        if function not in self._known:
            self.connection.execute(text(f"drop table if exists pg_temp.{composed.known_table(function)}"))
        new = sorted(keys - self._known.get(function, set()), key=str)
        if function in self._known and not new:
            return
        asked = [
            {"source_code": source, "last_day": day and day.isoformat(), "end_at": end_at.isoformat(), "known_at": known_at.isoformat()}
            for source, day, end_at, known_at in new
        ]
        statement = composed.read_procedures(function, is_first=function not in self._known)
        self.connection.execute(read_statement(statement), {"asked": json.dumps(asked)})
        # PostgreSQL takes a temporary table that it has not counted for a small one, and compares every dossier with every row of it
        self.connection.execute(text(f"analyze {composed.known_table(function)}"))
        self._known.setdefault(function, set()).update(new)


@lru_cache(maxsize=256)
def _read_once(statement: str) -> tuple[str, frozenset[tuple[str, bool]]]:
    return composed.procedures_read_once(statement)
