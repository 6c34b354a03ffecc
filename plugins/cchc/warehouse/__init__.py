"""The warehouse: its engine, its migrations, and the SQL files, which are run with bind values.

The SQL is in include/sql; this module only finds the files, binds the values and runs them.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from functools import cache, lru_cache
from pathlib import Path
from typing import Any, NamedTuple

import psycopg
from sqlalchemy import Connection, CursorResult, Engine, create_engine, event, text
from sqlalchemy.engine import ExceptionContext
from sqlalchemy.exc import ArgumentError, DBAPIError

from cchc.errors import CchcError, NotConfigured, WarehouseUnavailable
from cchc.period import ZONE, now
from cchc.settings import Settings
from cchc.warehouse import waits
from cchc.warehouse.files import SqlFile, UsedElsewhere, apply_files, drop_all, in_the_way, read_files, stale
from cchc.warehouse.queries import dictionaries, read_statement, run_statement
from cchc.warehouse.url import OWNER_URL, as_owner, warehouse_url

_MIGRATION_LOCK = 53_2023  # the number of the lock that lets only one process migrate at a time
OWN_SQL = "authority/"  # how the name of an SQL file begins that lies in the folder of the authority
_LAST_WITH_VIEWS = "0022_applied_files"  # the migrations before this one also create views and functions, in older forms


@cache
def _engine(url: str) -> Engine:
    # all sessions use the authority's time zone; `-c timezone` also works if the server is set to another zone
    options = f"-c timezone={ZONE.key} -c client_min_messages=warning"
    try:
        made = create_engine(url, pool_pre_ping=True, hide_parameters=True, connect_args={"options": options})
    except (ArgumentError, ValueError):
        raise NotConfigured(
            "CCHC_WAREHOUSE_URL cannot be read: write postgresql+psycopg://user:password@host:5432/database, special characters as %XX"
        ) from None
    say_what_is_unreachable(made)
    return made


def say_what_is_unreachable(made: Engine) -> None:
    """Let a connection that fails raise WarehouseUnavailable, with a sentence that names the server and never the password.

    And let a statement that fails say what is wrong without the row: PostgreSQL repeats it (`Failing row contains …`).
    """
    event.listen(made, "handle_error", _say_what_is_unreachable)
    event.listen(made, "handle_error", _repeat_no_row)


def _say_what_is_unreachable(context: ExceptionContext) -> None:
    """Turn a failed connection into WarehouseUnavailable, because the message of SQLAlchemy may show the password."""
    if context.connection is None and context.engine is not None:
        url = context.engine.url
        why = " ".join(str(context.original_exception).split())
        raise WarehouseUnavailable(
            f"no connection to the warehouse {url.database} on {url.host}:{url.port or 5432} as {url.username}: {why}. Check that "
            "PostgreSQL runs and is reachable from here, and user, password and database in CCHC_WAREHOUSE_URL."
        ) from None


def _repeat_no_row(context: ExceptionContext) -> None:
    """Leave only the first line of what PostgreSQL says: the others have the values of a row, and logs are kept. `diag` has them all."""
    error = context.original_exception
    if isinstance(error, psycopg.Error) and error.diag.message_primary:
        error.args = (error.diag.message_primary,)
        if context.sqlalchemy_exception is not None:
            context.sqlalchemy_exception.args = (f"({type(error).__module__}.{type(error).__name__}) {error.diag.message_primary}",)


def engine(settings: Settings) -> Engine:
    """The engine of the warehouse. If CCHC_WAREHOUSE_URL is not set, the embedded server is started."""
    return _engine(warehouse_url(settings))


@contextmanager
def owning(settings: Settings) -> Iterator[Connection]:
    """A transaction of the warehouse's owner, for what the login of the tasks may not do.

    Raises NotConfigured where the address of the owner (`cchc.warehouse.url.owner_url`) names a login that only loads.
    """
    with engine(as_owner(settings)).begin() as connection:
        require_owner(connection)
        yield connection


def require_owner(connection: Connection) -> None:
    """Raise NotConfigured where the login of a connection loads the warehouse and does not own it."""
    if run_statement(connection, "warehouse/only_loads").scalar_one():
        raise NotConfigured(
            f"only the owner of the warehouse may do this, and {connection.engine.url.username} only loads it: name the owner's address in "
            f"{OWNER_URL}. On a server with docker-compose: `docker compose run --rm init cchc …` (docs/guides/roles.md)"
        )


@contextmanager
def reading_on(settings: Settings, connection: Connection | None) -> Iterator[Connection]:
    """The given connection, which may show a past moment, or a new one that shows what is known now."""
    if connection is not None:
        yield connection
        return
    with engine(settings).connect() as opened:
        yield opened


def sql(settings: Settings, name: str) -> str:
    """The text of an SQL file, for example `mart/dossier`; `authority/…` is a file of the authority's folder."""
    return sql_path(settings, name).read_text(encoding="utf-8")


