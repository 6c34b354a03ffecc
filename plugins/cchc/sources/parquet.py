"""The records of a Parquet file. Only the process of `workbook_process` reads them: a small page may ask for any amount of memory."""

from __future__ import annotations

import math
import os
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any
from unicodedata import normalize

import orjson

from cchc.sources.delivered import Tally, Unfinished, Unreadable, picked_columns
from cchc.sources.profile import Entity, Profile
from cchc.sources.times import render

MAGIC = b"PAR1"
BATCH_ROWS = 1_000
DEEPEST = 8


def read(data: bytes, entity: Entity, profile: Profile, tally: Tally) -> Iterator[tuple[int, dict[str, Any]]]:
    """Yield (row, record) for each row; a field x of a structure s is the column `s.x`, and a list is JSON text as in a cell of a table.

    Raises Unfinished if the file is not at its end, and Unreadable if it is damaged or breaks its contract.
    """
    if not data or (data.startswith(MAGIC) and not data.endswith(MAGIC)):
        raise Unfinished("its end is missing" if data else "it is empty")
    if not data.startswith(MAGIC):
        raise Unreadable("it is no Parquet file, or an encrypted one")
    if entity.layout is not None:
        raise Unreadable("a layout says how a table stands in a sheet or a text, and Parquet has none", f"entities.{entity.name}.layout")
    os.environ["ARROW_DEFAULT_MEMORY_POOL"] = "system"  # the other pools of Arrow take addresses in advance, which count as memory here
    import pyarrow as pa
    from pyarrow import parquet

    try:
        file = parquet.ParquetFile(pa.BufferReader(data), page_checksum_verification=True)
        yield from _rows(file, entity, profile, tally)
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError, OSError) as error:
        raise Unreadable(f"it is damaged, or of a form of Parquet that is not read ({type(error).__name__})") from None


def _rows(file: Any, entity: Entity, profile: Profile, tally: Tally) -> Iterator[tuple[int, dict[str, Any]]]:
    tally.header = header = [normalize("NFC", name).strip() for name in _flat(file.schema_arrow.empty_table()).column_names]
    names = [name for _, name in picked_columns(header, entity, [[None] * len(header)])]
    formats = {name: column.formats for name, column in entity.wire_fields.items() if column is not None and column.formats}
    for batch in file.iter_batches(BATCH_ROWS, use_threads=False):
        table = _flat(_table(batch))
        table = table.rename_columns([normalize("NFC", name).strip() for name in table.column_names])
        columns = [table.column(name).to_pylist() for name in names]
        for values in zip(*columns, strict=True) if columns else [()] * batch.num_rows:
            tally.rows += 1
            row = tally.rows
            yield row, {n: _plain(value, formats.get(n, profile.time_formats), row, n) for n, value in zip(names, values, strict=True)}
    if tally.rows != file.metadata.num_rows:
        raise Unreadable(f"it has {tally.rows} rows, but its last part says {file.metadata.num_rows}")


def _table(batch: Any) -> Any:
    import pyarrow as pa

    return pa.Table.from_batches([batch])


def _flat(table: Any) -> Any:
    """The table with the fields of its structures as columns `s.x`, and times in microseconds, which Python's times have."""
    import pyarrow as pa

    for _ in range(DEEPEST):
        if not any(pa.types.is_struct(field.type) for field in table.schema):
            break
        table = table.flatten()
    for index, field in enumerate(table.schema):
        if pa.types.is_timestamp(field.type) and field.type.unit == "ns":
            kind = pa.timestamp("us", field.type.tz)
            table = table.set_column(index, pa.field(field.name, kind), table.column(index).cast(kind, safe=False))
    return table


def _plain(value: Any, formats: tuple[str, ...], row: int, name: str) -> Any:
    """A value as text or JSON scalar: times in the format of the source, decimals with all of their digits."""
    if isinstance(value, float):
        if not math.isfinite(value):  # pandas writes a missing number so; JSON would lose an endless one
            return None if math.isnan(value) else str(value)
        return int(value) if value.is_integer() else value
    if isinstance(value, datetime) and value.tzinfo is not None:
        return value.isoformat()
    if isinstance(value, date):
        return render(value, formats)
    if isinstance(value, bytes):
        try:
            return value.decode()
        except UnicodeDecodeError:
            raise Unreadable(f"row {row}: {name} has bytes that are no text in UTF-8") from None
    if isinstance(value, list | dict):
        return orjson.dumps(value, default=str).decode()
    if isinstance(value, time):
        return value.isoformat()
    return str(value) if isinstance(value, Decimal | timedelta) else value
