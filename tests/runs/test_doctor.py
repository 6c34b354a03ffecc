"""Doctor tells the truth: each of these was said to be well, or wrong for ever, before."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import text

from cchc.cli import examine as doctor
from cchc.settings import Settings
from cchc.warehouse import embedded as postgres
from cchc.warehouse import engine
from tests.cli.support import cchc, connect, dossier, dossier_file, payment, payment_file

TO = "2023-07-01"


@pytest.fixture
def drop(warehouse: Settings, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """The drop folder of the payments, connected."""
    connect(monkeypatch, "payments", conn_type="fs", host=str(tmp_path / "drop"))
    payment_file(tmp_path / "drop", "20230605", [payment()])
    return tmp_path / "drop"


def said(settings: Settings, source: str) -> list[doctor.Finding]:
    """What doctor says of a source."""
    return [finding for finding in doctor.examine(settings, [source]) if finding.text.startswith(source)]


def run(settings: Settings, statement: str) -> None:
    with engine(settings).begin() as connection:
        connection.execute(text(statement))


def test_a_t_that_is_too_old(warehouse: Settings, drop: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert cchc("ingest", "payments", "--to", TO).code == 0
    (found,) = said(warehouse, "payments")
    assert found.level == doctor.WRONG
    assert "days old, although its profile has it extracted at '35 1 * * *'" in found.text
    monkeypatch.setenv("CCHC_SCHEDULE", "off")
    (found,) = said(warehouse, "payments")
    assert (found.level, "CCHC_SCHEDULE=off" in found.text) == (doctor.OK, True)
    monkeypatch.delenv("CCHC_SCHEDULE")
    run(warehouse, "update ops.coverage set to_at = now() - interval '30 hours'")
    assert [found.level for found in said(warehouse, "payments")] == [doctor.OK]
    assert cchc("doctor", "payments").code == 0


def test_a_last_run_that_failed(warehouse: Settings, drop: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert cchc("ingest", "payments", "--to", TO).code == 0
    connect(monkeypatch, "payments", conn_type="fs", host=str(drop / "away"))
    assert cchc("ingest", "payments", "--to", TO).code == 1
    found = [finding for finding in said(warehouse, "payments") if "last run" in finding.text]
    assert [finding.level for finding in found] == [doctor.WRONG]
    assert "failed: extract: " in found[0].text and "is not there" in found[0].text and "cchc ingest payments" in found[0].text
    connect(monkeypatch, "payments", conn_type="fs", host=str(drop))
    assert cchc("ingest", "payments", "--to", TO).code == 0
    assert [finding for finding in said(warehouse, "payments") if "last run" in finding.text] == []


def test_a_warehouse_that_lost_its_t(warehouse: Settings, drop: Path) -> None:
    assert cchc("ingest", "payments", "--to", TO).code == 0
    run(warehouse, "update ops.extract set status = 'failed', message = 'planted'")
    texts = [finding.text for finding in said(warehouse, "payments") if finding.level == doctor.WRONG]
    assert any("records are loaded, but no complete extract reaches back to the beginning" in words for words in texts)


def test_a_run_that_does_not_end(warehouse: Settings, drop: Path) -> None:
    assert cchc("ingest", "payments", "--to", TO).code == 0
    run(warehouse, "update ops.extract set status = 'running', started_at = now() - interval '7 hours'")
    assert any("has not ended; it was probably cut off" in finding.text for finding in said(warehouse, "payments"))


def test_a_blocked_file_that_a_good_revision_replaced_is_history(warehouse: Settings, drop: Path) -> None:
    payment_file(drop, "20230606", [payment(ThoiGianGD="06/06/2023 10:00:00")], claimed=60_000)
    assert cchc("ingest", "payments", "--to", TO).code == 3
    blocked = [finding for finding in said(warehouse, "payments") if "is blocked" in finding.text]
    assert [(finding.level, "giaodich_20230606.csv" in finding.text) for finding in blocked] == [(doctor.WRONG, True)]
    path = payment_file(drop, "20230606_r2", [payment(ThoiGianGD="06/06/2023 10:00:00")])
    manifest = json.loads(path.with_suffix(".json").read_text())
    path.with_suffix(".json").write_text(json.dumps(manifest | {"revision": 2}))
    assert cchc("ingest", "payments", "--to", TO).code == 0
    assert [finding for finding in said(warehouse, "payments") if "is blocked" in finding.text] == []


def test_a_record_in_quarantine_counts_once(warehouse: Settings, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    connect(monkeypatch, "one_stop", conn_type="fs", host=str(tmp_path / "files"))
    for delivery in range(3):
        dossier_file(tmp_path / "files", str(delivery), [dossier("H19.16.21-230605-0001", TrangThaiHoSo="77")])
        assert cchc("ingest", "one_stop", "--to", f"2023-07-0{delivery + 1}").code == 0
    (found,) = [finding for finding in said(warehouse, "one_stop") if "quarantine" in finding.text]
    assert (found.level, found.text) == (doctor.NOTE, "one_stop dossiers: 1 records in quarantine (`cchc quarantine list`)")


@pytest.fixture
def own_home(tmp_path: Path) -> Iterator[Settings]:
    """An installation with an embedded PostgreSQL of its own."""
    with pytest.MonkeyPatch.context() as patch:
        for name in [name for name in os.environ if name.startswith(("CCHC_", "AIRFLOW_CONN_"))]:
            patch.delenv(name)
        patch.setenv("CCHC_HOME", str(tmp_path / "home"))
        settings = Settings.load()
        yield settings
        postgres.stop(settings.home)


def test_doctor_starts_nothing(own_home: Settings) -> None:
    fresh = cchc("doctor")
    assert "NOTE  PostgreSQL of this installation was never started" in fresh.out
    assert not (own_home.home / "postgres").exists(), "a question makes no server"
    assert cchc("init").code == 0
    well = cchc("doctor")
    assert "ok    PostgreSQL runs on 127.0.0.1:" in well.out
    assert "NOTE  Airflow does not run here" in well.out
    engine(own_home).dispose()
    postgres.stop(own_home.home)
    stopped = cchc("doctor")
    assert stopped.code == 1
    assert "WRONG PostgreSQL of this installation is stopped" in stopped.out
    assert postgres.running_server(own_home.home) is None


def test_a_dead_airflow_is_told(own_home: Settings) -> None:
    assert cchc("init").code == 0
    folder = own_home.home / "airflow"
    folder.mkdir()
    record = {name: {"pid": 2**22 + 1, "created": 1.0} for name in ("api-server", "scheduler")}
    (folder / "processes.json").write_text(json.dumps(record))
    told = cchc("doctor")
    assert told.code == 1
    assert "WRONG Airflow was started here and has died: api-server, scheduler" in told.out
    engine(own_home).dispose()