def sql_path(settings: Settings, name: str) -> Path:
    """Where the SQL file of that name lies: in include/sql, or, for `authority/…`, in the authority's folder."""
    if name.startswith(OWN_SQL):
        return settings.authority_dir / f"{name.removeprefix(OWN_SQL)}.sql"
    return settings.sql_dir / f"{name}.sql"


def run_file(connection: Connection, settings: Settings, name: str, **binds: Any) -> CursorResult[Any]:
    """Run the statement of one SQL file with its bind values, and return the result. `:zone` is always the authority's time zone."""
    statement = sql(settings, name)
    return connection.execute(read_statement(statement), asked_binds(statement, {"zone": ZONE.key} | binds))


def asked_binds(statement: str, binds: Mapping[str, Any]) -> dict[str, Any]:
    """The bind values that occur in a statement."""
    wanted = _bind_names(statement)
    return {key: value for key, value in binds.items() if key in wanted}


@lru_cache(maxsize=1024)
def _bind_names(statement: str) -> frozenset[str]:
    return frozenset(read_statement(statement).compile().params)


def run_script(connection: Connection, statements: str) -> None:
    """Run several statements at once, without bind values and without escapes."""
    driver: Any = connection.connection.driver_connection
    driver.execute(statements)


def query(connection: Connection, statement: str, binds: Mapping[str, Any] | None = None) -> list[dict[str, Any]]:
    """The rows of a statement as dictionaries."""
    return dictionaries(connection.execute(read_statement(statement), binds or {}))


def _migrations(sql_dir: Path) -> list[tuple[str, str]]:
    return [(path.stem, path.read_text(encoding="utf-8")) for path in sorted((sql_dir / "migrations").glob("*.sql"))]


class Applied(NamedTuple):
    """What `cchc init` has applied: names of migrations, and of views and functions (`core.dossier`)."""

    migrations: list[str]
    made: list[str]


def wait_for_other_owners(connection: Connection) -> None:
    """Wait until no other process migrates the warehouse or makes its roles, and keep the others out until this transaction ends.

    A fresh warehouse, into which no person can log in yet, has no table that could be locked; there it is an advisory lock.
    """
    if connection.execute(text("select to_regclass('ops.migration')")).scalar() is None:
        connection.execute(text("select pg_advisory_xact_lock(:lock)"), {"lock": _MIGRATION_LOCK})
    else:
        connection.execute(text("lock table ops.migration in share row exclusive mode"))


