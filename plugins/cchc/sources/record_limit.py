"""What the readers of documents have in common: a limit of each record while it is read in pieces, and the words for a missing end."""

from __future__ import annotations

from cchc.sources.limits import MIB, Limits
from cchc.sources.unread import Unreadable

EMPTY = "it is empty"
NOT_CLOSED = "the document is not closed: its end is missing"


class RecordLimit:
    """The bytes that were read since the last whole record. `number`: how many records were whole."""

    def __init__(self, limits: Limits) -> None:
        self.number = 0
        self._limits, self._held = limits, 0

    def take(self, size: int, *, is_within: bool) -> None:
        """Take a piece of `size` bytes. `is_within`: a record is still open, or the piece ended nothing at all."""
        self._held = self._held + size if is_within else 0

    def next(self) -> int:
        """A record is whole. Returns its number, from 1."""
        self.number, self._held = self.number + 1, 0
        return self.number

    def require(self) -> None:
        """Raise Unreadable if the record that is open has more bytes than the limit."""
        if self._held > self._limits.record * MIB:
            raise Unreadable(f"the record after number {self.number} has more than {self._limits.record} MB (CCHC_MAX_RECORD_MB)")
