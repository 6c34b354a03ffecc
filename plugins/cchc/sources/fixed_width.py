"""The rows of a text file whose columns stand at fixed places of each line."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Protocol

from cchc.sources.delivered import too_long
from cchc.sources.header import Row
from cchc.sources.limits import MIB, Limits


class Lines(Protocol):
    """What has lines."""

    def readline(self, most: int, /) -> str:
        """The next line, or at most `most` characters of it; empty at the end."""


def fixed_rows(text: Lines, places: tuple[tuple[int, int], ...], may_be_short: bool, limits: Limits) -> Iterator[Row]:
    """Yield the number and the cells of each line. `places`: the first and the last character of each column, from 1.

    A row whose line ends before its last column has fewer cells (unless `may_be_short`), and one with text outside of all columns has one
    more, so that neither counts as a record. Raises Unreadable for a line that is larger than the limit.
    """
    most = limits.record * MIB
    number = 0
    while line := text.readline(most):
        number += 1
        if len(line) >= most:
            raise too_long(number, limits)
        yield number, _cells(line.rstrip("\r\n").replace("\0", ""), places, may_be_short)


def _cells(line: str, places: tuple[tuple[int, int], ...], may_be_short: bool) -> list[str]:
    whole = [(first, last) for first, last in places if last <= len(line)] if not may_be_short else places
    outside = list(line)
    for first, last in places:
        outside[first - 1 : last] = " " * len(outside[first - 1 : last])
    cells = [line[first - 1 : last].strip() for first, last in whole]
    rest = "".join(outside).strip()
    if not line.strip():
        return [""] * len(places)
    return [*cells, *([""] * (len(places) - len(cells)) if rest else []), rest] if rest else cells
