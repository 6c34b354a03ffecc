"""The roles of the warehouse: loader, analyst, dashboard, and the login of the dashboard's pages (docs/guides/roles.md).

Roles are in the server, grants in the database.
"""

from __future__ import annotations

import hashlib
import hmac
import logging

import psycopg
from sqlalchemy import Connection, make_url, text

from cchc.errors import NotConfigured
from cchc.settings import Settings
from cchc.warehouse import engine, run_script, sql

log = logging.getLogger(__name__)

WEB_ROLE = "cchc_web"


def grant_roles(settings: Settings) -> bool:
    """Create the roles (without login) and their grants. If the warehouse's user has no right to do it, logs that and returns False."""
    with engine(settings).connect() as connection:
        try:
            with connection.begin():
                connection.execute(text("select pg_advisory_xact_lock(532023)"))
                run_script(connection, sql(settings, "roles/roles"))
                _let_the_pages_log_in(connection)
        except psycopg.Error as error:
            log.warning("the roles were not made: %s; ask the server's administrator to run include/sql/roles/roles.sql", error)
            return False
    return True


def web_password(owner_password: str | None) -> str:
    """The password of the login of the dashboard's pages: it follows from the password of the warehouse's owner, and does not tell it.

    So all installations on one server agree, and nothing has to be handed from `cchc init` to the API server. Raises NotConfigured where
    the owner logs in without a password.
    """
    if not owner_password:
        raise NotConfigured(
            "the address of the warehouse has no password, so the password of the dashboard's login cannot follow from it: make a login "
            "with the role cchc_web and name it in CCHC_DASHBOARD_WAREHOUSE_URL"
        )
    return hmac.new(owner_password.encode(), b"the pages of the dashboard", hashlib.sha256).hexdigest()


def _let_the_pages_log_in(connection: Connection) -> None:
    """Give the login of the pages its password. Without a password of the owner it stays without login, and the dashboard says so."""
    owner_password = make_url(connection.engine.url).password
    if owner_password:
        run_script(connection, f"alter role {WEB_ROLE} login password '{web_password(str(owner_password))}'")
