from __future__ import annotations

from collections.abc import Iterator

import pytest

from cchc.warehouse import engine
from tests.support.bench import Bench
from tests.support.warehouse import NewWarehouse


@pytest.fixture(scope="module")
def bench(new_warehouse: NewWarehouse, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    """One warehouse and one landing folder for the tests of a file."""
    with new_warehouse(tmp_path_factory.mktemp("bench")) as settings:
        yield Bench(engine(settings), tmp_path_factory.mktemp("landing"))
