"""The three roles of the warehouse: loader, analyst, dashboard (docs/guides/roles.md). Roles are in the server, grants in the database."""

from __future__ import annotations

import logging

import psycopg
from sqlalchemy import text

from cchc.settings import Settings
from cchc.warehouse import engine, run_script, sql

log = logging.getLogger(__name__)


def grant_roles(settings: Settings) -> bool:
    """Create the roles (without login) and their grants. If the warehouse's user has no right to do it, logs that and returns False."""
    with engine(settings).connect() as connection:
        try:
            with connection.begin():
                connection.execute(text("select pg_advisory_xact_lock(532023)"))
                run_script(connection, sql(settings, "roles/roles"))
        except psycopg.Error as error:
            log.warning("the roles were not made: %s; ask the server's administrator to run include/sql/roles/roles.sql", error)
            return False
    return True
