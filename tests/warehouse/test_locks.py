"""Who only reads the warehouse cannot keep a load, a refresh or `cchc init` waiting, nor fill the server's disk."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import psycopg
import pytest
from psycopg import errors

from cchc.settings import Settings
from cchc.waiting import wait_until
from cchc.warehouse import accounts, engine, migrate, wait_for_other_owners
from cchc.warehouse.locks import hold
from tests.support.warehouse import NewWarehouse, rows_of

ROLES = {"analyst": None, "dashboard": None, "unit": "H19.16.21"}
NAMES = ("load one_stop", "refresh dossiers", "reference data", "score_766", "alerts")


@pytest.fixture(scope="module")
def settings(new_warehouse: NewWarehouse, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Settings]:
    with new_warehouse(tmp_path_factory.mktemp("locks")) as made:
        yield made


@pytest.fixture(scope="module")
def logins(settings: Settings) -> Iterator[dict[str, str]]:
    """Role → address of a login of a person."""
    yield {role: accounts.add(settings, f"a_{role}_of_locks", role, unit, "test").url for role, unit in ROLES.items()}
    for role in ROLES:
        accounts.remove(settings, f"a_{role}_of_locks")


@pytest.mark.parametrize("role", ROLES)
def test_a_reader_keeps_nobody_waiting(settings: Settings, logins: dict[str, str], role: str) -> None:
    """Whatever lock a reader can take, and for as long as it likes: it held the advisory locks by which loads wait for one another."""
    with engine(settings).begin() as owner:
        for name in NAMES:
            hold(owner, name)  # the rows are there: nothing of what follows is refused for want of one
    with psycopg.connect(logins[role]) as reader:
        reader.execute("set default_transaction_read_only = off; set statement_timeout = 0; set idle_in_transaction_session_timeout = 0")
        reader.commit()
        for name in NAMES:
            reader.execute("select pg_advisory_lock(hashtext(%s))", [name])
        reader.execute("select pg_advisory_lock(532023), pg_advisory_lock(hashtext('cchc reference data'))")
        for statement in (
            "select 1 from ops.named_lock for update",
            "select 1 from ops.named_lock for key share",
            "delete from ops.named_lock",
        ):
            with pytest.raises(errors.InsufficientPrivilege), reader.transaction():
                reader.execute(statement.encode())
        with engine(settings).begin() as connection:
            connection.exec_driver_sql("set local lock_timeout = '2s'")
            for name in NAMES:
                hold(connection, name)
            wait_for_other_owners(connection)
        assert migrate(settings).migrations == []


def test_a_lock_is_held_until_its_transaction_ends_and_may_be_taken_twice(settings: Settings) -> None:
    taken = threading.Event()

    def second() -> None:
        with engine(settings).begin() as connection:
            hold(connection, "new one")
            taken.set()

    waits = "select count(*) as n from pg_stat_activity where wait_event_type = 'Lock' and datname = current_database()"
    for _ in range(2):  # the first time the row is new
        taken.clear()
        with engine(settings).begin() as connection:
            hold(connection, "new one")
            hold(connection, "new one")
            hold(connection, "another one")
            beside = threading.Thread(target=second)
            beside.start()
            assert wait_until(lambda: rows_of(settings, waits)[0]["n"] == 1, 30, 0.02), "it did not wait"
            assert not taken.is_set()
        beside.join(30)
        assert taken.is_set()


FILLING = [
    "select lo_from_bytea(0, 'x')",
    "select lo_creat(-1)",
    "select lo_create(0)",
    "select pg_logical_emit_message(false, 'x', repeat('x', 1000))",
]


@pytest.mark.parametrize("role", ROLES)
def test_a_reader_writes_no_large_objects_and_nothing_into_the_log_of_the_server(logins: dict[str, str], role: str) -> None:
    with psycopg.connect(logins[role], autocommit=True) as reader:
        reader.execute("set default_transaction_read_only = off")
        for statement in FILLING:
            with pytest.raises(errors.InsufficientPrivilege):
                reader.execute(statement.encode())
