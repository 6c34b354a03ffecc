"""What the fixtures of warehouses are, for type checkers and readers."""

from __future__ import annotations

from contextlib import AbstractContextManager
from pathlib import Path
from typing import Protocol

from cchc.settings import Settings


class NewWarehouse(Protocol):
    """The fixture `new_warehouse`: a context with the settings of a fresh migrated warehouse; gone afterwards."""

    def __call__(self, home: Path) -> AbstractContextManager[Settings]:
        """`home`: the folder that becomes CCHC_HOME."""
