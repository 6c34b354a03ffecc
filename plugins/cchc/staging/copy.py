"""Write Arrow tables to PostgreSQL with COPY."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pyarrow as pa
import pyarrow.csv as csv
from psycopg import Connection, sql

PIECE = 1 << 20


def copy_tables(connection: Connection[Any], target: sql.Identifier, columns: list[str], tables: Iterable[pa.Table]) -> int:
    """Copy `tables` into `target` in one statement. Returns the number of rows.

    Times are UTC timestamps without a zone, so the time zone of the transaction is set to UTC until its end. Arrow always quotes a text and
    never quotes a null; this distinguishes an empty text from null.
    """
    connection.execute("set local timezone to 'UTC'")
    statement = sql.SQL("copy {} ({}) from stdin (format csv)").format(target, sql.SQL(", ").join(map(sql.Identifier, columns)))
    options = csv.WriteOptions(include_header=False)
    rows = 0
    with connection.cursor() as cursor, cursor.copy(statement) as copy:
        for table in tables:
            sink = pa.BufferOutputStream()
            csv.write_csv(table, sink, options)
            data = memoryview(sink.getvalue())
            for start in range(0, len(data), PIECE):
                copy.write(data[start : start + PIECE])
            rows += table.num_rows
            del table, sink, data  # else they stay until the next table is made
    return rows
