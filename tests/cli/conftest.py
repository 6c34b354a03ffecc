"""A warehouse with the small demo district loaded and refreshed by the CLI itself, once for the tests that only read it."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator

import pytest

from cchc.settings import Settings
from tests.support.cli import cchc
from tests.support.district import CLOCK, served
from tests.support.profiles import profiles_that_try_once
from tests.support.warehouse import NewWarehouse

PERIOD = "2023-12"
# of the sources that come as files those of the month; a file that nobody needs here would only cost time
OF_THE_MONTH = {"payments": "giaodich_202312*", "feedback": "phananh_202312*", "survey": "khaosat_202312*", "declared": "tukhai_*_2023-12*"}


@pytest.fixture(scope="module")
def loaded(new_warehouse: NewWarehouse, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Settings]:
    """The district up to T, computed for everything that ends in December 2023; its files are those of that month."""
    home = tmp_path_factory.mktemp("cli")
    with new_warehouse(home / "home") as settings, served(home / "demo") as demo, pytest.MonkeyPatch.context() as patch:
        for source, pattern in OF_THE_MONTH.items():
            (home / source).mkdir()
            for path in getattr(demo.state, source).glob(pattern):
                shutil.copy(path, home / source)
        sources = profiles_that_try_once(home / "sources")
        patch.setenv("CCHC_SOURCES_DIR", str(sources))
        for name, value in demo.connections().items():
            patch.setenv(name, value)
        for source in OF_THE_MONTH:
            patch.setenv(f"AIRFLOW_CONN_SRC_{source.upper()}", f'{{"conn_type": "fs", "host": "{home / source}"}}')
        settings = Settings.load()
        for source in ("one_stop", "documents", *OF_THE_MONTH):
            done = cchc("ingest", source, "--to", CLOCK)
            assert done.code == 0, done.err
        assert cchc("refresh", PERIOD).code == 0
        assert os.environ["CCHC_SOURCES_DIR"] == str(sources)
        yield settings
