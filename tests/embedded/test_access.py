"""A developer's access: `cchc url` gives the address of the warehouse, `cchc airflow` Airflow's own command with the right environment."""

from __future__ import annotations

import json
import secrets
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from cchc.embedded import stack
from cchc.embedded.connections import known, source_connection
from cchc.errors import NotConfigured
from cchc.settings import FERNET_KEY, Settings
from cchc.warehouse import embedded as postgres
from tests.support.cli import cchc


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    for name in ("CCHC_WAREHOUSE_URL", "CCHC_LANDING_URL", "CCHC_SOURCES_DIR", "CCHC_PRIVACY_KEY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("CCHC_HOME", str(tmp_path / "home"))
    yield tmp_path / "home"
    postgres.stop(tmp_path / "home")


@pytest.mark.parametrize(
    "command",
    [
        ("scorecard", "2023-12"), ("explain", "online_dossier_rate", "--period", "2023-12"), ("export", "all", "--period", "2023-12"),
        ("publications",), ("restatements", "2023-12"), ("close", "2023-12"), ("report", "2023-12"), ("quarantine", "list"),
        ("findings", "2023-12"), ("reconcile", "2023-12"), ("score", "2023-12"), ("outlook", "2023-12"), ("form", "2023-12"),
        ("sql", "select 1"), ("refresh", "2023-12"), ("ingest", "one_stop"), ("status",), ("doctor",), ("airflow", "version"),
    ],
    ids=lambda command: command[0],
)  # fmt: skip
def test_a_mistyped_home_is_told_and_nothing_is_made(home: Path, monkeypatch: pytest.MonkeyPatch, command: tuple[str, ...]) -> None:
    monkeypatch.setenv("AIRFLOW_CONN_SRC_ONE_STOP", '{"conn_type": "fs", "host": "/none"}')
    said = cchc(*command)
    assert said.code == 1
    assert str(home) in said.out + said.err
    assert not home.exists(), "a command that reads made an installation"


def test_the_address_of_the_embedded_warehouse(home: Path) -> None:
    asked = cchc("url")
    assert asked.code == 1
    assert f"{home} has no warehouse. Is CCHC_HOME right? `cchc init` makes a warehouse there" in asked.err
    assert not home.exists()

    server = postgres.start(home, durable=False)
    server.ensure_databases("warehouse")
    shown = cchc("url")
    assert (shown.code, shown.out) == (0, f"postgresql://postgres@127.0.0.1:{server.port}/warehouse\n")
    assert server.password not in shown.out + shown.err
    assert "cchc url --with-password" in shown.err
    whole = cchc("url", "--with-password")
    assert (whole.code, whole.err) == (0, "")
    with psycopg.connect(whole.out.strip()) as connection:
        assert connection.execute("select current_database()").fetchone() == ("warehouse",)

    postgres.stop(home)
    stopped = cchc("url")
    assert (stopped.code, stopped.out) == (1, shown.out)
    assert "PostgreSQL is stopped" in stopped.err
    assert not postgres.is_running(home), "a question starts nothing"


def test_the_address_of_another_server(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CCHC_WAREHOUSE_URL", "postgresql+psycopg://owner:p%40ss@db.example:5433/warehouse?sslmode=require")
    assert cchc("url").out == "postgresql://owner@db.example:5433/warehouse?sslmode=require\n"
    assert cchc("url", "--with-password").out == "postgresql://owner:p%40ss@db.example:5433/warehouse?sslmode=require\n"
    assert not home.exists()


def test_airflow_before_the_first_start_is_told(home: Path) -> None:
    asked = cchc("airflow", "dags", "list")
    assert asked.code == 1
    assert "has no embedded Airflow yet: run `cchc up` first" in asked.err
    assert not home.exists()


def test_airflow_works_on_the_embedded_installation(home: Path) -> None:
    """The metadata database is migrated by Airflow's own command, which then reads the DAGs of the project in it."""
    settings = Settings.load()
    server = postgres.start(home, durable=False)
    server.ensure_databases(stack.METADATA_DATABASE)
    stack.make_secrets(settings)
    (home / "airflow").mkdir()
    stack._remember(settings, port=8080, by_clock=False)

    def airflow(*arguments: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "cchc.cli", "airflow", *arguments]
        return subprocess.run(command, capture_output=True, text=True, check=False)

    migrated = airflow("db", "migrate")
    assert migrated.returncode == 0, migrated.stderr
    found = airflow("dags", "list", "--local", "--output", "json")
    assert found.returncode == 0, found.stderr
    names = {entry["dag_id"] for entry in json.loads(found.stdout[found.stdout.index("[{") :])}
    assert {"refresh_indicators", "close_month", "ingest_one_stop"} <= names
    assert airflow("config", "get-value", "core", "default_timezone").stdout.strip().endswith("Asia/Ho_Chi_Minh")
    own = ("--conn-type", "fs", "--conn-host", str(home / "drop"), "--conn-password", "a secret")
    assert airflow("connections", "add", "src_survey", *own).returncode == 0
    kept = source_connection(settings, "survey")
    assert (kept.host, kept.password) == (str(home / "drop"), "a secret")
    key = home / "secrets" / FERNET_KEY
    whole = key.read_text()
    assert stack._secrets_that_do_not_fit(settings, server) == []
    key.write_text(secrets.token_urlsafe(32))
    ((_, words),) = stack._secrets_that_do_not_fit(settings, server)
    assert "is another key than that with which Airflow's database was encrypted, so nobody can read connection src_survey" in words
    key.write_text(whole)
    assert known(settings, ["payments"]) == {}, "Airflow does not have it"
    with pytest.raises(NotConfigured, match="Source payments has no connection"):
        source_connection(settings, "payments")
    refused = airflow("dags", "no-such-command")
    assert refused.returncode == 2
