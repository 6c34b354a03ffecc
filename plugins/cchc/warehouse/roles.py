"""The roles of the warehouse: loader, analyst, dashboard, and our own logins, of the tasks, the pages, `cchc sql` (docs/guides/roles.md).

Roles are in the server, grants in the database.
"""

from __future__ import annotations

import logging
from typing import Any

import psycopg
from sqlalchemy import URL, Connection, make_url

from cchc.errors import NotConfigured
from cchc.settings import Settings, secret_variable
from cchc.warehouse import engine, run_script, sql, wait_for_other_owners
from cchc.warehouse.embedded import known_server
from cchc.warehouse.url import DATABASE, DRIVER, LOADER_LOGIN, as_owner, follows_from, normalised

log = logging.getLogger(__name__)

WEB_ROLE, READER_ROLE = "cchc_web", "cchc_reader"
# what tells the password of a login from that of another, and the variable that names another login in its place
PURPOSES = {WEB_ROLE: "the pages of the dashboard", READER_ROLE: "cchc sql"}
VARIABLES = {WEB_ROLE: "CCHC_DASHBOARD_WAREHOUSE_URL", READER_ROLE: "CCHC_SQL_WAREHOUSE_URL"}


def grant_roles(settings: Settings) -> bool:
    """Create the roles and their grants, as the owner. If the owner has no right to do it, logs that and returns False."""
    with engine(as_owner(settings)).connect() as connection:
        try:
            with connection.begin():
                wait_for_other_owners(connection)
                run_script(connection, sql(settings, "roles/roles"))
                run_script(connection, sql(settings, "roles/everybody"))
                _let_our_own_log_in(connection, settings)
        except psycopg.Error as error:
            log.warning("the roles were not made: %s; ask the server's administrator to run include/sql/roles/roles.sql", error)
            return False
    return True


def loader_password(url: URL) -> str | None:
    """The password of the login of the tasks, by an address of the warehouse: it follows from that of the owner, unless the address has it.

    None where the address has no password.
    """
    if not url.password:
        return None
    return str(url.password) if url.username == LOADER_LOGIN else follows_from(str(url.password), LOADER_LOGIN)


def password_of(role: str, url: URL) -> str:
    """The password of one of our reading logins, by an address of the warehouse, of its owner or of the login of the tasks.

    It follows from the password of the tasks' login and does not tell it. So all installations on one server agree, and nothing has to be
    handed from `cchc init` to the other processes. Raises NotConfigured where the address has no password.
    """
    known = loader_password(url)
    if known is None:
        raise NotConfigured(
            f"the address of the warehouse has no password, so the password of the login {role} cannot follow from it: make a login "
            f"with the role {role} and name it in {VARIABLES[role]}"
        )
    return follows_from(known, PURPOSES[role])


def url_of(role: str, settings: Settings) -> str:
    """The SQLAlchemy URL of one of our reading logins, or the one that its variable names. Starts nothing.

    Raises NotConfigured where there is no warehouse, or no password from which that of the login follows.
    """
    given = secret_variable(VARIABLES[role])
    if given:
        return normalised(given)
    url = make_url(normalised(settings.warehouse_url) if settings.warehouse_url else known_server(settings.home).url(DATABASE, DRIVER))
    return url.set(username=role, password=password_of(role, url)).render_as_string(hide_password=False)


def _let_our_own_log_in(connection: Connection, settings: Settings) -> None:
    """Give our own logins their passwords. Without a password of the owner they stay without login, and whoever needs one says so."""
    url = make_url(normalised(settings.warehouse_url)) if settings.warehouse_url else connection.engine.url
    known = loader_password(url)
    if known is not None:
        driver: Any = connection.connection.driver_connection
        for login, password in ({LOADER_LOGIN: known} | {role: password_of(role, url) for role in PURPOSES}).items():
            # hashed here, because the server logs the whole text of a statement that fails
            hashed = driver.pgconn.encrypt_password(password.encode(), login.encode(), b"scram-sha-256").decode()
            run_script(connection, f"alter role {login} login password '{hashed}'")
