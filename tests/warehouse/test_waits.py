"""`cchc init` of a new version that waits for a session says whose it is and how to end it; it does not wait for ever."""

from __future__ import annotations

import logging
import re
import shutil
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import psycopg
import pytest

from cchc.errors import CchcError
from cchc.settings import Settings
from cchc.waiting import wait_until
from cchc.warehouse import accounts, engine, migrate, waits
from cchc.warehouse.locks import REFERENCE, hold
from tests.support.warehouse import NewWarehouse, execute, rows_of

CHANGE = "alter table mart.indicator_value add constraint {name} check (numerator is not null or true)"
MADE = "select conname from pg_constraint where conname = :name"
READS = "select count(*) from mart.indicator_value where unit_code <> 'Nguyễn Văn Thử' and numerator <> 75123456 -- a remark"


@pytest.fixture(scope="module")
def settings(new_warehouse: NewWarehouse, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Settings]:
    with new_warehouse(tmp_path_factory.mktemp("waits")) as made:
        yield made


@pytest.fixture(autouse=True)
def quickly(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(waits, "FIRST", 0.3)


@contextmanager
def reading(settings: Settings) -> Iterator[psycopg.Connection]:
    """An analyst who has read a table and does not end the transaction."""
    login = accounts.add(settings, "an_analyst_who_waits", "analyst", None, "test")
    with psycopg.connect(login.url, application_name="a notebook") as session:
        session.execute("set idle_in_transaction_session_timeout = 0; set transaction_timeout = 0")
        session.commit()
        session.execute(READS)
        yield session
    accounts.remove(settings, "an_analyst_who_waits")


def newer(settings: Settings, folder: Path, name: str) -> Settings:
    """The same warehouse under a version with one more migration, which changes a table."""
    shutil.copytree(settings.sql_dir, folder / "sql")
    (folder / "sql" / "migrations" / f"9999_{name}.sql").write_text(CHANGE.format(name=name), encoding="utf-8")
    return replace(settings, sql_dir=folder / "sql")


def test_it_says_for_whom_it_waits_and_how_to_end_that(settings: Settings, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    changed = newer(settings, tmp_path, "first_change")
    caplog.set_level(logging.WARNING, waits.__name__)
    with ThreadPoolExecutor(1) as beside, reading(settings) as session:  # a failure ends the session first
        going = beside.submit(migrate, changed)
        assert wait_until(lambda: bool(caplog.messages) or going.done(), 30), "nothing was said"
        (said,) = caplog.messages
        pid = session.info.backend_pid
        assert said.startswith(
            f"the change of the warehouse's tables (`cchc init`) waits. It waits for session {pid} of an_analyst_who_waits"
        )
        assert "(a notebook), in a transaction since " in said and ", idle in transaction, last statement: select count(*) from" in said
        assert "Nguyễn" not in said and "75123456" not in said and "a remark" not in said
        assert not going.done()
        (ends,) = re.findall(r"`(select pg_terminate_backend\(\d+\))`", said)
        execute(settings, ends)  # as the owner, as the message says
        assert going.result(60).migrations == ["9999_first_change"]
        with pytest.raises(psycopg.OperationalError):
            session.execute("select 1")
    assert rows_of(settings, MADE, name="first_change")


def test_it_does_not_wait_for_ever(settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    changed = newer(settings, tmp_path, "second_change")
    monkeypatch.setattr(waits, "LONGEST", 1.5)
    with reading(settings) as session:
        known = rows_of(settings, "select name from ops.migration order by 1")
        with pytest.raises(
            CchcError, match=r"has waited for 0\.025 minutes and is given up; nothing was changed\. It waits for session \d+"
        ):
            migrate(changed)
        assert rows_of(settings, "select name from ops.migration order by 1") == known
        assert session.execute("select 1").fetchone() == (1,), "the reader was left alone"
    assert not rows_of(settings, MADE, name="second_change")


def test_what_is_ours_is_waited_for(settings: Settings, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.WARNING, waits.__name__)

    def second() -> None:
        with engine(settings).begin() as connection, waits.told(connection, "a second one"):
            hold(connection, REFERENCE)

    with ThreadPoolExecutor(1) as beside:
        with engine(settings).begin() as connection:
            hold(connection, REFERENCE)
            going = beside.submit(second)
            assert wait_until(lambda: bool(caplog.messages), 30), "nothing was said"
        going.result(30)
    assert caplog.messages[0].endswith("What is ours ends by itself: a load, a refresh or a command.")
    assert "pg_terminate" not in caplog.messages[0]


def test_who_waits_for_nobody_says_nothing(settings: Settings, caplog: pytest.LogCaptureFixture) -> None:
    with engine(settings).begin() as connection, waits.told(connection, "a quick one"):
        connection.exec_driver_sql("select pg_sleep(1)")
    assert caplog.messages == []
