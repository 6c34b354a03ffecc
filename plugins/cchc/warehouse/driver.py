"""Connections of psycopg itself, for COPY and for statements that are composed."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from psycopg import Connection
from sqlalchemy.engine import Engine

from cchc.errors import NotConfigured


@contextmanager
def psycopg_connection(engine: Engine) -> Iterator[Connection[Any]]:
    """A psycopg connection of `engine` in autocommit mode; open transactions with `connection.transaction()`."""
    pooled = engine.raw_connection()
    connection = pooled.driver_connection
    if not isinstance(connection, Connection):
        pooled.close()
        raise NotConfigured("The warehouse's engine must use the driver psycopg: postgresql+psycopg://…")
    try:
        connection.autocommit = True
        yield connection
    finally:
        if not connection.closed:
            connection.rollback()
            connection.autocommit = False
        pooled.close()
