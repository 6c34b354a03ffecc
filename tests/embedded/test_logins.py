"""Logins of persons on the embedded warehouse: what the command prints opens the warehouse and nothing else of the server."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from cchc.warehouse import embedded as postgres
from tests.support.cli import cchc


@pytest.fixture
def server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[postgres.Server]:
    """An embedded installation after `cchc init`, with a database of Airflow beside the warehouse."""
    monkeypatch.setenv("CCHC_HOME", str(tmp_path))
    monkeypatch.delenv("CCHC_WAREHOUSE_URL", raising=False)
    started = postgres.start(tmp_path, durable=False)
    started.ensure_databases("airflow")
    assert cchc("init").code == 0
    yield started
    postgres.stop(tmp_path)


def test_a_login_opens_the_warehouse_alone(server: postgres.Server) -> None:
    said = cchc("user", "add", "lan", "--role", "analyst")
    assert said.code == 0, said.err
    assert f"ssh -N -L {server.port}:127.0.0.1:{server.port} " in said.out
    url = re.findall(r"^  URL +(\S+)$", said.out, re.MULTILINE)[0]
    with psycopg.connect(url) as session:
        assert session.execute("select count(*) > 20 from mart.unit").fetchone() == (True,)
    for database in ("airflow", "postgres", "template1"):
        with pytest.raises(psycopg.OperationalError, match="permission denied for database"):
            psycopg.connect(url.removesuffix("warehouse") + database)
        # its owner still comes in: Airflow and backups
        psycopg.connect(server.url(database).replace("+psycopg", "")).close()
