"""Secrets and state of the embedded Airflow that are lost or damaged: each is told by the name of its file, nothing is taken for nothing."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest
from cryptography.fernet import Fernet

from cchc.cli import examine
from cchc.embedded import accounts, connections, stack
from cchc.errors import CchcError, NotConfigured
from cchc.settings import FERNET_KEY, KEYS_OF_AIRFLOW, Settings
from cchc.warehouse import embedded as postgres
from tests.support.cli import cchc

ANOTHER = "another-key-another-key-another-key-another"  # of the form of a key: 43 characters
# as Airflow makes them, as far as they are read; a real Airflow is asked in test_access.py
TABLES = """
create table connection (conn_id text, password text, extra text, is_encrypted boolean, is_extra_encrypted boolean);
create table variable (key text, val text, is_encrypted boolean);
"""


@pytest.fixture(scope="module")
def installation(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """An installation with a PostgreSQL of its own, whose Airflow was started once and has ended."""
    home = tmp_path_factory.mktemp("home")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CCHC_HOME", str(home))
        patch.delenv("CCHC_WAREHOUSE_URL", raising=False)
        settings = Settings.load()
        server = postgres.start(home, durable=False)
        server.ensure_databases(stack.METADATA_DATABASE)
        stack.make_secrets(settings)
        (home / "airflow" / "logs").mkdir(parents=True)
        stack._remember(settings, port=9, by_clock=True)
        (home / "airflow" / "migrated.json").write_text("{}", encoding="utf-8")
        hidden = Fernet(settings.secret(FERNET_KEY) + "=").encrypt(b"hunter2").decode()
        with psycopg.connect(address(home)) as connection:
            connection.execute(TABLES)
            insert = "insert into connection values (%s, %s, %s, %s, %s)"
            connection.execute(insert, ["cchc_smtp", hidden, None, True, False])
            connection.execute(insert, ["src_survey", None, hidden, False, True])
            connection.execute(insert, ["src_payments", "in clear text", "{}", False, False])
        yield home
        postgres.stop(home)


def address(home: Path) -> str:
    server = postgres.running_server(home)
    assert server is not None
    return server.url(stack.METADATA_DATABASE).replace("+psycopg", "")


@pytest.fixture
def settings(installation: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Settings]:
    """Its settings; secrets and state are whole again after a test."""
    monkeypatch.setenv("CCHC_HOME", str(installation))
    monkeypatch.delenv("CCHC_WAREHOUSE_URL", raising=False)
    for name in ("secrets", "airflow"):
        shutil.copytree(installation / name, tmp_path / name)
    yield Settings.load()
    for name in ("secrets", "airflow"):
        shutil.rmtree(installation / name)
        shutil.copytree(tmp_path / name, installation / name)


def emptied(path: Path) -> None:
    path.write_text("", encoding="utf-8")


def cut_off(path: Path) -> None:
    path.write_text(path.read_text(encoding="utf-8")[:14], encoding="utf-8")


def no_text(path: Path) -> None:
    path.write_bytes(b"\xff\xfe\x00\x81" * 12)


def a_folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


def another_form(path: Path) -> None:
    path.write_text("[1]", encoding="utf-8")


DAMAGES = (emptied, cut_off, no_text, a_folder)


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_secret_is_named_and_never_made_anew(settings: Settings, damage: Callable[[Path], None]) -> None:
    assert [level for level, _ in stack.health(settings)] == ["ok", "NOTE"], "all is well, and Airflow does not run"
    for name in KEYS_OF_AIRFLOW:
        path = settings.home / "secrets" / name
        kept = path.read_bytes()
        damage(path)
        said = cchc("status")
        assert said.code == 1 and f"WRONG The secret {path} " in said.out, said
        with pytest.raises(NotConfigured, match=str(path)):
            stack.up(settings)
        with pytest.raises(NotConfigured, match=str(path)):
            connections.source_connection(settings, "survey")
        shutil.rmtree(path) if path.is_dir() else path.unlink()
        path.write_bytes(kept)
    assert [level for level, _ in stack.health(settings)] == ["ok", "NOTE"]


def test_the_key_of_the_connections_is_never_replaced_while_something_is_encrypted_with_it(settings: Settings) -> None:
    path = settings.home / "secrets" / FERNET_KEY
    path.write_text(ANOTHER, encoding="utf-8")
    words = (
        f"The secret {path} is another key than that with which Airflow's database was encrypted, so nobody can read connection cchc_smtp"
    )
    assert f"WRONG {words}, connection src_survey: restore the file from the backup" in cchc("status").out
    with pytest.raises(NotConfigured, match="is another key than that"):
        stack.up(settings)
    path.unlink()
    assert f"WRONG The secret {path} is missing, so nobody can read connection cchc_smtp, connection src_survey" in cchc("status").out
    with pytest.raises(NotConfigured, match="is missing, so nobody can read connection cchc_smtp, connection src_survey"):
        stack.up(settings)
    assert not path.exists(), "a new one would lock them out"
    with psycopg.connect(address(settings.home)) as connection:
        kept = connection.execute("delete from connection where is_encrypted or is_extra_encrypted returning *").fetchall()
    server, said = postgres.start(settings.home), list[str]()
    stack._prepare_secrets(settings, server, said.append)
    assert said == [f"the secret {path} was missing, and another one was made: nothing was encrypted with it"]
    with psycopg.connect(address(settings.home)) as connection:
        connection.cursor().executemany("insert into connection values (%s, %s, %s, %s, %s)", kept)


def test_another_secret_that_is_missing_is_made_and_told(settings: Settings) -> None:
    for name in ("airflow_jwt_secret", stack.ADMIN_PASSWORD):
        (settings.home / "secrets" / name).unlink()
    with pytest.raises(NotConfigured, match=r"or `cchc down`, then `cchc up`, which makes another one"):
        settings.secret("airflow_jwt_secret")
    said: list[str] = []
    stack._prepare_secrets(settings, postgres.start(settings.home), said.append)
    assert [line.rpartition("/")[2] for line in said] == [
        "airflow_admin_password was missing, and another one was made: log in with the new password",
        "airflow_jwt_secret was missing, and another one was made: everybody logs in again",
    ]


@pytest.mark.parametrize("damage", [Path.unlink, emptied, another_form, a_folder])
def test_a_lost_port_is_not_taken_for_an_airflow_that_never_was(settings: Settings, damage: Callable[[Path], None]) -> None:
    """Nobody may then be told that a source has no connection, nor may a backup leave Airflow's database out."""
    path = settings.home / "airflow" / "stack.json"
    damage(path)
    for ask in (stack.metadata_url, stack.metadata_database, stack.command_environment, stack._health):
        with pytest.raises(NotConfigured, match=rf"{path} (is lost|cannot be read .*), so nobody can tell where"):
            ask(settings)
    with pytest.raises(NotConfigured, match=str(path)):
        connections.source_connection(settings, "survey")
    assert stack.runs_by_clock(settings)
    if path.is_dir():
        with pytest.raises(NotConfigured, match="is a folder, and a file of this name is written at each start"):
            stack.up(settings)
    else:
        stack._remember(settings, port=9)
        assert stack._last_port(settings) == 9


