"""What the log of a red task says: the reason first, wrapped, with its runbook; no stack trace where a person can mend it."""

from __future__ import annotations

import ast
import logging
from pathlib import Path

import psycopg
import pytest
from sqlalchemy.exc import OperationalError

from cchc.airflow.failures import OTHERWISE, RUNBOOKS, WIDTH, reason, reason_first
from cchc.errors import CchcError, LoadBlocked, NotConfigured, PeriodNotOver, SourceUnavailable, WarehouseUnavailable
from cchc.settings import PROJECT

FILES = "payments giaodich_20230106.csv: the manifest says 60000 rows and the file has 3; ask the sender for a corrected file " * 3


def failing(error: BaseException) -> None:
    @reason_first
    def task() -> None:
        raise error

    task()


def test_the_reason_is_said_first_wrapped_with_the_runbook(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.ERROR), pytest.raises(LoadBlocked) as raised:
        failing(LoadBlocked(f"{FILES}\n{FILES.replace('0106', '0107')}\nthe other files of the run were loaded"))
    lines = [record.getMessage() for record in caplog.records]
    assert {record.name for record in caplog.records} == {"cchc.airflow.failures"}
    assert lines[0].startswith("LoadBlocked: payments giaodich_20230106.csv: the manifest says 60000 rows")
    assert max(map(len, lines)) <= WIDTH
    starts = [line for line in lines if not line.startswith("    ")]
    assert [line.split(":")[0] for line in starts[:2]] == ["LoadBlocked", "payments giaodich_20230107.csv"]
    assert "\n".join(lines).count("[docs/runbooks/load_blocked.md]") == 3
    assert isinstance(raised.value, SystemExit), "Airflow logs a stack trace for every other exception"
    assert (raised.value.code, type(raised.value).__name__) == (3, "LoadBlocked")


@pytest.mark.parametrize("error", [SourceUnavailable("away"), NotConfigured("no"), PeriodNotOver("not over"), CchcError("x")])
def test_the_kind_of_error_stays(error: CchcError) -> None:
    with pytest.raises(type(error)) as raised:
        failing(error)
    assert str(raised.value) == str(error)
    assert isinstance(raised.value, SystemExit)
    assert raised.value.code == error.exit_code


def test_a_defect_of_the_program_keeps_its_stack_trace(caplog: pytest.LogCaptureFixture) -> None:
    defect = ZeroDivisionError("division by zero")
    with pytest.raises(ZeroDivisionError) as raised:
        failing(defect)
    assert raised.value is defect
    assert caplog.records == []


def test_a_database_that_goes_away_is_no_defect() -> None:
    lost = psycopg.OperationalError("server closed the connection unexpectedly\n\tThis probably means …")
    for error in (lost, OperationalError("select 1", {}, lost), psycopg.errors.AdminShutdown("terminating connection")):
        with pytest.raises(WarehouseUnavailable, match="PostgreSQL went away in the middle of the task"):
            failing(error)
    for other in (psycopg.errors.QueryCanceled("timeout"), psycopg.errors.UniqueViolation("twice")):
        with pytest.raises(type(other)) as raised:
            failing(other)
        assert not isinstance(raised.value, SystemExit)


def test_what_a_task_gives_is_given_on() -> None:
    @reason_first
    def task(number: int, *, more: int) -> int:
        """A task."""
        return number + more

    assert task(1, more=2) == 3
    assert (task.__name__, task.__doc__) == ("task", "A task.")


@pytest.mark.parametrize("page", sorted({page for _, page in RUNBOOKS} | {OTHERWISE}))
def test_the_runbooks_are_there(page: str) -> None:
    assert (PROJECT / page).is_file()
    assert reason(CchcError(""))[0].startswith("CchcError: it gave no reason")


@pytest.mark.parametrize("path", sorted((PROJECT / "dags").glob("*.py")), ids=lambda path: path.stem)
def test_every_task_says_its_reason_first(path: Path) -> None:
    tasks = [
        node
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.FunctionDef) and any(ast.unparse(each).startswith("task") for each in node.decorator_list)
    ]
    assert tasks
    assert [task.name for task in tasks if ast.unparse(task.decorator_list[-1]) != "reason_first"] == []
