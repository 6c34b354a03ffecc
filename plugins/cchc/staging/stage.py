"""The step "stage": write the landed records as typed rows into the staging tables."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from hashlib import sha256
from typing import Any

import orjson
import pyarrow as pa
from psycopg import Connection, sql
from sqlalchemy.engine import Engine

from cchc.errors import CchcError
from cchc.late_imports import arrow_without_pandas
from cchc.models import MODELS
from cchc.sources.landing import Folder, Landed, part_lines
from cchc.sources.nul import without_nul
from cchc.sources.profile import Entity, Profile
from cchc.staging.columns import Line, Origin, RecordTyper, ValueCounts
from cchc.staging.copy import copy_tables
from cchc.staging.fields import write_fields
from cchc.staging.tables import prepare, staged_entities, table_of
from cchc.states import LoadStatus
from cchc.warehouse.driver import psycopg_connection

BLOCK_RECORDS = 5_000
FOUND_BY = ("_row", "_load_id", "_line", "_key")  # columns by which staged rows are found, beside the key of their model


def stage(engine: Engine, profile: Profile, landed: list[Landed], extract_id: int) -> None:
    """Fill the staging tables of an extract with the records of `landed`: one table for each entity that has a load.

    Loads that are waiting or blocked are skipped. ops.load gets the number of staged rows and the status. Each entity is one transaction.
    Raises NotConfigured if profile and model contradict each other, and CchcError if the landing is damaged.
    """
    arrow_without_pandas()
    for entity in staged_entities(profile).values():
        loads = [load for load in landed if load.entity == entity.name and load.status == LoadStatus.LANDED]
        if loads:
            with psycopg_connection(engine) as connection:
                _stage_entity(connection, profile, entity, loads, extract_id)


def _stage_entity(connection: Connection[Any], profile: Profile, entity: Entity, loads: list[Landed], extract_id: int) -> None:
    table = table_of(entity, extract_id)
    with connection.transaction():
        typer = RecordTyper(profile, entity, prepare(connection, table, profile.source))
        known_at = _known_at(connection, loads)
        first_row = 1
        counted: list[tuple[Landed, ValueCounts]] = []
        staged: list[tuple[int, int | None]] = []
        for load in loads:
            typer.counts = ValueCounts()
            blocks = _typed(typer, load, known_at[load.load_id], first_row)
            with _no_garbage_collection():
                rows = copy_tables(connection, table.identifier, list(typer.model), blocks)
            first_row += rows
            counted.append((load, typer.counts))
            staged.append((rows, load.load_id))
        write_fields(connection, entity, counted)
        _note_shared_codes(connection, counted)
        with connection.cursor() as cursor:
            cursor.executemany(
                "update ops.load set staged = %s, status = case status when 'landed' then 'staged' else status end where load_id = %s",
                staged,
            )
        # by these columns rows are found and joined; to look at all of them, lists and texts too, takes a tenth of the staging
        known = [name for name in (*FOUND_BY, *MODELS[entity.model].identity) if name in typer.model]
        columns = sql.SQL(", ").join(map(sql.Identifier, dict.fromkeys(known)))
        connection.execute(sql.SQL("analyze {} ({})").format(table.identifier, columns))


def _note_shared_codes(connection: Connection[Any], counted: list[tuple[Landed, ValueCounts]]) -> None:
    """Note in each load how many of its records have a code that came with another key; cchc.pipeline.row_notes tells it."""
    for load, counts in counted:
        if counts.shared.records:
            connection.execute(
                "update ops.load set manifest = coalesce(manifest, '{}'::jsonb) "
                "|| jsonb_build_object('shared_codes', jsonb_build_object('records', %s::bigint, 'example', %s::text)) where load_id = %s",
                (counts.shared.records, counts.shared.example, load.load_id),
            )


def _typed(typer: RecordTyper, load: Landed, known_at: datetime, first_row: int) -> Iterator[pa.Table]:
    day = load.manifest.get("file_date")
    revision = load.manifest.get("revision")
    fields = load.manifest.get("fields") or {}
    absent = frozenset(typer.entity.wire_fields) - fields["present"].keys() if fields.get("table") else frozenset()
    for file, lines in read_blocks(load):
        origin = Origin(
            load.load_id or 0, file, known_at, None if day is None else str(day), None if revision is None else int(revision), absent
        )
        table = typer.table(lines, origin, first_row)
        first_row += table.num_rows
        yield table
        del table, lines  # else they stay until the next records are read and typed


def read_blocks(load: Landed) -> Iterator[tuple[str, Iterator[Line]]]:
    """The landed lines of a load in blocks, each with the name of its file: the delivered file or the landing part.

    A line is parsed when it is asked for, so that its record is still in the caches of the processor where its fields are taken.

    Each line has the number with which it landed: in a delivered file its line, over HTTP a running number over all parts. Raises CchcError
    if a part in the manifest is missing or differs from it.
    """
    folder = Folder(load.path)
    for part in load.manifest["parts"]:
        name = str(part["name"])
        try:
            data = folder.read(name)
        except FileNotFoundError as error:
            raise _damaged(load, name, str(error)) from error
        except OSError as error:  # without the right to read it, for instance: what is there may be whole
            raise CchcError(
                f"{load.path}/{name} of {load.entity} cannot be read: {error.strerror or error}. Give this account the right to read "
                "landing, and try again; nothing was loaded"
            ) from error
        if sha256(data).hexdigest() != part["sha256"]:
            raise _damaged(load, name, "its sha256 is not that of the manifest")
        lines = part_lines(data)
        for start in range(0, len(lines), BLOCK_RECORDS):
            yield load.file_name or name, map(_parsed, lines[start : start + BLOCK_RECORDS])
        del lines  # else they stay until the next part is read and unpacked


def _parsed(line: bytes) -> Line:
    parsed: Line = orjson.loads(without_nul(line))  # landing of before may have some
    return parsed


def _damaged(load: Landed, part: str, reason: str) -> CchcError:
    return CchcError(f"Landing of {load.entity} is damaged: {load.path}/{part}: {reason}. Extract the window again; nothing was loaded.")


def _known_at(connection: Connection[Any], loads: list[Landed]) -> dict[int | None, datetime]:
    """The end of the window of each load."""
    ids = [load.load_id for load in loads]
    known: dict[int | None, datetime] = dict(
        connection.execute("select load_id, window_to from ops.load where load_id = any(%s)", [ids]).fetchall()
    )
    for load in loads:
        if load.load_id not in known:
            raise CchcError(f"Load {load.load_id} of {load.entity} is not in ops.load; it must be opened before it is staged.")
    return known


@contextmanager
def _no_garbage_collection() -> Iterator[None]:
    """Switch the garbage collector off for a while: records have no cycles, and it would visit millions of them again and again."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()
