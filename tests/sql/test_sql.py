"""Every case of tests/sql, and that no SQL file is without one."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Connection

from cchc.settings import PROJECT, Settings
from cchc.warehouse import engine
from tests.sql.runner import CASES, MAKERS, run
from tests.support.warehouse import NewWarehouse

SQL = PROJECT / "include" / "sql"
FOUND = sorted(path.parent for path in CASES.glob("*/*/*/expect.yaml"))
SCHEMAS = ("core", "mart")
CASED = ("indicators", "values", "coverage", "findings", "scores")
# folders of include/sql/queries whose files are proven by the tests of what asks them, and by which
PROVEN_ELSEWHERE = {
    "accounts": "tests/analysts: logins made, listed, removed, refused",
    "alerts": "tests/notices: every event, told once, and told when it is well again",
    "audit": "tests/warehouse: the commands noted, each role refused, old rows removed",
    "bundle": "tests/bundle: an edition packed, and every figure counted again from its rows",
    "dashboard": "tests/dashboard: each page against the warehouse",
    "dataset": "tests/analysts: the data package, row by row against the warehouse",
    "publication": "tests/publication: every row against the independent calculation, before and after late data",
    "reports": "tests/reports: the files that are made of them, cell by cell",
    "completeness": "tests/runs and tests/cli: windows that were never asked for, dossiers that are listed and not stored",
    "declared": "tests/declared: workbooks in any order, and the figures behind a value",
    "doctor": "tests/cli: what `cchc doctor` says",
    "explain": "tests/explain: the items behind a figure are the figure, and the story of a dossier",
    "forms": "tests/forms: the carry-over of form II.06a, the score of Decision 766",
    "half_months": "tests/indicators: counts by half months against counts of whole periods, after any change",
    "open_dossiers": "tests/indicators: the open dossiers that are kept against days judged as a whole, after any change",
    "months": "tests/indicators: the marks that a refresh of several months takes, and those that a load holds",
    "outlook": "tests/forms: the outlook of a year and its back-test",
    "quality": "tests/quality: rules, quarantine, sizes, and changes of fields",
    "reconciliation": "tests/forms/test_kept_orders.py: after changes by chance the kept orders are those of all orders anew",
    "runs": "tests/runs: retries, runs that gave way, secret records, T set back",
    "withdrawal": "tests/runs and tests/secondary: a warehouse without the withdrawn loads, row for row one that never had them",
    "warehouse": "tests/warehouse: views and functions applied anew, and the data dictionary",
}
NO_ROWS = {"migrations", "roles", "ops"}  # they make what the others fill; views and functions are named by test_catalogue.py


@pytest.fixture(scope="module")
def settings(new_warehouse: NewWarehouse, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Settings]:
    """One warehouse for all cases: each is rolled back."""
    with new_warehouse(tmp_path_factory.mktemp("sql")) as made:
        yield made


@pytest.fixture
def connection(settings: Settings) -> Iterator[Connection]:
    """A connection whose work is undone."""
    with engine(settings).connect() as made:
        yield made
        made.rollback()


@pytest.mark.parametrize("case", FOUND, ids=lambda path: "/".join(path.parts[-3:]))
def test_case(case: Path, settings: Settings, connection: Connection) -> None:
    for relation, expected, found in run(connection, settings, case):
        assert found == expected, f"{relation} is not as {'/'.join(case.parts[-3:])}/expect.yaml says"


def test_every_sql_file_has_a_case() -> None:
    assert {path.name for path in SQL.iterdir()} == {*SCHEMAS, *NO_ROWS, "queries"}
    folders = [*(SQL / layer for layer in SCHEMAS), *(SQL / "queries" / layer for layer in CASED)]
    assert {path.name for path in (SQL / "queries").iterdir()} == {*CASED, *PROVEN_ELSEWHERE}
    files = {(path.parent.name, path.stem.split("__")[0]) for folder in folders for path in folder.glob("*.sql")}
    assert len(files) > 60
    assert files - {(case.parts[-3], case.parts[-2]) for case in FOUND} == set()


def test_every_maker_has_a_case() -> None:
    assert {"/".join(case.parts[-3:-1]) for case in FOUND} >= set(MAKERS)


def test_a_case_has_its_parts_and_no_others() -> None:
    folders = [path for path in CASES.glob("*/*/*") if path.is_dir() and "__pycache__" not in path.parts]
    assert folders == sorted(FOUND) or set(folders) == set(FOUND)
    for case in FOUND:
        assert {path.name for path in case.iterdir()} <= {"given", "binds.yaml", "expect.yaml"}, case
        assert all(path.suffix == ".yaml" for path in (case / "given").glob("*")), case
