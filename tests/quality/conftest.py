from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.staging.support import Bench, warehouse


@pytest.fixture(scope="session")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    with warehouse(tmp_path_factory.mktemp("home")) as engine:
        yield Bench(engine, tmp_path_factory.mktemp("landing"))
