"""Logins of persons on the warehouse: `cchc user add | list | remove`.

A login is a role of PostgreSQL that is a member of exactly one of the roles in `MEMBER_OF`; ops.account says which, and for which unit
(docs/guides/roles.md). PostgreSQL keeps the hash of the password; the password itself is returned once and kept nowhere.
"""

from __future__ import annotations

import os
import re
import secrets
from dataclasses import dataclass
from typing import Any

import psycopg
from psycopg import sql
from sqlalchemy import Connection, make_url

from cchc.authority import authority
from cchc.errors import NotConfigured, WrongUse
from cchc.near import near
from cchc.period import now
from cchc.settings import Settings
from cchc.warehouse import embedded as postgres
from cchc.warehouse import engine, owning, require_migrated
from cchc.warehouse.audit import note
from cchc.warehouse.queries import ask, run_statement
from cchc.warehouse.url import address

KIND = "warehouse"  # of the accounts that this module keeps; those of Airflow have another one
MEMBER_OF = {"analyst": "cchc_analyst", "dashboard": "cchc_dashboard", "unit": "cchc_unit"}
"""The role of PostgreSQL that each role of an account stands for."""

PUBLIC_ADDRESS = "CCHC_WAREHOUSE_PUBLIC"
_NAME = re.compile(r"[a-z][a-z0-9_]{1,62}")
_RESERVED = ("pg_", "cchc_")
# A person may change these for a session. They keep a forgotten query from holding the server; the rights are what protects the data.
_SETTINGS = {
    "default_transaction_read_only": "on",
    "statement_timeout": "5min",
    "idle_in_transaction_session_timeout": "10min",
    "transaction_timeout": "1h",  # of many statements, none of them long: `cchc init` of a new version waits for its end
    "search_path": "mart",
    "timezone": authority().zone,
}
_CONNECTIONS = 10


@dataclass(frozen=True)
class Login:
    """What a person, or a tool of BI, needs to connect. `password` is None where it is not known (any more)."""

    host: str
    port: int
    database: str
    user: str
    password: str | None

    @property
    def url(self) -> str:
        """The address as `postgresql://…`; the password is letters, digits, - and _ alone, so nothing has to be escaped."""
        login = self.user if self.password is None else f"{self.user}:{self.password}"
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"postgresql://{login}@{host}:{self.port}/{self.database}"

    @property
    def psql(self) -> str:
        """The command line of psql, which asks for the password."""
        return f'psql "host={self.host} port={self.port} dbname={self.database} user={self.user}"'


def add(settings: Settings, name: str, role: str, unit: str | None, by: str, *, anew: bool = False) -> Login:
    """Make the login `name` with a new password, and note it in ops.account.

    `role`: a key of `MEMBER_OF`. `unit`: the unit whose dossiers alone a login of the role `unit` sees. `by`: who adds it. `anew`: the
    account may be there; its password, role and unit are new then.
    Raises WrongUse if the name cannot be one, if it is that of an account (without `anew`) or of a role that is no account, if the unit is
    missing, unknown or not asked for; NotConfigured if the user of the warehouse may not make logins.
    """
    require_migrated(settings)
    _check_name(name)
    login = login_of(settings, name, secrets.token_urlsafe(18))
    with owning(settings) as connection:
        _check_unit(connection, role, unit)
        account, has_login = _account(connection, name), _has_login(connection, name)
        if has_login and account is None:
            raise WrongUse(f"PostgreSQL has a role {name} that `cchc user` has not made; take another name")
        if account is not None and not anew:
            raise WrongUse(f"the account {name} ({account['role']}) is there; --anew gives it a new password, role and unit")
        _write(connection, login, role, has_login=has_login)
        note(connection, "account", "user add", f"{name}: {role}{f', unit {unit}' if unit else ''}", by)
        run_statement(connection, "accounts/store", user=name, kind=KIND, role=role, unit=unit, added_at=now(), added_by=by)
    if settings.warehouse_url is None:
        _close_other_databases(settings)
    return login


def listed(settings: Settings) -> list[dict[str, Any]]:
    """The accounts of the warehouse, by name, with `has_login`: False where the role of PostgreSQL is gone (another server, a restore)."""
    require_migrated(settings)
    with engine(settings).connect() as connection:
        return ask(connection, "accounts/list", kind=KIND)


def remove(settings: Settings, name: str) -> None:
    """Remove the login and its account; its sessions end.

    Raises WrongUse if `cchc user` has not made it, or if it owns something in the database (it is named; nothing is changed then).
    """
    require_migrated(settings)
    with owning(settings) as connection:
        if _account(connection, name) is None:
            known = {row["user_name"] for row in ask(connection, "accounts/list", kind=KIND)}
            raise WrongUse(f"there is no account {name}{near(name, known)}; `cchc user list` names them")
        if _has_login(connection, name):
            _drop(connection, name)
        note(connection, "account", "user remove", name)
        run_statement(connection, "accounts/delete", user=name, kind=KIND)


