"""The table that an ingest prints, read back."""

from __future__ import annotations

import re

from tests.support.cli import Said


def table_of(said: Said) -> dict[str, dict[str, int]]:
    """The counts of ingest's table, by load and column; columns are known by where they begin."""
    lines = said.out.splitlines()
    start = next(number for number, line in enumerate(lines) if line.startswith("load "))
    names = re.split(r"\s{2,}", lines[start].strip())
    found = {}
    for line in lines[start + 2 :]:
        cells = re.split(r"\s{2,}", line.strip())
        if len(cells) != len(names):
            break
        found[cells[0]] = {name: int(cell) for name, cell in zip(names[1:-1], cells[1:-1], strict=True)}
    return found


def require_sums(said: Said) -> dict[str, dict[str, int]]:
    """The table of an ingest, of which each line adds up."""
    table = table_of(said)
    assert table, said.out
    for load, counts in table.items():
        parts = ("inserted", "updated", "unchanged", "replaced", "keyless", "not loaded")
        assert counts["landed"] == sum(counts.get(name, 0) for name in parts), load
        assert counts.get("delivered", counts["landed"]) == counts["landed"] + counts.get("merged", 0) + counts.get("left out", 0), load
    return table