@pytest.mark.parametrize("damage", [Path.unlink, emptied, another_form, a_folder])
def test_a_lost_record_of_processes_is_not_taken_for_an_airflow_that_does_not_run(
    settings: Settings, damage: Callable[[Path], None]
) -> None:
    folder = settings.home / "airflow"
    command = [sys.executable, "-c", "import time; time.sleep(600)"]
    process = subprocess.Popen(command, cwd=folder, start_new_session=True)
    try:
        path = folder / "processes.json"
        path.write_text(json.dumps({"scheduler": {"pid": process.pid, "created": 1.0}}), encoding="utf-8")
        damage(path)
        told = [text for level, text in stack.health(settings) if level == stack.WRONG]
        assert len(told) == 1 and str(path) in told[0] and "`cchc down` ends " in told[0]
        if path.is_dir():
            with pytest.raises(CchcError, match="every process has ended, but"):
                stack._processes(settings).end(stack.STOP_STAGES)
        else:
            stack._processes(settings).end(stack.STOP_STAGES)
        assert process.wait(5) is not None, "what runs without a record is ended, too"
    finally:
        process.kill()
        process.wait()


def test_accounts_whose_file_is_lost_are_named(warehouse: Settings) -> None:
    assert examine._accounts(warehouse) == []
    accounts.add(warehouse, "nguyen.van.thu", "viewer", None, "a long password of a person")
    assert examine._accounts(warehouse) == []
    path = warehouse.home / "airflow" / "accounts.json"
    path.unlink()
    (found,) = examine._accounts(warehouse)
    assert found.level == examine.WRONG and f"nguyen.van.thu cannot log in: {path} does not have them" in found.text
    path.write_text("{", encoding="utf-8")
    (found,) = examine._accounts(warehouse)
    assert found.level == examine.WRONG and f"the file of the accounts {path} cannot be read" in found.text
