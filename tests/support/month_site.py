"""Fixtures: a warehouse with one loaded month of the small district for the tests of a file, and transactions in it that are rolled back."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from sqlalchemy import Connection

from cchc.settings import Settings
from cchc.warehouse import engine
from tests.support.district import LoadedMonth, loaded_month
from tests.support.warehouse import NewWarehouse


@pytest.fixture(scope="module")
def settings(new_warehouse: NewWarehouse, month_template: LoadedMonth, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Settings]:
    with loaded_month(new_warehouse, month_template, tmp_path_factory.mktemp("month")) as made:
        yield made
        engine(made).dispose()


@pytest.fixture
def connection(settings: Settings) -> Iterator[Connection]:
    """A transaction that is rolled back."""
    with engine(settings).connect() as opened:
        transaction = opened.begin()
        yield opened
        transaction.rollback()
