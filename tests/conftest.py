"""One throw-away PostgreSQL for the session, one migrated template in it, and a fresh warehouse for each test that asks for one."""

from __future__ import annotations

import gc
import itertools
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import hypothesis
import pytest
from sqlalchemy import text
from xdist.scheduler import LoadFileScheduling

from cchc.cli import main as cli
from cchc.settings import Settings
from cchc.warehouse import embedded as postgres
from cchc.warehouse import engine
from demo.server import Demo
from tests.support import quick
from tests.support.district import LoadedMonth, load_month, served
from tests.support.environment import environment
from tests.support.long import is_long
from tests.support.order import LONGEST_FIRST, unit_of
from tests.support.warehouse import NewWarehouse, admin

if not os.environ.get("CI"):  # there Hypothesis has a profile of its own, without a time either: a busy machine is no defect
    hypothesis.settings.register_profile("by_hand", deadline=None)
    hypothesis.settings.load_profile("by_hand")

TEMPLATE = "cchc_template"
ROOM = 8 * 2**30  # bytes for the databases and the folders of tests of all workers
# What PostgreSQL knows of mart.indicator_value in a warehouse that runs for long: how many different contents a column has, as a
# share of the rows where negative. Autovacuum learns it within minutes; a warehouse of a test is gone before, and without
# statistics thousands of values of a period are planned as one row, with nested loops that take most of a refresh.
DISTINCT_OF_VALUES = {
    "indicator_code": 43,
    "unit_code": 28,
    "level": 3,
    "period_kind": 6,
    "period_start": 20,
    "basis": 2,
    "formula_version": 1,
}
LEARN = """
    select pg_restore_attribute_stats(
        'schemaname', 'mart', 'relname', 'indicator_value', 'attname', cast(:column as text), 'inherited', false,
        'null_frac', cast(0 as real), 'avg_width', 8, 'n_distinct', cast(:count as real)
    )
"""
_numbers = itertools.count(1)


def _in_memory() -> Path | None:
    """A folder in memory where there is room: a disk takes milliseconds to empty a temporary table, and to make or remove a file."""
    memory = Path("/dev/shm")
    if not memory.is_dir() or shutil.disk_usage(memory).free < ROOM:
        return None
    return None if os.statvfs(memory).f_flag & os.ST_NOEXEC else memory  # tests start programs that they have written


# The folders of tests (pytest's `tmp_path`) are made here where nobody names another place; those of tests that passed are removed.
if (memory := _in_memory()) is not None:
    os.environ.setdefault("PYTEST_DEBUG_TEMPROOT", str(memory))
os.environ.setdefault("CCHC_PDF", "off")  # tests that start the whole stack; tests/reports/test_pdf.py switches it on


@pytest.fixture(scope="session")
def postgres_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[postgres.Server]:
    """The session's PostgreSQL; nothing in it survives."""
    home = tmp_path_factory.mktemp("postgres")
    yield postgres.start(home, durable=False)
    postgres.stop(home)
    shutil.rmtree(home, ignore_errors=True)


def pytest_addoption(parser: pytest.Parser) -> None:
    """`--quick`: refuse what takes long (tests/support/quick.py)."""
    parser.addoption("--quick", action="store_true", help="refuse Airflow, LibreOffice, browsers, containers and the whole stack")


def pytest_configure(config: pytest.Config) -> None:
    """Each worker guards its own process, and has a wide terminal: a row of a table stands in one line."""
    os.environ["COLUMNS"] = "1000"
    if config.getoption("--quick"):
        quick.guard()


@pytest.fixture(autouse=True)
def without_airflow(request: pytest.FixtureRequest) -> Iterator[None]:
    """With `--quick`, no test imports Airflow."""
    yield
    if request.config.getoption("--quick"):
        assert not quick.is_airflow_here(), "Airflow was imported, which takes seconds: take this test out of tests/quick.txt"


