"""Arrow tables into PostgreSQL by COPY."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pyarrow as pa
import pyarrow.csv as csv
from psycopg import Connection, sql

PIECE = 1 << 20


def copy_tables(connection: Connection[Any], target: sql.Identifier, columns: list[str], tables: Iterable[pa.Table]) -> int:
    """COPYs `tables` into `target` in one statement and gives the number of rows.

    Times are timestamps of UTC without a zone, so the transaction's time zone is set to UTC until its end. Text is always quoted
    by Arrow and null never is, which is how an empty text and null stay apart.
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
    return rows
