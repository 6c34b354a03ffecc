"""The process that reads workbooks and Parquet files: started by `workbooks.Workbooks`, its memory is limited, and it may die.

A workbook of a few kilobytes can ask for any amount of memory (a single cell in the last row and column is enough), and the library that
reads it then ends the whole process. Therefore a process of its own reads them. It takes requests from its standard input (the length in
eight bytes, then a pickle: the parent is trusted) and answers in lines of JSON (the parent trusts nothing that comes from a file).
"""

from __future__ import annotations

import pickle
import resource
import sys
from collections.abc import Iterator
from typing import Any

import orjson

from cchc.sources import parquet, sheets
from cchc.sources.files import LacksColumns, Tally, Unfinished, Unreadable, strict_workbook
from cchc.sources.kinds import kind_of
from cchc.sources.limits import MIB
from cchc.sources.nul import without_nul

BATCH_ROWS = 1_000
BATCH_BYTES = MIB


def main() -> None:
    """Answer requests until the standard input ends. Arguments: how many MiB of memory this process may use, and a row may have."""
    memory, row = (int(argument) * MIB for argument in sys.argv[1:])
    resource.setrlimit(resource.RLIMIT_DATA, (memory, memory))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    while size := sys.stdin.buffer.read(8):
        data, name, entity, profile, files = pickle.loads(sys.stdin.buffer.read(int.from_bytes(size, "big")))  # noqa: S301  # from the parent
        for answer in _answers(data, name, entity, profile, files, row):
            sys.stdout.buffer.write(orjson.dumps(answer) + b"\n")
        sys.stdout.buffer.flush()


def _answers(data: bytes, name: str, entity: Any, profile: Any, files: Any, most: int) -> Iterator[list[Any]]:
    """The lines of the answer: batches of rows, then the tally, or what is wrong."""
    tally = Tally()
    try:
        if files.workbook is not None:
            rows = strict_workbook(files.workbook).read(data, name, profile, files)
        elif kind_of(name) == "parquet":
            rows = parquet.read(data, entity, profile, tally)
        else:
            rows = sheets.read(data, entity, profile, files, tally)
        yield from _batches(rows, most)
        yield ["end", tally.header, tally.rows, tally.other_sheets, tally.left.facts()]
    except Unfinished as error:
        yield ["unfinished", str(error)]
    except LacksColumns as error:
        yield ["lacks", str(error), error.fields, error.cells]
    except Unreadable as error:
        yield ["unreadable", str(error), list(error.keys)]
    except MemoryError:
        yield ["memory"]
    except Exception as error:  # the libraries raise errors of many types, nearly all about the content of the file
        yield _failed(error)
    except BaseException as error:
        if type(error).__name__ != "PanicException":  # so a library in Rust ends where it meets what it did not expect
            raise
        yield ["failed", type(error).__name__]


def _failed(error: Exception) -> list[Any]:
    """The answer about an error of a library: of this machine, or of the file. Its words repeat nothing of the file."""
    if isinstance(error, ImportError):
        return ["machine", f"{type(error).__name__}: {error.name}" if error.name else type(error).__name__]
    if isinstance(error, OSError) and error.errno is not None:  # libraries raise it without a number about the content of a file
        return ["machine", f"{type(error).__name__}: {error.strerror}"]
    return ["failed", type(error).__name__]


def _batches(rows: Iterator[tuple[int, Any]], most: int) -> Iterator[list[Any]]:
    batch: list[bytes] = []
    size = 0
    for number, record in rows:
        told = {name: _plain(value) for name, value in record.items()} if isinstance(record, dict) else str(record)
        line = without_nul(orjson.dumps([number, told]))
        if len(line) > most:
            raise Unreadable(f"row {number} has more than {most // MIB} MB (CCHC_MAX_RECORD_MB)")
        batch.append(line)
        size += len(line)
        if len(batch) >= BATCH_ROWS or size >= BATCH_BYTES:
            yield ["rows", [orjson.Fragment(line) for line in batch]]
            batch, size = [], 0
    yield ["rows", [orjson.Fragment(line) for line in batch]]


def _plain(value: Any) -> Any:
    """A value that JSON can say: a whole number of more than 64 bits becomes its digits, and half a letter the sign for an unknown one."""
    if isinstance(value, int) and not isinstance(value, bool) and value.bit_length() > 63:
        return str(value)
    if isinstance(value, str) and not value.isascii():
        return value.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return value


if __name__ == "__main__":
    main()
