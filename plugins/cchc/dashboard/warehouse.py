"""The connections of the dashboard: a login of its own that can only read, with a limit of time for each statement.

The login is `cchc_web` (include/sql/roles/roles.sql), to which `cchc init` gives a password. `CCHC_DASHBOARD_WAREHOUSE_URL` names another
login.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache

from sqlalchemy import Connection, Engine, create_engine, text

from cchc.errors import NotConfigured
from cchc.period import ZONE
from cchc.settings import Settings
from cchc.warehouse import say_what_is_unreachable
from cchc.warehouse.audit import Category, note
from cchc.warehouse.roles import WEB_ROLE, url_of

STATEMENT_SECONDS = 15
CONNECT_SECONDS = 5


def dashboard_url(settings: Settings) -> str:
    """The SQLAlchemy URL with which the dashboard reads. Starts nothing.

    Raises NotConfigured where there is no warehouse, or no password from which that of the login follows.
    """
    return url_of(WEB_ROLE, settings)


@cache
def _engine(url: str) -> Engine:
    options = (
        f"-c timezone={ZONE.key} -c client_min_messages=warning -c default_transaction_read_only=on "
        f"-c statement_timeout={STATEMENT_SECONDS * 1000} -c idle_in_transaction_session_timeout=60000"
    )
    made = create_engine(
        url,
        pool_size=4,
        max_overflow=4,
        pool_timeout=STATEMENT_SECONDS,
        pool_pre_ping=True,
        hide_parameters=True,
        connect_args={"options": options, "connect_timeout": CONNECT_SECONDS},
    )
    say_what_is_unreachable(made)
    return made


@contextmanager
def reading(settings: Settings) -> Iterator[Connection]:
    """A connection whose transaction sees one state of the warehouse from its first question to its last, and can change nothing.

    Raises WarehouseUnavailable where the warehouse does not answer, NotConfigured where there is none yet.
    """
    with _engine(dashboard_url(settings)).connect() as connection:
        connection.execute(text("set transaction isolation level repeatable read, read only"))
        if connection.execute(text("select to_regclass('mart.indicator_value')")).scalar() is None:
            raise NotConfigured("the warehouse is empty; run `cchc init` first")
        yield connection


def noting(settings: Settings, category: Category, action: str, subject: str, by: str) -> None:
    """Add a row to the audit log: the one thing that the login of the pages may write. Raises WarehouseUnavailable as `reading` does."""
    with _engine(dashboard_url(settings)).begin() as connection:
        connection.execute(text("set transaction read write"))
        note(connection, category, action, subject, by)
