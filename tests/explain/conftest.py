"""The small demo district in a warehouse of its own: December 2023 is published, then three weeks of later data come."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest
from sqlalchemy import Connection

from cchc.period import parse_period
from cchc.pipeline.close import close
from cchc.settings import Settings
from cchc.warehouse import engine
from tests.support.cli import cchc
from tests.support.district import LoadedMonth, loaded_month, served
from tests.support.environment import environment, put_back
from tests.support.warehouse import NewWarehouse

PERIOD = "2023-12"
LATER = "2024-01-22T00:00:00+07:00"


@pytest.fixture(scope="session")
def built(
    new_warehouse: NewWarehouse, month_template: LoadedMonth, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Settings, dict[str, str]]]:
    """The district up to LATER, and the variables of its environment; December was published by what was known at CLOCK."""
    before = dict(os.environ)
    home = tmp_path_factory.mktemp("explain")
    with loaded_month(new_warehouse, month_template, home) as settings:
        close(settings, parse_period(PERIOD), "a tester", incomplete=True)  # without the official papers, which nothing here reads
        with served(home / "later", clock=LATER) as demo, pytest.MonkeyPatch.context() as patch:
            patch.setenv("AIRFLOW_CONN_SRC_ONE_STOP", demo.connections()["AIRFLOW_CONN_SRC_ONE_STOP"])
            _done("ingest", "one_stop", "--to", LATER)
        _done("refresh", PERIOD)
        yield settings, put_back(before)


@pytest.fixture(scope="module")
def published(built: tuple[Settings, dict[str, str]]) -> Iterator[Settings]:
    """The district, in its environment. Tests change nothing that stays."""
    settings, variables = built
    with environment(**variables):
        yield settings


def _done(*arguments: str) -> None:
    said = cchc(*arguments)
    assert said.code == 0, said.out + said.err


@pytest.fixture
def connection(published: Settings) -> Iterator[Connection]:
    """A connection to the warehouse whose work is undone."""
    with engine(published).connect() as opened:
        yield opened
        opened.rollback()
