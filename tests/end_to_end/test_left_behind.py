"""The search of the walk sees what is planted, however it is packed; and takes nothing else for a person."""

from __future__ import annotations

import gzip
import io
import zipfile
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import zstandard

from demo import people
from tests.end_to_end.left_behind import PERSONAL, files

NAME = people.name(17)


def zipped(name: str, data: bytes) -> bytes:
    """A zip with one file."""
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr(name, data)
    return made.getvalue()


def parquet(value: str) -> bytes:
    """A table of one cell."""
    made = io.BytesIO()
    pq.write_table(pa.table({"x": [value]}), made, compression="zstd")
    return made.getvalue()


@pytest.mark.parametrize("value", [NAME, people.identity(80_123), people.phone(5), people.email(3), people.account(9), people.officer(2)])
def test_every_kind_of_personal_value_is_seen(value: str) -> None:
    assert PERSONAL.search(f"… {value},") is not None


@pytest.mark.parametrize(
    "text", ["landing/one_stop/00000001/", "2023-01-01 00:00:00.000000", "0000000", "H19.16.21-230605-0000001", "B0000000900"]
)
def test_what_is_no_person_is_not(text: str) -> None:
    assert PERSONAL.search(text) is None


@pytest.mark.parametrize(
    ("name", "pack"),
    [
        ("landing/part.ndjson.zst", lambda data: zstandard.ZstdCompressor().compress(data)),
        ("airflow/logs/task.log", lambda data: data),
        ("publications/1/papers/x.docx", lambda data: zipped("word/document.xml", data)),
        ("publications/1/x_audit.zip", lambda data: zipped("papers/x.xlsx", zipped("xl/sharedStrings.xml", data))),
        ("publications/1/rows/dossier.parquet", lambda data: parquet(data.decode())),
        ("dropped.csv.gz", gzip.compress),
        ("postgres/data/server.log", lambda data: data),
    ],
)
def test_a_planted_name_is_found_in_every_packing(tmp_path: Path, name: str, pack: object) -> None:
    path = tmp_path / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(pack(f"<w:t>{NAME}</w:t>".encode()))  # type: ignore[operator]
    assert [PERSONAL.search(text) is not None for _, text in files(tmp_path)] == [True]


def test_what_the_sources_keep_for_themselves_is_left_out(tmp_path: Path) -> None:
    (tmp_path / "demo").mkdir()
    (tmp_path / "demo" / "people.csv").write_text(NAME, encoding="utf-8")
    assert list(files(tmp_path)) == []
