"""The runbook docs/runbooks/privacy_key.md, carried out: another key, everything loaded again, and the old hashes nowhere in the warehouse."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from sqlalchemy import text

from cchc.settings import PROJECT, Settings
from cchc.warehouse import engine
from tests.support.cli import cchc, connect
from tests.support.deliveries import dossier, dossier_file
from tests.support.warehouse import rows_of

TO, AGAIN = "2023-07-01", "2023-07-02"
CODE = "H19.16.21-230605-0001"
KEY = "select applicant_key from core.dossier where dossier_code = '" + CODE + "'"
RUNBOOK = (PROJECT / "docs" / "runbooks" / "privacy_key.md").read_text(encoding="utf-8")


def everything(settings: Settings) -> str:
    """Every row of core, mart, ops and staging as one text."""
    with engine(settings).connect() as connection:
        tables = connection.execute(
            text("select schemaname || '.' || tablename from pg_tables where schemaname in ('core', 'mart', 'ops', 'staging')")
        ).scalars()
        return "\n".join(str(row) for table in list(tables) for row in connection.execute(text(f"select t::text from {table} as t")))


def test_another_key_and_the_old_hashes_are_gone(warehouse: Settings, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    drop = tmp_path / "drop"
    connect(monkeypatch, "one_stop", conn_type="fs", host=str(drop))
    person = {"SoGiayToChuHoSo": "000000000017"}
    dossier_file(drop, "20230610", [dossier(CODE, **person), dossier("H19.16.21-230605-0002", TrangThaiHoSo="77", **person)])
    assert cchc("ingest", "one_stop", "--to", TO).code == 0
    old = rows_of(warehouse, KEY)[0]["applicant_key"]
    assert old and old in everything(warehouse)

    monkeypatch.setenv("CCHC_PRIVACY_KEY", "another key for tests")  # steps 2 and 3
    dossier_file(drop, "20230611", [dossier(CODE, **person), dossier("H19.16.21-230605-0002", TrangThaiHoSo="77", **person)])
    assert cchc("ingest", "one_stop", "--full", "--to", AGAIN).code == 0
    new = rows_of(warehouse, KEY)[0]["applicant_key"]
    assert new and new != old, "every hash has the new key"

    statements = re.findall(r"^ {4}(update .*?;)$", RUNBOOK, re.MULTILINE | re.DOTALL)  # step 4
    assert len(statements) == 2
    with engine(warehouse).begin() as connection:
        for statement in statements:
            connection.exec_driver_sql(statement.replace("MOMENT", f"'{AGAIN}'"))
    assert old not in everything(warehouse)
    assert rows_of(warehouse, KEY) == [{"applicant_key": new}]

    load = rows_of(warehouse, "select min(load_id) as n from ops.quarantine")[0]["n"]
    said = cchc("quarantine", "retry", "--load", str(load))
    assert said.code == 2
    assert f"loads {load} landed under another privacy key than today's" in said.err
    assert cchc("quarantine", "retry").code == 0, "the load under the new key is tried again"
    assert rows_of(warehouse, "select retry_of from ops.extract where kind = 'retry'") == [{"retry_of": 2}]
    assert old not in everything(warehouse), "no retry brings them back"
