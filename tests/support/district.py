"""A small demo district for tests outside tests/demo: one served at a time, its records made once for the whole session."""

from __future__ import annotations

import functools
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from sqlalchemy import make_url

from cchc.settings import Settings
from cchc.warehouse import engine
from demo import server
from demo.district import District
from tests.support.cli import cchc
from tests.support.environment import put_back
from tests.support.profiles import profiles_that_try_once
from tests.support.warehouse import NewWarehouse

SCALE = 0.01
CLOCK = "2024-01-02T00:00:00+07:00"  # T of the tests: the whole year 2023 is past, and the blocked payment files have not come yet

PERIOD = "2023-12"
# of the sources that come as files those of the month; a file that nobody needs here would only cost time
OF_THE_MONTH = {"payments": "giaodich_202312*", "feedback": "phananh_202312*", "survey": "khaosat_202312*", "declared": "tukhai_*_2023-12*"}


@functools.cache
def district() -> District:
    """The district; made once, read by many."""
    return District(seed=53, scale=SCALE)


@contextmanager
def served(state: Path, clock: str = CLOCK) -> Iterator[server.Demo]:
    """A running demo with a state folder of its own."""
    running = server.start(state, clock=clock, district=district())
    try:
        yield running
    finally:
        running.stop()


@dataclass(frozen=True)
class LoadedMonth:
    """A loaded district that is copied: the name of its database, its folder, and the running sources."""

    database: str
    home: Path
    demo: server.Demo


@contextmanager
def surroundings(demo: server.Demo, home: Path) -> Iterator[None]:
    """The sources of the district beside a warehouse: those over HTTP, the files of one month, and the environment that names them."""
    with pytest.MonkeyPatch.context() as patch:
        for source, pattern in OF_THE_MONTH.items():
            (home / source).mkdir()
            for path in getattr(demo.state, source).glob(pattern):
                shutil.copy(path, home / source)
        patch.setenv("CCHC_SOURCES_DIR", str(profiles_that_try_once(home / "sources")))
        for name, value in demo.connections().items():
            patch.setenv(name, value)
        for source in OF_THE_MONTH:
            patch.setenv(f"AIRFLOW_CONN_SRC_{source.upper()}", f'{{"conn_type": "fs", "host": "{home / source}"}}')
        yield


@contextmanager
def load_month(new_warehouse: NewWarehouse, demo: server.Demo, home: Path) -> Iterator[LoadedMonth]:
    """Load and compute the district of a demo at CLOCK for `loaded_month`. It stays for the whole session, and its environment does not."""
    before = dict(os.environ)
    with new_warehouse(home / "home") as settings:
        with surroundings(demo, home):
            for source in ("one_stop", "documents", *OF_THE_MONTH):
                done = cchc("ingest", source, "--to", CLOCK)
                assert done.code == 0, done.err
            assert cchc("refresh", PERIOD).code == 0
        engine(settings).dispose()  # a database with connections cannot be copied
        put_back(before)
        yield LoadedMonth(str(make_url(str(settings.warehouse_url)).database), home / "home", demo)


@contextmanager
def loaded_month(new_warehouse: NewWarehouse, template: LoadedMonth, home: Path) -> Iterator[Settings]:
    """A warehouse with the district up to T, computed for everything that ends in December 2023; its files are those of that month.

    `template`: the fixture `month_template`, of which this is a copy. What was landed stays in the folder of the template.
    """
    shutil.copytree(template.home, home / "home")
    with new_warehouse(home / "home", template.database), surroundings(template.demo, home):
        yield Settings.load()