def pytest_make_parametrize_id(val: object, argname: str) -> str | None:
    """The name of bytes that are no plain text is that of their argument; None: pytest names the value.

    What is compressed holds the second at which it was made, so two workers would name one case differently, and pytest-xdist would
    refuse to run any test.
    """
    return argname if isinstance(val, bytes) and not (val.isascii() and val.decode().isprintable()) else None


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what is long, before `-m` chooses. The units that take minutes first: pytest-xdist hands them out in this order, and a long
    one must not be the last.
    """
    for item in items:
        if is_long(item.nodeid) and item.get_closest_marker("nightly") is None:
            item.add_marker("long")
    order = {name: number for number, name in enumerate(LONGEST_FIRST)}
    items.sort(key=lambda item: order.get(unit_of(item.nodeid), len(order)))


@pytest.hookimpl(trylast=True)
def pytest_collection_finish() -> None:
    """The collector of garbage passes over what is imported and collected by now, and comes less often: it took a tenth of the time."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(10_000, 20, 20)


class ByUnit(LoadFileScheduling):  # type: ignore[misc] # pytest-xdist has no types
    """Hands units to workers (`--dist loadfile`)."""

    def _split_scope(self, nodeid: str) -> str:
        return unit_of(nodeid)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> ByUnit | None:
    """The scheduler of `--dist loadfile`; None: that of pytest-xdist."""
    return ByUnit(config, log) if config.getoption("dist") == "loadfile" else None


@pytest.fixture(scope="session")
def template(postgres_server: postgres.Server, tmp_path_factory: pytest.TempPathFactory) -> str:
    """Name of the database on which `cchc init` was run, once."""
    home = tmp_path_factory.mktemp("template")
    postgres_server.ensure_databases(TEMPLATE)
    with environment(CCHC_HOME=str(home), CCHC_WAREHOUSE_URL=postgres_server.url(TEMPLATE)):
        assert cli.main(["init"]) == 0
        with engine(Settings.load()).begin() as connection:
            connection.exec_driver_sql("analyze")
            for column, count in DISTINCT_OF_VALUES.items():
                connection.execute(text(LEARN), {"column": column, "count": count})
        engine(Settings.load()).dispose()  # a database with connections cannot be a template
    return TEMPLATE


@pytest.fixture(scope="session")
def new_warehouse(postgres_server: postgres.Server, template: str) -> NewWarehouse:
    """A function: a context with the settings of a fresh migrated warehouse whose home is the given folder; gone afterwards."""

    @contextmanager
    def fresh(home: Path, copy_of: str | None = None) -> Iterator[Settings]:
        name = f"warehouse_{next(_numbers)}"
        admin(postgres_server, f"create database {name} template {copy_of or template} strategy file_copy")
        variables = {"CCHC_HOME": str(home), "CCHC_WAREHOUSE_URL": postgres_server.url(name), "CCHC_PRIVACY_KEY": "a key for tests"}
        with environment(**variables):
            settings = Settings.load()
            yield settings
            engine(settings).dispose()
        admin(postgres_server, f"drop database {name} with (force)")

    return fresh


@pytest.fixture(scope="session")
def district_sources(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    """The running sources of the small district at CLOCK, for all tests that only read them: two thousand files take a second to write."""
    with served(tmp_path_factory.mktemp("sources")) as demo:
        yield demo


@pytest.fixture(scope="session")
def month_template(new_warehouse: NewWarehouse, district_sources: Demo, tmp_path_factory: pytest.TempPathFactory) -> Iterator[LoadedMonth]:
    """The small district as `loaded_month` gives it, loaded and computed once for all that copy it."""
    with load_month(new_warehouse, district_sources, tmp_path_factory.mktemp("month")) as loaded:
        yield loaded


@pytest.fixture
def warehouse(new_warehouse: NewWarehouse, tmp_path: Path) -> Iterator[Settings]:
    """The settings of a fresh migrated warehouse."""
    with new_warehouse(tmp_path / "home") as settings:
        yield settings
