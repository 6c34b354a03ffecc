"""The small demo district in a warehouse of its own: December 2023 is published, then three weeks of later data come."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator

import pytest
from sqlalchemy import Connection

from cchc.period import parse_period
from cchc.pipeline.close import close
from cchc.settings import Settings
from cchc.warehouse import engine
from tests.support.cli import cchc
from tests.support.district import CLOCK, served
from tests.support.environment import environment, put_back
from tests.support.profiles import profiles_that_try_once
from tests.support.warehouse import NewWarehouse

PERIOD = "2023-12"
LATER = "2024-01-22T00:00:00+07:00"
# of the sources that come as files those of the month; a file that nobody needs here would only cost time
OF_THE_MONTH = {"payments": "giaodich_202312*", "feedback": "phananh_202312*", "survey": "khaosat_202312*", "declared": "tukhai_*_2023-12*"}


@pytest.fixture(scope="session")
def built(new_warehouse: NewWarehouse, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Settings, dict[str, str]]]:
    """The district up to LATER, and the variables of its environment; December was published by what was known at CLOCK."""
    before = dict(os.environ)
    home = tmp_path_factory.mktemp("explain")
    with new_warehouse(home / "home") as settings, served(home / "demo") as demo, pytest.MonkeyPatch.context() as patch:
        for source, pattern in OF_THE_MONTH.items():
            (home / source).mkdir()
            for path in getattr(demo.state, source).glob(pattern):
                shutil.copy(path, home / source)
        patch.setenv("CCHC_SOURCES_DIR", str(profiles_that_try_once(home / "sources")))
        for name, value in demo.connections().items():
            patch.setenv(name, value)
        for source in OF_THE_MONTH:
            patch.setenv(f"AIRFLOW_CONN_SRC_{source.upper()}", f'{{"conn_type": "fs", "host": "{home / source}"}}')
        settings = Settings.load()
        for source in ("one_stop", "documents", *OF_THE_MONTH):
            _done("ingest", source, "--to", CLOCK)
        _done("refresh", PERIOD)
        close(settings, parse_period(PERIOD), "a tester", incomplete=True)  # without the official papers, which nothing here reads
        demo.advance(LATER)
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
