"""Memory that is free again goes back to the system, and garbage is looked for."""

from __future__ import annotations

import gc
import subprocess
import sys
import tracemalloc
from collections.abc import Callable, Iterator

import orjson
import pytest

from cchc.memory import MANY_OBJECTS, rarely_collected
from cchc.sources.landing import Folder, Writer

# the last texts stay, and hold the heap where it is
_PROGRAM = """
import psutil
from cchc.memory import give_back

used = lambda: psutil.Process().memory_info().rss
texts = [bytes(3000) for _ in range(60_000)]
last = texts[-10:]
full = used()
del texts
kept = used()
give_back()
print(full - kept, full - used())
"""


def test_memory_below_what_is_still_in_use_goes_back() -> None:
    done = subprocess.run([sys.executable, "-c", _PROGRAM], capture_output=True, text=True, check=True)
    by_itself, given_back = map(int, done.stdout.split())
    assert given_back > 150_000_000 > 100_000_000 > by_itself


def test_garbage_is_looked_for_rarely_but_is_and_as_before_afterwards() -> None:
    before = gc.get_threshold()
    with pytest.raises(ValueError, match="on purpose"), rarely_collected():
        assert gc.isenabled() and gc.get_threshold() == (MANY_OBJECTS, *before[1:])
        raise ValueError("on purpose")
    assert gc.get_threshold() == before


_ENDING = """
import atexit
import cchc.cli.main
from cchc.cli.start import main

class Circle:
    def __init__(self):
        self.me = self
    def __del__(self):
        print("freed", flush=True)

atexit.register(print, "atexit")
cchc.cli.main.main = lambda: Circle() and 3
raise SystemExit({end})
"""


@pytest.mark.parametrize(("end", "said"), [("main()", ["atexit"]), ("cchc.cli.main.main()", ["atexit", "freed"])])
def test_a_command_ends_without_a_last_look_for_garbage(end: str, said: list[str]) -> None:
    """What is registered for the end is done. The second case shows that Python looks for garbage where nobody tells it not to."""
    done = subprocess.run([sys.executable, "-c", _ENDING.format(end=end)], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout.split()) == (3, said), done.stderr


def by_batches(lines: Iterator[bytes], writer: Writer) -> None:
    while batch := [line for _, line in zip(range(100), lines, strict=False)]:
        writer.add(batch)


def as_a_stream(lines: Iterator[bytes], writer: Writer) -> None:
    writer.add(lines)


@pytest.mark.parametrize("way", [by_batches, as_a_stream])
def test_lines_that_wait_for_their_part_take_what_their_texts_take(way: Callable[[Iterator[bytes], Writer], None]) -> None:
    """orjson leaves a line of one KB in the eight or sixteen KB in which it was written."""
    record = {f"Truong{n}": "x" * 40 for n in range(24)}
    writer = Writer(Folder("memory://lines_that_wait"))
    tracemalloc.start()
    try:
        before = tracemalloc.get_traced_memory()[0]
        way((orjson.dumps([n, record, None]) for n in range(5_000)), writer)
        held = tracemalloc.get_traced_memory()[0] - before
    finally:
        tracemalloc.stop()
    length = len(orjson.dumps([1_000, record, None]))
    assert writer.parts == [], "all of them wait"
    assert 0.9 * 5_000 * length < held < 1.2 * 5_000 * length


_WITHOUT_PANDAS = """
import sys
import pyarrow as pa
import cchc.bundle.rows, cchc.bundle.verify, cchc.pipeline.close, cchc.reports.build, cchc.staging.stage
from cchc.late_imports import arrow_without_pandas

arrow_without_pandas()
table = pa.table({"code": ["A", None], "number": [1, 2]})
before = "pandas" in sys.modules
frame = table.to_pandas()
import pandas
print(before, len(frame), pa.array(pandas.Series([1.0, None])).null_count, pa.Table.from_pandas(frame).num_rows)
"""


def test_neither_a_closing_nor_a_staging_imports_pandas_and_arrow_knows_it_when_it_is_asked() -> None:
    done = subprocess.run([sys.executable, "-c", _WITHOUT_PANDAS], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == ["False", "2", "1", "2"]
