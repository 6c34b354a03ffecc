"""A warehouse with the small demo district loaded and refreshed by the CLI itself, once for the tests that only read it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from cchc.settings import Settings
from tests.support.loaded_district import OF_THE_MONTH, PERIOD, loaded_district
from tests.support.warehouse import NewWarehouse

__all__ = ["OF_THE_MONTH", "PERIOD"]


@pytest.fixture(scope="module")
def loaded(new_warehouse: NewWarehouse, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Settings]:
    """The district up to T, computed for everything that ends in December 2023; its files are those of that month."""
    with loaded_district(new_warehouse, tmp_path_factory.mktemp("cli")) as settings:
        yield settings
