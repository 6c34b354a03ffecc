"""Codes that stand in records with different keys, where the key of a profile is another field than the code.

Core knows a record by its code, so two records with one code are versions of one, whatever their keys are.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from cchc.sources.distinct import Distinct


@dataclass
class Shared:
    """How many records have a code that came with another key before, and one of these codes."""

    records: int = 0
    example: str | None = None


class SharedCodes:
    """Looks at the code and the key of each record, and knows which codes have come with another key before. Only hashes are kept."""

    def __init__(self) -> None:
        self._codes = Distinct()
        self._pairs = Distinct()

    def see(self, records: Iterable[tuple[str | None, str | None]], into: Shared) -> None:
        """Count those of (code, key) whose code came with another key before: once for each further key."""
        for code, key in records:
            if code is None or key is None or (pair := hash((code, key))) in self._pairs:
                continue
            self._pairs.add(pair)
            if (digest := hash(code)) in self._codes:
                into.records += 1
                into.example = into.example or code
            self._codes.add(digest)
