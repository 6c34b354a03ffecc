"""Findings that are looked for among candidates, and the same with everything as a candidate."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

from sqlalchemy import Connection, text


def found(connection: Connection, kinds: Iterable[str]) -> Counter[tuple[str, str]]:
    """The findings of some kinds, each with all that it says."""
    asked = text("select finding_code, cast(to_jsonb(f) as text) from mart.finding as f where finding_code = any(:c)")
    return Counter((row[0], row[1]) for row in connection.execute(asked, {"c": list(kinds)}))


def found_among_all(connection: Connection, kinds: Iterable[str], every_candidate: Sequence[str]) -> Counter[tuple[str, str]]:
    """The same after the statements that note everything as a candidate, which are taken back afterwards."""
    with connection.begin_nested() as savepoint:
        for statement in every_candidate:
            connection.execute(text(statement))
        rows = found(connection, kinds)
        savepoint.rollback()
    return rows
