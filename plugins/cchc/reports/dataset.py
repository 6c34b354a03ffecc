"""`mart` as a data package: a Parquet file for each table and view, and datapackage.json with schema, comments and checksums.

The descriptor follows the Data Package standard (Frictionless): any tool that knows it, and any that reads Parquet, can use the folder
without the warehouse. The same data give the same Parquet files, byte for byte, with the same version of pyarrow.
"""

from __future__ import annotations

import hashlib
import json
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
import pyarrow as pa
import pyarrow.csv as pc
import pyarrow.parquet as pq
from psycopg import sql
from sqlalchemy import Connection, text

from cchc.errors import WrongUse
from cchc.period import ZONE, now
from cchc.settings import Settings
from cchc.warehouse import engine
from cchc.warehouse.queries import ask

DESCRIPTOR = "datapackage.json"
SCHEMA = "mart"
_BLOCK = 16 << 20  # bytes of text that are turned into columns at a time

# type of PostgreSQL → type of Arrow, of the Data Package standard. A numeric is a rate or points: read as a double, exact to 15 digits;
# numerators and denominators, which are whole numbers, stand beside each rate.
_TYPES: dict[str, tuple[pa.DataType, str]] = {
    "text": (pa.string(), "string"),
    "smallint": (pa.int16(), "integer"),
    "integer": (pa.int32(), "integer"),
    "bigint": (pa.int64(), "integer"),
    "numeric": (pa.float64(), "number"),
    "boolean": (pa.bool_(), "boolean"),
    "date": (pa.date32(), "date"),
    "timestamp with time zone": (pa.timestamp("us", tz="UTC"), "datetime"),
    "text[]": (pa.string(), "array"),
    "jsonb": (pa.string(), "object"),
}


@dataclass(frozen=True)
class Written:
    """One file of the data package: what it holds, its rows and its bytes."""

    name: str
    rows: int
    bytes: int


def write_dataset(settings: Settings, folder: Path) -> list[Written]:
    """Write every table and view of mart to `folder`, all as of one moment; the files, by name.

    Lists and objects are JSON texts in the Parquet files. The folder appears whole or not at all.
    Raises WrongUse if it is there and not empty, or cannot be made.
    """
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise WrongUse(f"{folder} is there and not empty; name a folder that is new, so that no file of an older dataset stays in it")
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        making = Path(tempfile.mkdtemp(prefix=f".{folder.name}.", dir=folder.parent))
    except OSError as error:
        raise WrongUse(f"{folder} cannot be made: {error.strerror}") from error
    try:
        with engine(settings).connect() as connection:
            connection.execute(text("set transaction isolation level repeatable read read only"))
            # text that every reader of the file understands, whatever the server is set to; the zone of the session is the authority's
            connection.execute(text("set local datestyle = 'ISO, YMD'"))
            resources = [_resource(connection, relation, making) for relation in ask(connection, "warehouse/relation", schemas=[SCHEMA])]
            clocks = ask(connection, "dataset/clock")
            connection.rollback()
        (making / DESCRIPTOR).write_text(_descriptor(resources, clocks), encoding="utf-8")
        making.chmod(0o755)
        if folder.exists():
            folder.rmdir()
        making.rename(folder)
    except BaseException:
        shutil.rmtree(making, ignore_errors=True)
        raise
    return [Written(made["name"], made["cchc:rows"], made["bytes"]) for made in resources]


def _resource(connection: Connection, relation: dict[str, Any], folder: Path) -> dict[str, Any]:
    """Write one table or view to its file; its entry in the descriptor. Raises TypeError for a type that `_TYPES` lacks."""
    columns = ask(connection, "warehouse/column", oid=relation["oid"])
    unknown = [f"{relation['name']}.{column['name']} ({column['type']})" for column in columns if column["type"] not in _TYPES]
    if unknown:
        raise TypeError(f"the data package has no type for {', '.join(unknown)}")
    path = folder / f"{relation['name']}.parquet"
    rows = _write_parquet(connection, relation["name"], columns, path)
    schema: dict[str, Any] = {"fields": [_field(column) for column in columns], "missingValues": [""]}
    if relation["primary_key"]:
        schema["primaryKey"] = relation["primary_key"].split(", ")
    return {
        "name": relation["name"],
        "type": "table",
        "path": path.name,
        "format": "parquet",
        "mediatype": "application/vnd.apache.parquet",
        "description": " ".join(relation["words"].split()),
        "bytes": path.stat().st_size,
        "hash": f"sha256:{hashlib.sha256(path.read_bytes()).hexdigest()}",
        "cchc:rows": rows,
        "schema": schema,
    }


