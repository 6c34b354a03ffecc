"""Each query of the catalogue runs in DuckDB as it stands, and SDMX has its own words: without a warehouse."""

from __future__ import annotations

import ast
import csv
import io
import sys
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from cchc.bundle import verify
from cchc.bundle.edition import indicator_entry
from cchc.bundle.figures import sdmx, time_period
from cchc.bundle.rows import COMMON, FACTS
from cchc.period import parse_moment, parse_period
from cchc.reference.catalogue import catalogue
from cchc.settings import PROJECT, Settings
from cchc.warehouse import sql

BUNDLE = PROJECT / "include" / "bundle"
TYPES = {"text": pa.string(), "integer": pa.int64(), "date": pa.date32(), "boolean": pa.bool_()}
SOURCES = {"sources": {"a_source": "2024-01-02T00:00:00+07:00"}}


def empty_tables() -> dict[str, bytes]:
    """Each table of rows as the dictionary describes it, without a row."""
    columns: dict[str, list[tuple[str, pa.DataType]]] = {}
    for row in csv.DictReader(io.StringIO((BUNDLE / "dictionary.csv").read_text(encoding="utf-8"))):
        if row["file"].startswith(verify.ROWS):
            columns.setdefault(row["file"], []).append((row["column"], TYPES[row["type"]]))
    files = {}
    for name, found in columns.items():
        out = io.BytesIO()
        pq.write_table(pa.schema(found).empty_table(), out)
        files[name] = out.getvalue()
    return files


def counted(tmp_path: Path, change: tuple[str, str, str] | None = None) -> list[str]:
    """Every query on empty tables, on every basis; what could not be run. `change`: a file, and a text of it with another in its place."""
    settings = Settings.load()
    items = list(catalogue(settings).values())
    files = empty_tables() | {"verify.sql": (BUNDLE / "verify.sql").read_bytes()}
    files |= {f"{item.part(role)}.sql": sql(settings, item.part(role)).encode() for item in items for role in item.roles}
    if change:
        name, old, new = change
        assert old in files[name].decode()
        files[name] = files[name].decode().replace(old, new).encode()
    roles = {role: SOURCES | {"last_day_year_before": "2022-12-31"} for item in items for role in item.roles}
    edition: dict[str, Any] = {
        "zone": "Asia/Ho_Chi_Minh",
        "trees": [{"root": "H19.16", "is_own": True, "compared": [item.code for item in items], "roles": roles}],
        "indicators": [indicator_entry(item) for item in items],
        "period": {"start": "2023-12-01", "end": "2024-01-01", "year_start": "2023-01-01"},
        "year_before": {"start": "2022-12-01", "end": "2023-01-01", "year_start": "2022-01-01", "declared_day": "2022-12-31"},
    }
    with duckdb.connect() as database:
        count = verify.Count(database, files, edition)
        assert count.load(tmp_path) == 0
        wrong = count.run()
        assert count.counted() == count.covered() == {}
        assert not any(count.scopes_before().values())
    return wrong


def test_every_query_of_the_catalogue_runs_in_duckdb(tmp_path: Path) -> None:
    """A new indicator whose query DuckDB cannot run, or that reads a table which no bundle has, is told here and not on closing day."""
    assert counted(tmp_path) == []


def test_a_query_that_reads_more_than_the_rows_is_told(tmp_path: Path) -> None:
    name = "queries/indicators/online_dossier_rate.sql"
    (sentence,) = counted(tmp_path, (name, "d.channel = 'online'", "d.service_level = 4"))
    assert sentence.startswith("online_dossier_rate was not recomputed: ") and "service_level" in sentence


def test_each_table_has_its_statement() -> None:
    names = {*COMMON, *(name for found in FACTS.values() for name in found)}
    assert {Path(name).stem for name in empty_tables()} == names
    assert names <= {path.stem for path in (PROJECT / "include" / "sql" / "queries" / "bundle").glob("*.sql")}


@pytest.mark.parametrize(
    ("code", "shown"),
    [
        ("2023-12", "2023-12"), ("2023-Q4", "2023-Q4"), ("2023-H2", "2023-S2"), ("2023", "2023"), ("2023-9M", "2023-01-01/P9M"),
        ("2023-12R", "2023-11-15/P1M"), ("2023-Q1R", "2022-12-15/P3M"),
    ],
)  # fmt: skip
def test_periods_as_sdmx_writes_them(code: str, shown: str) -> None:
    assert time_period(parse_period(code)) == shown


@pytest.mark.parametrize(
    ("numerator", "value", "is_provisional", "status"),
    [(3, "0.75", False, "A"), (3, "0.75", True, "P"), (0, None, False, "M"), (None, None, True, "L")],
)
def test_the_status_of_an_observation(numerator: int | None, value: str | None, is_provisional: bool, status: str) -> None:
    row = {
        "unit_code": "level:commune", "indicator_code": "x", "basis": "period", "value": value, "numerator": numerator, "denominator": 4,
        "target": None, "status": None, "gap_count": None, "is_provisional": is_provisional,
    }  # fmt: skip
    (cells,) = sdmx(parse_period("2023-12"), 2, [row], {"x": parse_moment("2024-01-02")})
    assert (cells["UNIT"], cells["BASIS"], cells["OBS_STATUS"], cells["EDITION"]) == ("LEVEL_COMMUNE", "PERIOD", status, 2)


def test_the_program_knows_nothing_of_the_project() -> None:
    """It is copied into each bundle, and must work there."""
    tree = ast.parse(Path(verify.__file__).read_text(encoding="utf-8"))
    imported = {
        name.split(".")[0]
        for node in ast.walk(tree)
        for name in (
            [alias.name for alias in node.names] if isinstance(node, ast.Import)
            else [str(node.module)] if isinstance(node, ast.ImportFrom) else []
        )
    }  # fmt: skip
    assert imported - set(sys.stdlib_module_names) == {"duckdb", "cryptography"}