def migrate(settings: Settings, composed: Sequence[SqlFile] = ()) -> Applied:
    """Apply the migrations that the warehouse lacks, forward only, then the views and functions whose files have changed.

    Everything is one transaction: if something fails, the warehouse is unchanged. `composed`: views that the pipeline composes itself; they
    are created again if they use something that has to be dropped.
    Raises CchcError if an applied migration was edited afterwards (add a new file instead), or if the file of a view or function is
    wrong; the message names file and line. Whom it waits for is said in the log; it raises CchcError where that takes too long.
    """
    files = read_files(settings.sql_dir)
    with engine(settings).begin() as connection, waits.told(connection, "the change of the warehouse's tables (`cchc init`)"):
        require_owner(connection)  # first: who is not the owner may not lock the table, and PostgreSQL's words do not say why
        wait_for_other_owners(connection)
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
        pending = _pending(connection, settings)
        try:
            with connection.begin_nested():
                return _bring_up(connection, pending, files, composed, anew=False)
        except (CchcError, psycopg.Error, DBAPIError) as error:
            if not in_the_way(error):
                raise
            in_place = error
        try:
            return _bring_up(connection, pending, files, composed, anew=True)
        except UsedElsewhere as error:
            why = " ".join(str(in_place).split())
            raise UsedElsewhere(f"{error}. They cannot be changed in their place: {why}") from in_place


def _pending(connection: Connection, settings: Settings) -> list[tuple[str, str]]:
    """Name and text of the migrations that the warehouse lacks. Raises CchcError if one was edited after it had been applied."""
    known = {row["name"]: row["sha256"] for row in query(connection, "select name, sha256 from ops.migration")}
    pending = []
    for name, statements in _migrations(settings.sql_dir):
        if name not in known:
            pending.append((name, statements))
        elif known[name] != hashlib.sha256(statements.encode()).hexdigest():
            raise CchcError(f"migration {name} was edited after it had been applied; write a new file instead")
    return pending


def _bring_up(
    connection: Connection, pending: Sequence[tuple[str, str]], files: Sequence[SqlFile], composed: Sequence[SqlFile], *, anew: bool
) -> Applied:
    """Apply the pending migrations, then the files. With `anew`, the views and functions are dropped first, so that tables can change."""
    dropped = None
    for name, statements in pending:
        if anew and dropped is None and name > _LAST_WITH_VIEWS:
            dropped = drop_all(connection, files, composed)
        run_script(connection, statements)
        connection.execute(
            text("insert into ops.migration (name, sha256, applied_at) values (:name, :sha256, :applied_at)"),
            {"name": name, "sha256": hashlib.sha256(statements.encode()).hexdigest(), "applied_at": now()},
        )
    # a migration may have changed what a view reads, or dropped it with its table, so all of them are created again
    everything = any(name > _LAST_WITH_VIEWS for name, _ in pending)
    made = apply_files(connection, files, dropped, everything=everything, anew=anew, composed=composed)
    return Applied([name for name, _ in pending], made)


def require_migrated(settings: Settings) -> None:
    """Raise NotConfigured if `cchc init` has not been run with this version."""
    names = {name for name, _ in _migrations(settings.sql_dir)}
    with engine(settings).connect() as connection:
        reads = "select has_schema_privilege(n.oid, 'usage') from pg_namespace as n where n.nspname = 'ops'"
        if not (is_let_in := connection.execute(text(reads)).scalar()):
            if is_let_in is None:
                raise NotConfigured("the warehouse is empty; run `cchc init` first")
            raise NotConfigured(f"the login {connection.engine.url.username} has no right in the warehouse yet; run `cchc init`")
        if connection.execute(text("select to_regclass('ops.migration')")).scalar() is None:
            raise NotConfigured("the warehouse is empty; run `cchc init` first")
        missing = names - {row["name"] for row in query(connection, "select name from ops.migration")}
        if missing:
            raise NotConfigured(f"the warehouse lacks {', '.join(sorted(missing))}; run `cchc init`")
        older = stale(connection, read_files(settings.sql_dir))
        if older:
            raise NotConfigured(f"the warehouse has another form of {', '.join(file.made for file in older)}; run `cchc init`")


def known_at_of(connection: Connection, source: str) -> datetime | None:
    """The known_at (T) of a source: the moment up to which it was extracted without a hole; None if there is none."""
    return connection.execute(text("select known_at from ops.source_clock where source_code = :source"), {"source": source}).scalar()
