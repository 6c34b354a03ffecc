"""The logins and databases on docker-compose's own PostgreSQL: made on the first start, given the passwords of their files on every start.

To change a password, change its file and start the containers anew (docs/runbooks/server.md); the volume holds only hashes.
The owner of the warehouse is that of CCHC_OWNER_WAREHOUSE_URL; `cchc init` then makes the login of the tasks. It needs the login of the
administrator (`CCHC_ADMIN_URL`). Without it nothing is done here: on a server of somebody else its administrator makes the logins and
databases.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Mapping
from urllib.parse import unquote, urlsplit

import psycopg
from psycopg import sql

from cchc.airflow.cleanup import METADATA, URL
from cchc.errors import NotConfigured
from cchc.settings import PROJECT, secret_variable

log = logging.getLogger(__name__)

ADMIN = "CCHC_ADMIN_URL"
ADMIN_PASSWORD = "CCHC_ADMIN_PASSWORD"  # noqa: S105 # the name of the variable, for a URL without the password
WAREHOUSE = "CCHC_WAREHOUSE_URL"
OWNER = "CCHC_OWNER_WAREHOUSE_URL"
EVERYBODY = PROJECT / "include" / "sql" / "roles" / "everybody.sql"  # what only a superuser can take away from every login
OPTIONS = {METADATA: "login", WAREHOUSE: "login createrole"}  # the owner of the warehouse creates its roles (docs/guides/roles.md)


def ensure_databases(variables: Mapping[str, str] = os.environ) -> list[str]:
    """Make what is missing of the two owners and their databases, and set their passwords; the databases made.

    Raises NotConfigured where a URL lacks its user, password or database, or the administrator is not let in.
    """
    if not variables.get(ADMIN):
        return []
    made = []
    try:
        password = secret_variable(ADMIN_PASSWORD, variables)
        with psycopg.connect(_plain(variables[ADMIN]), autocommit=True, password=password) as connection:
            for variable, options in OPTIONS.items():
                made += _ensure(connection, variable, _url(variable, variables), options)
        database = urlsplit(_plain(_url(WAREHOUSE, variables))).path.removeprefix("/")
        with psycopg.connect(_plain(variables[ADMIN]), autocommit=True, password=password, dbname=database) as connection:
            connection.execute(EVERYBODY.read_bytes())
    except psycopg.OperationalError as error:
        raise NotConfigured(f"{ADMIN}: the server does not let the administrator in: {error}. See docs/runbooks/server.md.") from error
    return made


def _ensure(connection: psycopg.Connection, variable: str, url: str, options: str) -> list[str]:
    parts = urlsplit(_plain(url))
    user, password, database = parts.username, unquote(parts.password or ""), parts.path.removeprefix("/")
    if not (user and password and database):
        raise NotConfigured(f"{variable} must be postgresql+psycopg://user:password@host:5432/database, with all of its parts.")
    # hashed here, because the server logs the whole text of a statement that fails
    hashed = connection.pgconn.encrypt_password(password.encode(), user.encode(), b"scram-sha-256").decode()
    exists = connection.execute("select 1 from pg_roles where rolname = %s", [user]).fetchone()
    statement = sql.SQL("{} role {} with {} password {}")
    connection.execute(
        statement.format(sql.SQL("alter" if exists else "create"), sql.Identifier(user), sql.SQL(options), sql.Literal(hashed))
    )
    if connection.execute("select 1 from pg_database where datname = %s", [database]).fetchone():
        return []
    connection.execute(sql.SQL("create database {} owner {}").format(sql.Identifier(database), sql.Identifier(user)))
    connection.execute(sql.SQL("revoke all on database {} from public").format(sql.Identifier(database)))
    log.info("made the database %s of %s", database, user)
    return [database]


def _url(variable: str, variables: Mapping[str, str]) -> str:
    """The address of a database with its owner; Airflow's own is known under our name, where Airflow learns it by a command."""
    if variable == METADATA:
        return secret_variable(METADATA, variables) or secret_variable(URL, variables) or ""
    return secret_variable(OWNER, variables) or secret_variable(variable, variables) or ""


def _plain(url: str) -> str:
    """The URL without SQLAlchemy's name of a driver."""
    scheme, separator, rest = url.partition("://")
    return f"{scheme.partition('+')[0]}{separator}{rest}"
