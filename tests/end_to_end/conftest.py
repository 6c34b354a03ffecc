"""An installation for each test of the whole stack."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from cchc.embedded import stack
from tests.end_to_end.installation import Installation


@pytest.fixture
def installation(tmp_path: Path) -> Iterator[Installation]:
    found = Installation(tmp_path)
    yield found
    stack.down(found.settings)