def login_of(settings: Settings, name: str, password: str | None) -> Login:
    """Where and how `name` connects: CCHC_WAREHOUSE_PUBLIC (host:port) if it is set, else the address of the warehouse itself.

    Raises NotConfigured if the variable is no host:port.
    """
    url = make_url(address(settings, with_password=False))
    host, port = url.host or "localhost", url.port or 5432
    public = os.environ.get(PUBLIC_ADDRESS)
    if public:
        found = re.fullmatch(r"(?P<host>[^\s/@]+):(?P<port>\d{1,5})", public)
        if found is None:
            raise NotConfigured(f"{PUBLIC_ADDRESS} is {public!r}; write host:port, as people reach the warehouse")
        host, port = found["host"].strip("[]"), int(found["port"])
    return Login(host, port, url.database or "", name, password)


def is_on_this_machine_alone(settings: Settings) -> bool:
    """Whether the warehouse is the embedded one, which listens on the loopback address."""
    return settings.warehouse_url is None and not os.environ.get(PUBLIC_ADDRESS)


def _check_name(name: str) -> None:
    if not _NAME.fullmatch(name) or name.startswith(_RESERVED):
        raise WrongUse(
            f"'{name}' cannot be the name of a login: 2 to 63 small letters a to z, digits and _, a letter first, "
            f"and not {' or '.join(f'{prefix}…' for prefix in _RESERVED)}"
        )


def _check_unit(connection: Connection, role: str, unit: str | None) -> None:
    if role != "unit":
        if unit is not None:
            raise WrongUse(f"--unit belongs to --role unit; a login of the role {role} sees every unit")
        return
    if unit is None:
        raise WrongUse("--role unit needs --unit CODE: the unit whose dossiers the login sees")
    known = set(run_statement(connection, "accounts/unit").scalars())
    if unit not in known:
        raise WrongUse(f"there is no unit {unit}{near(unit, known)}; mart.unit has the list")


def _account(connection: Connection, name: str) -> dict[str, Any] | None:
    found = [row for row in ask(connection, "accounts/list", kind=KIND) if row["user_name"] == name]
    return found[0] if found else None


def _has_login(connection: Connection, name: str) -> bool:
    return bool(run_statement(connection, "accounts/has_login", user=name).scalar())


def _write(connection: Connection, login: Login, role: str, *, has_login: bool) -> None:
    """Make the role of PostgreSQL, or bring it into the same form. Raises NotConfigured if the warehouse's user may not."""
    driver: Any = connection.connection.driver_connection
    # hashed here, because the server logs the whole text of a statement that fails
    hashed = driver.pgconn.encrypt_password((login.password or "").encode(), login.user.encode(), b"scram-sha-256").decode()
    user = sql.Identifier(login.user)
    known = {key: value for key, value in _SETTINGS.items() if key != "transaction_timeout" or driver.info.server_version >= 170000}
    statements = [
        sql.SQL("{} role {} with login inherit nocreatedb nocreaterole connection limit {} password {}").format(
            sql.SQL("alter" if has_login else "create"), user, sql.Literal(_CONNECTIONS), sql.Literal(hashed)
        ),
        *(sql.SQL("alter role {} set {} = {}").format(user, sql.Identifier(key), sql.Literal(value)) for key, value in known.items()),
        *(
            sql.SQL("revoke {} from {}").format(sql.Identifier(group), user)
            for key, group in MEMBER_OF.items()
            if has_login and key != role
        ),
        sql.SQL("grant {} to {}").format(sql.Identifier(MEMBER_OF[role]), user),
    ]
    try:
        for statement in statements:
            driver.execute(statement)
    except psycopg.errors.InsufficientPrivilege as error:
        raise NotConfigured(
            f"the user {driver.info.user} of the warehouse may not make logins ({_first_line(error)}): let the administrator of the server "
            f"run `alter role {driver.info.user} createrole` and `cchc init` as that user, or make the login by hand (docs/guides/roles.md)"
        ) from None


def _drop(connection: Connection, name: str) -> None:
    driver: Any = connection.connection.driver_connection
    run_statement(connection, "accounts/end_sessions", user=name)
    try:
        driver.execute(sql.SQL("drop role {}").format(sql.Identifier(name)))
    except psycopg.errors.DependentObjectsStillExist as error:
        more = " ".join((error.diag.message_detail or "").split())
        raise WrongUse(
            f"{name} owns something or has rights of its own, so its login stays: {more}. Drop it or give it to somebody else, "
            "then try again"
        ) from None
    except psycopg.errors.InsufficientPrivilege as error:
        raise NotConfigured(f"the user {driver.info.user} of the warehouse may not remove {name}: {_first_line(error)}") from None


def _close_other_databases(settings: Settings) -> None:
    """Let only their owners into the other databases of the embedded server, as docker-compose's installation does from the start."""
    server = postgres.known_server(settings.home)
    with psycopg.connect(server.url("postgres").replace("+psycopg", ""), autocommit=True) as connection:
        for (name,) in connection.execute("select datname from pg_database where datname <> 'warehouse'").fetchall():
            connection.execute(sql.SQL("revoke connect, temporary on database {} from public").format(sql.Identifier(name)))


def _first_line(error: psycopg.Error) -> str:
    return str(error.diag.message_primary or error).strip()
