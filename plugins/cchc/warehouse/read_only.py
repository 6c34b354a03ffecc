"""`cchc sql`: run one statement that can only read."""

from __future__ import annotations

from typing import Any

import psycopg
from sqlalchemy import make_url

from cchc.errors import WarehouseUnavailable, WrongUse
from cchc.period import ZONE
from cchc.settings import Settings
from cchc.warehouse import engine
from cchc.warehouse.roles import READER_ROLE, VARIABLES, url_of
from cchc.warehouse.url import warehouse_url


def read(settings: Settings, statement: str) -> tuple[list[str], list[tuple[Any, ...]]]:
    """Run one statement in a read-only transaction, which is rolled back. Returns the column names and the rows.

    It logs in as cchc_reader, which may read every table and nothing else: no file of the server, no password, no other role. The
    statement is prepared, and PostgreSQL only prepares single statements, so `commit; delete …` cannot leave the transaction.
    Raises WrongUse with the database's own message if the database refuses, and if the statement returns no rows to read;
    WarehouseUnavailable if the login fails.
    """
    warehouse_url(settings)  # starts the embedded PostgreSQL where it has stopped
    url = make_url(url_of(READER_ROLE, settings))
    try:
        session = psycopg.connect(
            url.set(drivername="postgresql").render_as_string(hide_password=False),
            options=f"-c timezone={ZONE.key} -c client_min_messages=warning",
        )
    except psycopg.OperationalError as error:
        with engine(settings).connect():  # says it in its own words, where the server cannot be reached at all
            pass
        raise WarehouseUnavailable(
            f"`cchc sql` cannot log in as {url.username} on {url.host}:{url.port or 5432}: {' '.join(str(error).split())}. `cchc init` "
            f"makes this login; {VARIABLES[READER_ROLE]} names another one."
        ) from None
    with session, session.cursor() as cursor:
        session.read_only = True
        try:
            cursor.execute(statement.encode(), prepare=True)
            if cursor.description is None:
                raise WrongUse("the statement gives no rows; `cchc sql` runs one select, and changes nothing")
            return [column.name for column in cursor.description], cursor.fetchall()
        except psycopg.Error as error:
            raise WrongUse(f"PostgreSQL refused the statement: {str(error).strip()}") from None
        finally:
            session.rollback()
