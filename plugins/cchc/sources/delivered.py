"""What all readers of delivered files share: the errors, the counts of a table, a stream that is watched, and the check of a header."""

from __future__ import annotations

import io
from collections.abc import Iterable
from dataclasses import dataclass, field
from decimal import Decimal
from hashlib import sha256
from typing import IO, Any

from cchc.sources.amounts import delivered_amount
from cchc.sources.fields import named, new_names
from cchc.sources.left_alone import LeftAlone
from cchc.sources.limits import MIB, Limits
from cchc.sources.number_signs import Signs
from cchc.sources.profile import Entity
from cchc.sources.unread import LacksColumns, Unfinished, Unreadable

__all__ = ["LacksColumns", "Tally", "Unfinished", "Unreadable", "Watched", "picked_columns", "require_end", "too_long"]


class Watched(io.RawIOBase):
    """A readable stream that calculates the sha256 of the bytes read, counts them, and remembers the last one.

    `most`: the number of bytes after which it raises Unreadable; None: no limit.
    """

    def __init__(self, inner: IO[bytes], hashing: bool = False, most: int | None = None) -> None:
        self.inner = inner
        self.hash = sha256() if hashing else None
        self.last = b""
        self.count = 0
        self.most = most

    def readable(self) -> bool:
        """Whether the stream can be read; always true."""
        return True

    def readinto(self, buffer: Any) -> int:
        """Read bytes into the buffer. Returns their number, 0 at the end."""
        data = self.inner.read(len(buffer))
        if data:
            buffer[: len(data)] = data
            self.last = data[-1:]
            self.count += len(data)
            if self.most is not None and self.count > self.most:
                raise Unreadable(f"it has more than {self.most // MIB} MB when it is unpacked (CCHC_MAX_FILE_MB)")
            if self.hash is not None:
                self.hash.update(data)
        return len(data)


@dataclass
class Tally:
    """Counts of a delivered table: its header, all data rows, and the sum of amounts in the rows that match `where`.

    `read`: the bytes that were read so far, of any file; `other_sheets`: sheets of a workbook that have cells and are not read; `left`:
    what of the table became no record; `encoding`: that of the file, if it was chosen for the file alone.
    """

    amount_field: str | None = None
    where: dict[str, str] = field(default_factory=dict)
    thousands: str | None = None
    decimal: str | None = None
    signs: Signs = field(default_factory=Signs)
    rows: int = 0
    amount: int | Decimal = 0
    header: list[str] | None = None
    trailer: list[str] | None = None
    after_trailer: int = 0
    unread_amounts: int = 0
    read: int = 0
    other_sheets: list[str] = field(default_factory=list)
    left: LeftAlone = field(default_factory=LeftAlone)
    encoding: str | None = None

    def count(self, header: list[str], row: list[str]) -> None:
        """Count one data row."""
        self.rows += 1
        if self.amount_field is None or len(row) != len(header):
            return
        cells = dict(zip(header, row, strict=True))
        if all(cells.get(name, "").strip() == value for name, value in self.where.items()):
            amount = delivered_amount(cells.get(self.amount_field, ""), self.thousands, self.decimal, self.signs)
            self.unread_amounts += amount is None
            self.amount += amount or 0


def require_end(watched: Watched) -> None:
    """Raise Unfinished if the file does not end with a newline."""
    if watched.last != b"\n":
        raise Unfinished(
            "there is no newline after its last line (layout.open_end, where the sender never writes one)"
            if watched.last
            else "it is empty"
        )


def too_long(line: int, limits: Limits) -> Unreadable:
    """The error for a record that is larger than the limit."""
    return Unreadable(f"the record that begins at line {line} has more than {limits.record} MB (CCHC_MAX_RECORD_MB)")


def known_names(header: list[str], entity: Entity, where: str = "line 1") -> list[str]:
    """A header with the name by which each field is known in place of another name of it. Raises Unreadable if a field is there twice."""
    aliases = entity.aliases
    for known in dict.fromkeys(aliases.values()):
        met = [name for name in dict.fromkeys(header) if aliases.get(name, name) == known]
        if len(met) > 1:
            column = next(column.name for column in entity.columns if column.source == known)
            raise Unreadable(
                f"{where}: the header has {' and '.join(met)}, which are names of one field by the profile",
                f"entities.{entity.name}.columns.{column}",
            )
    return [aliases.get(name, name) for name in header] if aliases else header


def _out_of_years(header: list[str], entity: Entity) -> str:
    """Sentences about names in a header that were names of a field in other years."""
    return "".join(f" {words}, and not in the year of this file." for name, words in entity.out_of_years.items() if name in header)


def picked_columns(header: list[str], entity: Entity, rows: Iterable[list[Any]], where: str = "line 1") -> list[tuple[int, str]]:
    """The columns that may land, each with its place. `rows`: the rows after the header; `where`: its place in the file, in words.

    Raises LacksColumns if the header lacks a column that the profile uses and that is not optional, and Unreadable if it has such a column
    twice.

    A line counts as a header if it has at least half of the columns of the profile. Any other line may be the record of a citizen. So may
    cells of a header whose line break was lost; therefore names are shown only if the header has as many cells as the row after it.
    """
    wanted = entity.table_columns
    met = [name for name in wanted if name in header]
    lacking = [name for name in wanted if name not in header and name not in entity.optional_fields]
    if lacking:
        words = f"{len(lacking)} of the {len(wanted)} columns that the profile uses: {named(lacking, entity)}."
        if 2 * len(met) < len(wanted):
            raise LacksColumns(
                f"{where} is no header ({len(header)} cells, which are not repeated here): it lacks {words}", lacking, len(header)
            )
        below = next(iter(rows), [])
        new = {name for name in header if name not in wanted} if len(below) == len(header) else set()
        words += _out_of_years(header, entity) + new_names(new, lacking)
        raise LacksColumns(f"{where}: the header lacks {words}", lacking, len(header))
    twice = sorted({name for name in met if header.count(name) > 1})
    if twice:
        raise Unreadable(f"{where}: the header has {', '.join(twice)} twice")
    return [(index, name) for index, name in enumerate(header) if name in wanted]
