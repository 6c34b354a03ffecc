"""An error of the database names what is wrong, and repeats neither a row nor what a statement was given."""

from __future__ import annotations

import traceback
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from sqlalchemy import Engine, text
from sqlalchemy.exc import DBAPIError

from cchc.dashboard.warehouse import _engine as of_the_pages
from cchc.dashboard.warehouse import dashboard_url
from cchc.settings import Settings
from cchc.warehouse import engine
from tests.support.warehouse import NewWarehouse

MARK = "079123456789"
ACTS = {
    "a row that is there": ("insert into t values (:mark)", "duplicate key value violates unique constraint"),
    "a row that breaks a rule": ("insert into t values ('x' || cast(:mark as text))", "violates check constraint"),
    "a reference to nothing": ("insert into u values (:mark)", "violates foreign key constraint"),
    "nothing in a column that needs something": ("insert into t values (nullif(:mark, :mark))", "null value in column"),
}
TABLES = (
    "create temp table t (one text primary key check (left(one, 1) <> 'x'), two text default '" + MARK + "')",
    "insert into t values ('" + MARK + "')",
    "create temp table other (one text primary key)",
    "create temp table u (one text references other)",
)
ENGINES: dict[str, Callable[[Settings], Engine]] = {
    "the tasks": engine,
    "the pages": lambda settings: of_the_pages(dashboard_url(settings)),
}


@pytest.fixture(scope="module")
def settings(new_warehouse: NewWarehouse, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Settings]:
    with new_warehouse(tmp_path_factory.mktemp("errors")) as made:
        yield made


def told(made: Engine, statement: str) -> str:
    """All that a log would have of a failed statement."""
    with made.connect() as connection, connection.begin() as transaction:
        connection.execute(text("set transaction read write"))
        for table in TABLES:
            connection.exec_driver_sql(table)
        with pytest.raises(DBAPIError) as failed:
            connection.execute(text(statement), {"mark": MARK})
        error: Any = failed.value.orig
        assert error.diag.message_primary
        transaction.rollback()
    return "".join(traceback.format_exception(failed.value))


@pytest.mark.parametrize("who", ENGINES)
@pytest.mark.parametrize("what", ACTS)
def test_no_value_of_a_row_is_told(settings: Settings, who: str, what: str) -> None:
    statement, words = ACTS[what]
    said = told(ENGINES[who](settings), statement)
    assert words in said and MARK not in said


def test_of_the_pages_closes(settings: Settings) -> None:
    of_the_pages(dashboard_url(settings)).dispose()
