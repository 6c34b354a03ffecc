"""Backups with a test of the restore: the databases as of one moment each, and what of CCHC_HOME cannot be made again.

A backup is a folder `<time>` in the folder of the backups:

    warehouse.dump, airflow.dump   pg_dump in its custom format, by the programs of the embedded PostgreSQL, which also dump a server's
    home.tar.gz                    of CCHC_HOME: the secrets, the accounts, the papers of publications
    backup.json                    when, of which version, the SHA-256 of each file, the rows of each table at that moment

It holds the privacy key and the passwords: keep it as safe as the server itself.
"""

from __future__ import annotations

import hashlib
import json
import logging
import os
import shutil
import subprocess
import tarfile
import tempfile
from collections.abc import Mapping
from importlib import metadata
from pathlib import Path
from typing import Any

import psycopg
from psycopg import sql
from sqlalchemy import make_url

from cchc.errors import CchcError, NotConfigured, WrongUse
from cchc.files import PRIVATE, write_atomic
from cchc.period import now
from cchc.settings import Settings
from cchc.warehouse import embedded as postgres
from cchc.warehouse.url import warehouse_url

log = logging.getLogger(__name__)

VARIABLE = "CCHC_BACKUP_DIR"
MANIFEST = "backup.json"
OF_HOME = ("secrets", "publications", "airflow/accounts.json", "airflow/passwords.json")
PRIVATE_FOLDER = 0o700


def folder_of_backups(variables: Mapping[str, str] = os.environ) -> Path:
    """The folder of the backups. Raises NotConfigured where CCHC_BACKUP_DIR is not set."""
    if not variables.get(VARIABLE):
        raise NotConfigured(f"{VARIABLE} is not set: name a folder for the backups, on another disk than the databases")
    return Path(variables[VARIABLE])


def write(settings: Settings, folder: Path, keep: int | None = None, airflow_url: str | None = None) -> Path:
    """Write a backup into `folder`, whole or not at all, and remove all but the newest `keep`. The folder of the backup.

    `airflow_url`: the database of Airflow; None leaves it out. Raises CchcError with what pg_dump said if a database cannot be dumped.
    """
    folder.mkdir(parents=True, exist_ok=True, mode=PRIVATE_FOLDER)
    name = f"{now():%Y%m%dT%H%M%S}"
    making = Path(tempfile.mkdtemp(prefix=f".{name}.", dir=folder))
    try:
        urls = {"warehouse": warehouse_url(settings), **({"airflow": airflow_url} if airflow_url else {})}
        databases = {database: _dump(url, making / f"{database}.dump") for database, url in urls.items()}
        with tarfile.open(making / "home.tar.gz", "w:gz") as archive:
            for part in OF_HOME:
                if (settings.home / part).exists():
                    archive.add(settings.home / part, part)
        manifest = {
            "made_at": now().isoformat(),
            "version": metadata.version("cchc"),
            "sha256": {path.name: _sha256(path) for path in sorted(making.iterdir())},
            "databases": databases,
        }
        write_atomic(making / MANIFEST, json.dumps(manifest, indent=1))
        for path in making.iterdir():
            path.chmod(PRIVATE)
        others = len(list(folder.glob(f"{name}*")))  # of the same second
        made = making.rename(folder / (f"{name}-{others}" if others else name))
    except BaseException:
        shutil.rmtree(making, ignore_errors=True)
        raise
    for old in backups(folder)[: -keep if keep else 0]:
        shutil.rmtree(old)
        log.info("the backup %s is removed; the newest %s are kept", old.name, keep)
    return made


def backups(folder: Path) -> list[Path]:
    """The backups in a folder, oldest first."""
    return sorted(path.parent for path in folder.glob(f"[0-9]*/{MANIFEST}"))


def test(backup: Path) -> str:
    """Restore the dumps of a backup into a PostgreSQL of its own beside it, and compare; a sentence about what was found.

    Raises CchcError that names the file that differs from its SHA-256, the dump that cannot be restored, or each table that has other rows
    than were counted when the backup was written.
    """
    manifest = _manifest(backup)
    for name, wanted in manifest["sha256"].items():
        if not (backup / name).is_file() or _sha256(backup / name) != wanted:
            raise CchcError(f"backup {backup.name}: {name} is missing or is not what was written. Write another backup")
    scratch = Path(tempfile.mkdtemp(prefix=".test.", dir=backup.parent))
    differences, tables = [], 0
    try:
        server = postgres.start(scratch, durable=False)
        for database, described in manifest["databases"].items():
            rows = described["rows"]
            url = _restored(server, database, described["roles"], backup / f"{database}.dump")
            found = _rows(psycopg.connect(url))
            tables += len(rows)
            differences += [
                f"{database}.{table}: {found.get(table)} rows instead of {count}"
                for table, count in rows.items()
                if found.get(table) != count
            ]
    finally:
        postgres.stop(scratch)
        shutil.rmtree(scratch, ignore_errors=True)
    if differences:
        raise CchcError(f"backup {backup.name} does not restore what was there:\n" + "\n".join(differences))
    total = sum(sum(described["rows"].values()) for described in manifest["databases"].values())
    return f"backup {backup.name}: {tables} tables with {total} rows were restored, and are what was counted when it was written"


