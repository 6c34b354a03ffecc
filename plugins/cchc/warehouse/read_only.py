"""`cchc sql`: run one statement that can only read."""

from __future__ import annotations

from typing import Any

import psycopg

from cchc.errors import WrongUse
from cchc.settings import Settings
from cchc.warehouse import engine


def read(settings: Settings, statement: str) -> tuple[list[str], list[tuple[Any, ...]]]:
    """Run one statement in a read-only transaction, which is rolled back. Returns the column names and the rows.

    The statement is prepared, and PostgreSQL only prepares single statements, so `commit; delete …` cannot leave the transaction.
    If the user may use the role pg_read_all_data, the statement runs as this role, which can neither start programs nor write files.
    Raises WrongUse with the database's own message if the database refuses, and if the statement returns no rows to read.
    """
    with engine(settings).connect() as pooled:
        raw: Any = pooled.connection.driver_connection
        raw.rollback()
        raw.read_only = True
        try:
            with raw.cursor() as cursor:
                allowed = cursor.execute("select pg_has_role('pg_read_all_data', 'member')").fetchone()
                if allowed and allowed[0]:
                    cursor.execute("set local role pg_read_all_data")
                cursor.execute(statement.encode(), prepare=True)
                if cursor.description is None:
                    raise WrongUse("the statement gives no rows; `cchc sql` runs one select, and changes nothing")
                return [column.name for column in cursor.description], cursor.fetchall()
        except psycopg.Error as error:
            raise WrongUse(f"PostgreSQL refused the statement: {str(error).strip()}") from None
        finally:
            raw.rollback()
            raw.read_only = None
