"""An installation for each test of the whole stack."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from cchc.embedded import stack
from cchc.files import locked
from tests.end_to_end.installation import Installation


@pytest.fixture
def installation(tmp_path: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    """One at a time, whatever worker asks: two that start at the same moment may both choose the same free port."""
    with locked(tmp_path_factory.getbasetemp().parent / "whole_stack.lock"):
        found = Installation(tmp_path)
        yield found
        stack.down(found.settings)
