"""The permit intake of a Dutch municipality: its profile, the real export where it is, and a small made-up one in the same form."""

from __future__ import annotations

import gzip
from dataclasses import dataclass
from pathlib import Path

import pytest

from cchc.settings import PROJECT

PROFILE = PROJECT / "docs" / "examples" / "dutch_permits.yaml"
REAL = "shared/data/real/dutch_permits_receipt.csv.gz"
MADE_UP = "tests/profiles/dutch_permits_made_up.csv"


@dataclass(frozen=True)
class Export:
    """An export and what is in it, counted by hand: cases, events, cases that have ended, those that ended by the day of their deadline.

    `in_may`: how many cases the department General received in May 2011, by the days of the district.
    """

    file: str
    cases: int
    events: int
    ended: int
    not_late: int
    in_may: int

    @property
    def path(self) -> Path:
        """The file. Skips the test, and says so, where it is the real one and that is not beside the repository (or its worktrees)."""
        for folder in (PROJECT, *PROJECT.parents[:2]):
            if (folder / self.file).exists():
                return folder / self.file
        pytest.skip(f"the real file is not here: ../{self.file} from the repository's root")

    def deliver(self, folder: Path) -> Path:
        """The export as a plain CSV file in a drop folder."""
        folder.mkdir(exist_ok=True)
        content = self.path.read_bytes()
        delivered = folder / self.path.name.removesuffix(".gz")
        delivered.write_bytes(gzip.decompress(content) if self.path.suffix == ".gz" else content)
        return delivered


EXPORTS = [
    pytest.param(Export(REAL, cases=1434, events=8577, ended=1329, not_late=1020, in_may=85), id="real"),
    pytest.param(Export(MADE_UP, cases=16, events=60, ended=13, not_late=10, in_may=8), id="made_up"),
]
