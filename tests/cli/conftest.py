"""A warehouse with the small demo district loaded and refreshed by the CLI itself, once for the tests that only read it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from cchc.settings import Settings
from tests.support.district import LoadedMonth, loaded_month
from tests.support.warehouse import NewWarehouse


@pytest.fixture(scope="module")
def loaded(new_warehouse: NewWarehouse, month_template: LoadedMonth, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Settings]:
    """The district up to T, computed for everything that ends in December 2023."""
    with loaded_month(new_warehouse, month_template, tmp_path_factory.mktemp("cli")) as settings:
        yield settings
