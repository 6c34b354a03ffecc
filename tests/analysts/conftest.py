"""The small district with December 2023 in a warehouse, once for a file of tests, and sessions of persons on it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
import pytest

from cchc.settings import Settings
from cchc.warehouse import accounts
from tests.support.district import LoadedMonth, loaded_month
from tests.support.warehouse import NewWarehouse


@pytest.fixture(scope="module")
def district(new_warehouse: NewWarehouse, month_template: LoadedMonth, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Settings]:
    """The district up to T, computed for everything that ends in December 2023."""
    with loaded_month(new_warehouse, month_template, tmp_path_factory.mktemp("analysts")) as settings:
        yield settings


@contextmanager
def logged_in(login: accounts.Login) -> Iterator[psycopg.Connection[Any]]:
    """A session of a person, from the address that `cchc user add` printed."""
    with psycopg.connect(login.url, autocommit=True) as connection:
        yield connection
