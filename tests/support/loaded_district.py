"""A warehouse with the small demo district loaded and refreshed by the CLI itself: every source, up to T; the files of one month."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from cchc.settings import Settings
from tests.support.cli import cchc
from tests.support.district import CLOCK, served
from tests.support.profiles import profiles_that_try_once
from tests.support.warehouse import NewWarehouse

PERIOD = "2023-12"
# of the sources that come as files those of the month; a file that nobody needs here would only cost time
OF_THE_MONTH = {"payments": "giaodich_202312*", "feedback": "phananh_202312*", "survey": "khaosat_202312*", "declared": "tukhai_*_2023-12*"}


@contextmanager
def loaded_district(new_warehouse: NewWarehouse, home: Path) -> Iterator[Settings]:
    """The district up to T, computed for everything that ends in December 2023. `home`: a folder for it."""
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
            done = cchc("ingest", source, "--to", CLOCK)
            assert done.code == 0, done.err
        assert cchc("refresh", PERIOD).code == 0
        yield settings
