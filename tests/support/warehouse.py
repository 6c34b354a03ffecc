"""Warehouses of tests: what the fixtures are, for type checkers and readers; reading and changing what is in one."""

from __future__ import annotations

from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any, Protocol

import psycopg
from sqlalchemy import text

from cchc.settings import Settings
from cchc.warehouse import embedded as postgres
from cchc.warehouse import engine, query


class NewWarehouse(Protocol):
    """The fixture `new_warehouse`: a context with the settings of a fresh migrated warehouse; gone afterwards."""

    def __call__(self, home: Path, copy_of: str | None = None) -> AbstractContextManager[Settings]:
        """`home`: the folder that becomes CCHC_HOME. `copy_of`: the name of a database that is copied, to which nobody is connected."""


def admin(server: postgres.Server, statement: str) -> None:
    """Run a statement that concerns databases."""
    with psycopg.connect(server.url("postgres").replace("+psycopg", ""), autocommit=True) as connection:
        connection.execute(statement.encode())


def rows_of(settings: Settings, statement: str, **binds: Any) -> list[dict[str, Any]]:
    """Rows of the warehouse."""
    with engine(settings).connect() as connection:
        return query(connection, statement, binds)


def execute(settings: Settings, statement: str, **binds: Any) -> None:
    """Change the warehouse. PostgreSQL counts the written rows at once: by itself it does within seconds, and pages look at that count."""
    with engine(settings).begin() as connection:
        connection.execute(text(statement), binds)
        connection.execute(text("select pg_stat_force_next_flush()"))


def tamper(settings: Settings, statement: str, **binds: Any) -> None:
    """Change what is published, which the warehouse refuses without the word that `cchc privacy rotate` says (migration 0061)."""
    with engine(settings).begin() as connection:
        connection.execute(text("set local cchc.opens_publications = 'on'"))
        connection.execute(text(statement), binds)


class HasWarehouse:
    """Gives a class of tests that has `settings` the two ways into its warehouse."""

    settings: Settings

    def rows(self, statement: str, **binds: Any) -> list[dict[str, Any]]:
        """Rows of the warehouse."""
        return rows_of(self.settings, statement, **binds)

    def execute(self, statement: str, **binds: Any) -> None:
        """Change the warehouse."""
        execute(self.settings, statement, **binds)


def counted(settings: Settings) -> dict[str, int]:
    """Rows of every table of core and mart: what a failed load must not change."""
    tables = rows_of(
        settings, "select schemaname || '.' || tablename as name from pg_tables where schemaname in ('core', 'mart') order by 1"
    )
    union = " union all ".join(f"select '{row['name']}' as name, count(*) as n from {row['name']}" for row in tables)
    return {row["name"]: row["n"] for row in rows_of(settings, union)}
