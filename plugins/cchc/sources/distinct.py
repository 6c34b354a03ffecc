"""How many different ones there are among millions of hashes, in eight bytes for each of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

MOST_PENDING = 1 << 18  # hashes in a set of Python, which takes seventy bytes for each; fewer hashes need no more than the set
MOST_FEW = 1 << 20  # hashes in the smaller array, into which new ones are moved without a copy of all


class Distinct:
    """The different ones of some hashes (64-bit integers, as `hash` gives them).

    New ones are held in a set, then in a small sorted array, then in a large one. No hash is in two of the arrays.
    """

    def __init__(self) -> None:
        self._pending: set[int] = set()
        self._few: NDArray[np.int64] | None = None
        self._many: NDArray[np.int64] | None = None

    def add(self, digest: int) -> None:
        """Add a hash, which may be known."""
        self._pending.add(digest)
        if len(self._pending) > MOST_PENDING:
            self._settle()

    def __len__(self) -> int:
        if self._few is None or self._many is None:
            return len(self._pending)
        self._settle()
        return len(self._few) + len(self._many)

    def __contains__(self, digest: int) -> bool:
        if digest in self._pending:
            return True
        arrays = [found for found in (self._few, self._many) if found is not None]
        return any((place := int(found.searchsorted(digest))) < len(found) and int(found[place]) == digest for found in arrays)

    def _settle(self) -> None:
        """Move the hashes of the set into the arrays."""
        import numpy as np  # only a large load needs it

        few = np.empty(0, np.int64) if self._few is None else self._few
        many = np.empty(0, np.int64) if self._many is None else self._many
        new = np.fromiter(self._pending, np.int64, len(self._pending))
        new.sort()
        self._pending.clear()
        for known in (few, many):
            places = known.searchsorted(new)
            is_known = np.zeros(len(new), bool)
            inside = places < len(known)
            is_known[inside] = known[places[inside]] == new[inside]
            new = new[~is_known]
        few = np.insert(few, few.searchsorted(new), new)
        if len(few) > MOST_FEW:
            few, many = np.empty(0, np.int64), np.insert(many, many.searchsorted(few), few)
        self._few, self._many = few, many
