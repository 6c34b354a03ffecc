"""The roles of the warehouse: loader, analyst, dashboard, and our own logins, of the pages and of `cchc sql` (docs/guides/roles.md).

Roles are in the server, grants in the database.
"""

from __future__ import annotations

import hashlib
import hmac
import logging

import psycopg
from sqlalchemy import Connection, make_url, text

from cchc.errors import NotConfigured
from cchc.settings import Settings, secret_variable
from cchc.warehouse import engine, run_script, sql
from cchc.warehouse.embedded import known_server
from cchc.warehouse.url import DATABASE, DRIVER, normalised

log = logging.getLogger(__name__)

WEB_ROLE, READER_ROLE = "cchc_web", "cchc_reader"
# what tells the password of a login from that of another, and the variable that names another login in its place
PURPOSES = {WEB_ROLE: "the pages of the dashboard", READER_ROLE: "cchc sql"}
VARIABLES = {WEB_ROLE: "CCHC_DASHBOARD_WAREHOUSE_URL", READER_ROLE: "CCHC_SQL_WAREHOUSE_URL"}


def grant_roles(settings: Settings) -> bool:
    """Create the roles (without login) and their grants. If the warehouse's user has no right to do it, logs that and returns False."""
    with engine(settings).connect() as connection:
        try:
            with connection.begin():
                connection.execute(text("select pg_advisory_xact_lock(532023)"))
                run_script(connection, sql(settings, "roles/roles"))
                _let_our_own_log_in(connection)
        except psycopg.Error as error:
            log.warning("the roles were not made: %s; ask the server's administrator to run include/sql/roles/roles.sql", error)
            return False
    return True


def password_of(role: str, owner_password: str | None) -> str:
    """The password of one of our own logins: it follows from the password of the warehouse's owner, and does not tell it.

    So all installations on one server agree, and nothing has to be handed from `cchc init` to the other processes. Raises NotConfigured
    where the owner logs in without a password.
    """
    if not owner_password:
        raise NotConfigured(
            f"the address of the warehouse has no password, so the password of the login {role} cannot follow from it: make a login "
            f"with the role {role} and name it in {VARIABLES[role]}"
        )
    return hmac.new(owner_password.encode(), PURPOSES[role].encode(), hashlib.sha256).hexdigest()


def url_of(role: str, settings: Settings) -> str:
    """The SQLAlchemy URL of one of our own logins, or the one that its variable names. Starts nothing.

    Raises NotConfigured where there is no warehouse, or no password from which that of the login follows.
    """
    given = secret_variable(VARIABLES[role])
    if given:
        return normalised(given)
    url = make_url(normalised(settings.warehouse_url) if settings.warehouse_url else known_server(settings.home).url(DATABASE, DRIVER))
    return url.set(username=role, password=password_of(role, url.password)).render_as_string(hide_password=False)


def _let_our_own_log_in(connection: Connection) -> None:
    """Give our own logins their passwords. Without a password of the owner they stay without login, and whoever needs one says so."""
    owner_password = make_url(connection.engine.url).password
    if owner_password:
        for role in PURPOSES:
            run_script(connection, f"alter role {role} login password '{password_of(role, str(owner_password))}'")
