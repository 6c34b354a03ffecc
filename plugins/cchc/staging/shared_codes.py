"""Codes that stand in records with different keys, where the key of a profile is another field than the code.

Core knows a record by its code, so two records with one code are versions of one, whatever their keys are.
"""

from __future__ import annotations

from collections.abc import Iterable

from cchc.sources.distinct import Distinct
from cchc.sources.needs import own_code
from cchc.sources.profile import Entity


def may_be_shared(entity: Entity) -> bool:
    """Whether two records of the entity may have one code and different keys."""
    code = next((column for column in entity.columns if column.name == own_code(entity.model)), None)
    return code is not None and (code.source is None or entity.key != (code.source,))


class SharedCodes:
    """Looks at the code and the key of each record, and knows which codes have come with another key before. No text is kept."""

    def __init__(self) -> None:
        self._codes = Distinct()
        self._pairs = Distinct()

    def see(self, records: Iterable[tuple[str | None, str | None]]) -> list[str]:
        """The codes of those (code, key) that came with another key before, each for every further key."""
        shared = []
        for code, key in records:
            if code is None or key is None or (pair := hash((code, key))) in self._pairs:
                continue
            self._pairs.add(pair)
            if (digest := hash(code)) in self._codes:
                shared.append(code)
            self._codes.add(digest)
        return shared
