"""The warehouse: its engine, its migrations, and SQL files run with bind parameters.

SQL lives in include/sql and stands alone (design.md §2); this module only finds, binds and runs it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, CursorResult, Engine, create_engine, event, text
from sqlalchemy.engine import ExceptionContext
from sqlalchemy.exc import ArgumentError

from cchc.errors import CchcError, NotConfigured, WarehouseUnavailable
from cchc.period import ZONE, now
from cchc.settings import Settings
from cchc.warehouse.url import warehouse_url

_MIGRATION_LOCK = 53_2023  # one installation migrates at a time, whoever starts first


@cache
def _engine(url: str) -> Engine:
    # the warehouse's own sessions judge dates in the authority's zone; `-c timezone` survives a server that is set otherwise
    options = f"-c timezone={ZONE.key} -c client_min_messages=warning"
    try:
        made = create_engine(url, pool_pre_ping=True, connect_args={"options": options})
    except (ArgumentError, ValueError):
        raise NotConfigured(
            "CCHC_WAREHOUSE_URL cannot be read: write postgresql+psycopg://user:password@host:5432/database, special characters as %XX"
        ) from None
    event.listen(made, "handle_error", _say_what_is_unreachable)
    return made


def _say_what_is_unreachable(context: ExceptionContext) -> None:
    """A connection that was not made becomes a WarehouseUnavailable: nobody should read SQLAlchemy's own words, or the password."""
    if context.connection is None and context.engine is not None:
        url = context.engine.url
        why = " ".join(str(context.original_exception).split())
        raise WarehouseUnavailable(
            f"no connection to the warehouse {url.database} on {url.host}:{url.port or 5432} as {url.username}: {why}. Check that "
            "PostgreSQL runs and is reachable from here, and user, password and database in CCHC_WAREHOUSE_URL."
        ) from None


def engine(settings: Settings) -> Engine:
    """The warehouse's engine; starts the embedded server where no CCHC_WAREHOUSE_URL is set."""
    return _engine(warehouse_url(settings))


def sql(settings: Settings, name: str) -> str:
    """The text of an SQL file, for example `mart/dossier`."""
    return (settings.sql_dir / f"{name}.sql").read_text(encoding="utf-8")


def run_file(connection: Connection, settings: Settings, name: str, **binds: Any) -> CursorResult[Any]:
    """Run one SQL file with its binds; the result of its only statement."""
    statement = text(sql(settings, name))
    wanted = set(statement.compile().params)
    return connection.execute(statement, {key: value for key, value in binds.items() if key in wanted})


def run_script(connection: Connection, statements: str) -> None:
    """Run many statements at once, as they are: no binds, no escapes."""
    driver: Any = connection.connection.driver_connection
    driver.execute(statements)


def query(connection: Connection, statement: str, binds: Mapping[str, Any] | None = None) -> list[dict[str, Any]]:
    """Rows of a statement as dictionaries."""
    return [dict(row) for row in connection.execute(text(statement), binds or {}).mappings()]


def _migrations(sql_dir: Path) -> list[tuple[str, str]]:
    return [(path.stem, path.read_text(encoding="utf-8")) for path in sorted((sql_dir / "migrations").glob("*.sql"))]


def migrate(settings: Settings) -> list[str]:
    """Apply the migrations that the warehouse lacks, forward only; the names of those applied.

    Raises CchcError where an applied file was edited afterwards: add a new file instead.
    """
    applied: list[str] = []
    with engine(settings).begin() as connection:
        connection.execute(text("select pg_advisory_xact_lock(:lock)"), {"lock": _MIGRATION_LOCK})
        connection.execute(text("create schema if not exists ops"))
        connection.execute(
            text(
                "create table if not exists ops.migration (name text constraint migration_pk primary key, "
                "sha256 text not null, applied_at timestamptz not null)"
            )
        )
        connection.execute(text("comment on table ops.migration is 'One row an applied migration'"))
        for column, comment in (("name", "File name"), ("sha256", "Its content when applied"), ("applied_at", "When")):
            connection.execute(text(f"comment on column ops.migration.{column} is '{comment}'"))
        known = {row["name"]: row["sha256"] for row in query(connection, "select name, sha256 from ops.migration")}
        for name, statements in _migrations(settings.sql_dir):
            digest = hashlib.sha256(statements.encode()).hexdigest()
            if name in known:
                if known[name] != digest:
                    raise CchcError(f"migration {name} was edited after it had been applied; write a new file instead")
                continue
            run_script(connection, statements)
            connection.execute(
                text("insert into ops.migration (name, sha256, applied_at) values (:name, :sha256, :applied_at)"),
                {"name": name, "sha256": digest, "applied_at": now()},
            )
            applied.append(name)
    return applied


def require_migrated(settings: Settings) -> None:
    """Raises NotConfigured where `cchc init` has not been run with this version."""
    names = {name for name, _ in _migrations(settings.sql_dir)}
    with engine(settings).connect() as connection:
        if connection.execute(text("select to_regclass('ops.migration')")).scalar() is None:
            raise NotConfigured("the warehouse is empty; run `cchc init` first")
        missing = names - {row["name"] for row in query(connection, "select name from ops.migration")}
    if missing:
        raise NotConfigured(f"the warehouse lacks {', '.join(sorted(missing))}; run `cchc init`")


def known_at(connection: Connection, source: str) -> datetime | None:
    """T of a source: the upper end of its newest complete extract; None where there is none."""
    return connection.execute(text("select known_at from ops.source_clock where source_code = :source"), {"source": source}).scalar()
