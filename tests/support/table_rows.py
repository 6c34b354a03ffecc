"""Everything that a warehouse holds, as text, to compare two ways to the same state."""

from __future__ import annotations

from sqlalchemy import text

from cchc.settings import Settings
from cchc.warehouse import engine


def table_rows(settings: Settings, *without: str, schemas: tuple[str, ...] = ("core", "mart")) -> dict[str, list[str]]:
    """Every row of every table of some schemas as text, in an order that the content gives; `without` some columns."""
    found: dict[str, list[str]] = {}
    with engine(settings).connect() as connection:
        tables = connection.execute(
            text("select schemaname || '.' || tablename from pg_tables where schemaname = any(:s) order by 1"), {"s": list(schemas)}
        ).scalars()
        for table in list(tables):
            statement = f"select cast(to_jsonb(t) - cast(:without as text[]) as text) from {table} as t"
            found[table] = sorted(connection.execute(text(statement), {"without": list(without)}).scalars())
    return found


def differing(before: dict[str, list[str]], after: dict[str, list[str]]) -> dict[str, list[str]]:
    """Tables whose rows differ, with some rows that only one side has; empty where all is alike."""
    assert before.keys() == after.keys()
    assert any(before.values()), "both sides are empty: equal rows would prove nothing"
    return {name: sorted(set(rows) ^ set(after[name]))[:6] for name, rows in before.items() if rows != after[name]}