def restore(settings: Settings, backup: Path) -> list[str]:
    """Restore a backup into an empty CCHC_HOME, with an embedded PostgreSQL of its own; the databases that were restored.

    `cchc init` then brings the warehouse to this version and grants its rights. Raises WrongUse if CCHC_HOME is not empty or if
    CCHC_WAREHOUSE_URL is set (docs/runbooks/restore.md says what to do on a server), CchcError if the backup cannot be restored.
    """
    if settings.warehouse_url:
        raise WrongUse("CCHC_WAREHOUSE_URL is set: a server's database is restored with pg_restore, see docs/runbooks/restore.md")
    if settings.home.exists() and any(settings.home.iterdir()):
        raise WrongUse(f"{settings.home} is not empty, and nothing is overwritten: set CCHC_HOME to a new folder")
    manifest = _manifest(backup)
    settings.home.mkdir(parents=True, exist_ok=True)
    with tarfile.open(backup / "home.tar.gz") as archive:
        archive.extractall(settings.home, filter="data")
    server = postgres.start(settings.home)
    for database, described in manifest["databases"].items():
        _restored(server, database, described["roles"], backup / f"{database}.dump")
    return list(manifest["databases"])


def newest(folder: Path) -> Path:
    """The newest backup of a folder. Raises WrongUse if there is none."""
    found = backups(folder)
    if not found:
        raise WrongUse(f"{folder} has no backup; `cchc backup write` makes one")
    return found[-1]


def _dump(url: str, target: Path) -> dict[str, Any]:
    """Dump a database; the rows of its tables as of the same moment, and the roles of its server, which its policies name."""
    plain = make_url(url).set(drivername="postgresql")
    with psycopg.connect(plain.render_as_string(hide_password=False)) as connection:
        connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
        connection.read_only = True
        (snapshot,) = connection.execute("select pg_export_snapshot()").fetchall()
        roles = [role for (role,) in connection.execute("select rolname from pg_roles where rolname !~ '^pg_' order by 1").fetchall()]
        address = ["--host", str(plain.host), "--port", str(plain.port or 5432), "--username", str(plain.username)]
        what = ["--format=custom", f"--snapshot={snapshot[0]}", "--file", str(target), str(plain.database)]
        _run("pg_dump", plain.password, *address, *what)
        return {"rows": _rows(connection), "roles": roles}


def _restored(server: postgres.Server, database: str, roles: list[str], dump: Path) -> str:
    """The address of the database into which a dump was restored."""
    server.ensure_databases(database)
    with psycopg.connect(server.url("postgres").replace("+psycopg", ""), autocommit=True) as connection:
        there = {role for (role,) in connection.execute("select rolname from pg_roles").fetchall()}
        for role in roles:
            if role not in there:
                connection.execute(sql.SQL("create role {} nologin").format(sql.Identifier(role)))
    address = ["--host", "127.0.0.1", "--port", str(server.port), "--username", postgres.SUPERUSER]
    _run("pg_restore", server.password, *address, "--exit-on-error", "--no-privileges", "--no-owner", "--dbname", database, str(dump))
    return server.url(database).replace("+psycopg", "")


def _rows(connection: psycopg.Connection) -> dict[str, int]:
    """The number of rows of each table of a database, by schema.table; closes the connection."""
    named = "select schemaname, tablename from pg_tables where schemaname not in ('pg_catalog', 'information_schema') order by 1, 2"
    with connection:
        counted = {}
        for schema, table in connection.execute(named).fetchall():
            statement = sql.SQL("select count(*) from {}.{}").format(sql.Identifier(schema), sql.Identifier(table))
            row = connection.execute(statement).fetchone()
            counted[f"{schema}.{table}"] = int(row[0]) if row else 0
        return counted


def _run(program: str, password: str | None, *arguments: str) -> None:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PG")} | {"PGPASSWORD": password or ""}
    command = [str(postgres.binaries() / program), "--no-password", *arguments]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise CchcError(f"{program} failed: {done.stderr.strip()[-1500:]}")


def _manifest(backup: Path) -> dict[str, Any]:
    try:
        found: dict[str, Any] = json.loads((backup / MANIFEST).read_text(encoding="utf-8"))
        return found
    except (OSError, ValueError) as error:
        raise CchcError(f"{backup} is no backup of this product: {MANIFEST} cannot be read ({error})") from error


def _sha256(path: Path) -> str:
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