def _field(column: dict[str, Any]) -> dict[str, Any]:
    field = {
        "name": column["name"],
        "type": _arrow_of(column)[1],
        "title": column["words"].partition(" | ")[2] or column["name"],
        "description": " ".join(column["words"].split()),
    }
    return field | {"constraints": {"required": True}} if column["is_required"] else field


def _arrow_of(column: dict[str, Any]) -> tuple[pa.DataType, str]:
    """The types of a column; a sum of đồng is a whole number, also where PostgreSQL has summed it up to a numeric."""
    return _TYPES["bigint" if column["name"].endswith("_vnd") else column["type"]]


def _selected(column: dict[str, Any]) -> sql.Composable:
    name = sql.Identifier(column["name"])
    if column["type"] in ("text[]", "jsonb"):
        return sql.SQL("cast(to_jsonb({}) as text)").format(name)
    if column["name"].endswith("_vnd"):
        return sql.SQL("cast({} as bigint)").format(name)
    return name


def _write_parquet(connection: Connection, name: str, columns: list[dict[str, Any]], path: Path) -> int:
    """Copy a relation to a Parquet file, in the order of its columns; the number of rows."""
    driver: psycopg.Connection[Any] = connection.connection.driver_connection  # type: ignore[assignment]
    schema = pa.schema([pa.field(column["name"], _arrow_of(column)[0]) for column in columns])
    statement = sql.SQL("copy (select {} from {} order by {}) to stdout (format csv)").format(
        sql.SQL(", ").join(_selected(column) for column in columns),
        sql.Identifier(SCHEMA, name),
        sql.SQL(", ").join(sql.Literal(place) for place in range(1, len(columns) + 1)),
    )
    count = 0
    with tempfile.TemporaryFile(dir=path.parent) as file, pq.ParquetWriter(path, schema, compression="zstd") as writer:
        with driver.cursor() as cursor, cursor.copy(statement) as copied:
            for block in copied:
                file.write(block)
        if file.tell() == 0:
            return 0
        file.seek(0)
        with pc.open_csv(
            file,
            read_options=pc.ReadOptions(column_names=schema.names, block_size=_BLOCK),
            parse_options=pc.ParseOptions(newlines_in_values=True),
            convert_options=pc.ConvertOptions(
                column_types=schema,
                true_values=["t"],
                false_values=["f"],
                null_values=[""],
                strings_can_be_null=True,  # PostgreSQL writes an empty text with quotes, and null without
                quoted_strings_can_be_null=False,
            ),
        ) as batches:
            for batch in batches:
                writer.write_batch(batch)
                count += batch.num_rows
    return count


def _descriptor(resources: list[dict[str, Any]], clocks: list[dict[str, Any]]) -> str:
    known = {row["source_code"]: row["known_at"].astimezone(ZONE).isoformat() for row in clocks}
    package = {
        "$schema": "https://datapackage.org/profiles/2.0/datapackage.json",
        "name": "cchc-mart",
        "title": "Kho số liệu cải cách hành chính: các bảng mart",
        "description": (
            "Every table and view of the schema mart, without personal data. A _rate is a fraction, a _percent the same times 100, a _vnd "
            "whole đồng; lists and objects are JSON texts; times are UTC. Descriptions are English | Tiếng Việt."
        ),
        "created": now().isoformat(),
        "cchc:known_at": known,
        "resources": resources,
    }
    return json.dumps(package, ensure_ascii=False, indent=1) + "\n"
