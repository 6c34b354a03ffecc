"""Questions and small changes that stand in include/sql/queries, by their name (`completeness/hole`).

They belong to the package: the same for every installation. What fills a table of core or mart from another one is in
include/sql/<schema>, and run by `cchc.warehouse.run_file`.
"""

from __future__ import annotations

from functools import cache, lru_cache
from typing import Any

import psycopg
from sqlalchemy import Connection, CursorResult, TextClause, text
from sqlalchemy.dialects.postgresql.psycopg import PGDialect_psycopg

from cchc.settings import PROJECT

FOLDER = PROJECT / "include" / "sql" / "queries"
MANY_ROWS = 0.1  # the share of the rows of a table from which on new ones change how a query is best read


@cache
def statement(name: str) -> str:
    """The text of a file of include/sql/queries, for example `completeness/hole`."""
    return (FOLDER / f"{name}.sql").read_text(encoding="utf-8")


@lru_cache(maxsize=1024)
def read_statement(statement: str) -> TextClause:
    """A statement with its bind values recognised. A refresh runs the same statements thousands of times, so each is read once."""
    return text(statement)


def ask(connection: Connection, name: str, **binds: Any) -> list[dict[str, Any]]:
    """The rows that a query returns, as dictionaries by column. `binds`: its bind values."""
    return dictionaries(connection.execute(read_statement(statement(name)), binds))


def dictionaries(result: CursorResult[Any]) -> list[dict[str, Any]]:
    """The rows of a result as dictionaries by column. SQLAlchemy's own `mappings` ask for the names of the columns again at each row."""
    names = list(result.keys())
    return [dict(zip(names, row, strict=True)) for row in result]


def run_statement(connection: Connection, name: str, **binds: Any) -> CursorResult[Any]:
    """Run a statement with its bind values; its result."""
    return connection.execute(read_statement(statement(name)), binds)


def count_rows(connection: Connection, table: str) -> None:
    """Have PostgreSQL count the rows of a table of ops, core or mart, so that what reads it is planned well.

    By the function ops.count_rows, because only the owner may `analyze` a table: PostgreSQL passes over that of anybody else.
    """
    connection.execute(text("select ops.count_rows(cast(:table as regclass))"), {"table": table})


def tell_changed_rows(connection: Connection) -> None:
    """Have PostgreSQL tell at the end of the transaction how many rows it changed; by itself it does so some seconds later."""
    connection.execute(text("select pg_stat_force_next_flush()"))


@cache
def for_psycopg(name: str) -> bytes:
    """The text of a file with its bind values in the form of psycopg."""
    return str(read_statement(statement(name)).compile(dialect=PGDialect_psycopg())).encode()


def execute(connection: psycopg.Connection[Any], name: str, **binds: Any) -> psycopg.Cursor[Any]:
    """As `run_statement`, on a connection of psycopg itself."""
    return connection.execute(for_psycopg(name), binds)


def count_rows_after(connection: Connection, table: str, written: int) -> None:
    """Have PostgreSQL count the rows of a table of ops, core or mart where `written` are many of those that it knows of.

    Until its autovacuum comes by, a minute later, it takes a table that was filled just now for an empty one: a reader of the whole
    scorecard then waits ten minutes instead of seconds.
    """
    known = connection.execute(text("select reltuples from pg_class where oid = cast(:table as regclass)"), {"table": table}).scalar_one()
    if written > max(known, 0) * MANY_ROWS:
        count_rows(connection, table)
