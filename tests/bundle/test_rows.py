"""The rows of a bundle are written a piece at a time, in the memory that is given back afterwards."""

from __future__ import annotations

import io

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from cchc.bundle import rows
from cchc.errors import CchcError
from cchc.memory import arrow_gives_back


@pytest.mark.parametrize("count", [0, 1, 9, 10, 11, 25])
def test_pieces_are_the_sorted_table(count: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rows, "ROWS_OF_A_GROUP", 10)
    codes = [f"{number * 7 % 25:02d}" if number % 6 else None for number in range(count)]
    half = count // 2
    parts = [{"as_of": ["period"] * len(some), "code": some} for some in (codes[:half], codes[half:])]
    schema = pa.schema([("as_of", pa.string()), ("code", pa.string())])
    table = pa.concat_tables([pa.table(part, schema) for part in parts])
    written = rows._written(table)
    read = pq.read_table(io.BytesIO(written))
    assert read.equals(table.sort_by([("as_of", "ascending"), ("code", "ascending")]))
    assert pq.read_metadata(io.BytesIO(written)).num_row_groups == max(1, -(-count // 10))
    assert rows._written(table.take(pa.array(reversed(range(count)), pa.int64()))) == written, "the same rows give the same bytes"


def test_arrow_takes_from_the_system_for_a_while() -> None:
    before = pa.default_memory_pool().backend_name
    with pytest.raises(CchcError), arrow_gives_back():
        assert pa.default_memory_pool().backend_name == "system"
        raise CchcError("made by this test")
    assert pa.default_memory_pool().backend_name == before
