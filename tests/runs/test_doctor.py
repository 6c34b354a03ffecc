"""`cchc doctor` reports the true state; earlier versions reported each of these cases as correct, or as wrong for ever."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import text

from cchc.cli import examine as doctor
from cchc.cli.beside import strange
from cchc.runs import journal
from cchc.settings import PROJECT, Settings
from cchc.warehouse import embedded as postgres
from cchc.warehouse import engine
from tests.support.cli import cchc, connect
from tests.support.deliveries import dossier, dossier_file, payment, payment_file

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


def test_a_source_without_a_connection_is_not_well(warehouse: Settings) -> None:
    (found,) = [finding for finding in doctor.examine(warehouse) if finding.text.startswith("connection src_survey")]
    assert found.level == doctor.NOTE
    assert "neither AIRFLOW_CONN_SRC_SURVEY is set nor does Airflow keep it" in found.text


def test_a_disk_that_fills_and_a_key_that_is_gone(warehouse: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    usage = shutil.disk_usage(warehouse.home.parent)
    for gigabytes, level in ((200, doctor.OK), (3, doctor.NOTE), (0.5, doctor.WRONG)):
        monkeypatch.setattr(shutil, "disk_usage", lambda path, free=gigabytes: usage._replace(free=int(free * 2**30)))
        assert [finding.level for finding in doctor._machine(warehouse) if "free" in finding.text] == [level]
    warehouse.home.mkdir(exist_ok=True)
    assert doctor.Finding(doctor.OK, "key of the hashes") in doctor._machine(warehouse)
    monkeypatch.delenv("CCHC_PRIVACY_KEY")
    (found,) = [finding for finding in doctor._machine(warehouse) if "key of the hashes" in finding.text]
    assert (found.level, "This installation has no secret" in found.text) == (doctor.WRONG, True)


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
    assert f"WRONG {own_home.home} has no PostgreSQL. Is CCHC_HOME right?" in fresh.out
    assert fresh.code == 1
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
    state = cchc("status")
    assert (state.code, "postgresql      not running" in state.out) == (1, True)
    assert "WRONG PostgreSQL of this installation is stopped" in state.out, "status says what doctor says"
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


def test_a_role_whose_values_end_early(warehouse: Settings, drop: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Two payment logs: the one that is known less far ends the values, and without its profile it would end them for ever."""
    sources = tmp_path / "sources"
    sources.mkdir()
    profile = (PROJECT / "include" / "sources" / "payments.yaml").read_text(encoding="utf-8")
    (sources / "payments.yaml").write_text(profile, encoding="utf-8")
    (sources / "other_payments.yaml").write_text(profile.replace("source: payments", "source: other_payments"), encoding="utf-8")
    monkeypatch.setenv("CCHC_SOURCES_DIR", str(sources))
    connect(monkeypatch, "other_payments", conn_type="fs", host=str(drop))
    assert cchc("init").code == 0
    assert cchc("ingest", "payments", "--to", TO).code == 0
    assert cchc("ingest", "other_payments", "--to", "2023-06-20").code == 0
    # the same payment stands in both, and counts once: a row of a file changed when its extract brought it
    with engine(warehouse).connect() as connection:
        assert connection.execute(text("select source_code, count(*) from core.payment group by 1")).all() == [("payments", 1)]
        assert connection.execute(text("select source_code, counted_source_code from core.duplicate_record")).all() == [
            ("other_payments", "payments")
        ]

    def of_roles() -> list[tuple[str, str]]:
        return [(found.level, found.text) for found in doctor.examine(Settings.load()) if "values" in found.text and "end at" in found.text]

    note = "role payments: values end at T of other_payments (2023-06-20 00:00); known is payments until 2023-07-01 00:00"
    assert of_roles() == [(doctor.NOTE, note)]
    (sources / "other_payments.yaml").unlink()
    assert [(level, told[:60]) for level, told in of_roles()] == [
        (doctor.WRONG, "other_payments fills the role payments and has no profile an"),
        (doctor.NOTE, note[:60]),
    ]


def test_dossiers_without_a_list_of_procedures(warehouse: Settings) -> None:
    assert not [found for found in doctor.examine(warehouse) if "no list of procedures" in found.text]
    run(
        warehouse,
        "insert into mart.dossier (dossier_id, source_code, dossier_code, unit_code, channel, is_digitized, has_signed_result, "
        "supplement_count, is_counted, _changed_at, _first_seen_at, _load_id) "
        "values (1, 'one_stop', 'D1', 'H19.16.3', 'online', false, false, 0, true, now(), now(), 1)",
    )
    (found,) = [found for found in doctor.examine(warehouse) if "no list of procedures" in found.text]
    assert found.level == doctor.NOTE and found.text.startswith("one_stop delivers dossiers")


def beside(settings: Settings) -> list[str]:
    """What doctor says of the files beside the warehouse."""
    with engine(settings).connect() as connection:
        return list(strange(connection, settings))


def test_a_journal_that_is_damaged_or_gone(warehouse: Settings, drop: Path) -> None:
    """A rebuild would end at it; until now nothing told of it before."""
    assert cchc("ingest", "payments", "--to", TO).code == 0
    warehouse.make_secret("privacy_key")
    assert beside(warehouse) == []
    file = warehouse.home / "landing" / "payments" / "00000001" / "run.json"
    whole = file.read_bytes()
    file.write_bytes(whole[:50])
    (found,) = beside(warehouse)
    assert "payments/00000001/run.json cannot be read: it is no JSON, or was cut off. Put the file of a backup in its place" in found
    file.unlink()
    (found,) = beside(warehouse)
    assert "1 runs in landing have no journal (run.json): payments/00000001." in found
    assert cchc("rebuild", "--journal").code == 0
    assert (file.read_bytes(), beside(warehouse)) == (whole, [])
    newest = warehouse.home / "landing" / "payments.newest.json"
    newest.write_text('{"new')
    (found,) = beside(warehouse)
    assert "payments.newest.json cannot be read" in found


def test_a_folder_of_landing_that_may_not_be_looked_into(warehouse: Settings, drop: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Root may look into everything, so the refusal comes from the call itself."""
    assert cchc("ingest", "payments", "--to", TO).code == 0
    warehouse.make_secret("privacy_key")
    scandir = os.scandir

    def refused(path: str = ".") -> Iterator[os.DirEntry[str]]:
        if str(path).rstrip("/").endswith("payments/00000001"):
            raise PermissionError(13, "Permission denied", str(path))
        return scandir(path)

    monkeypatch.setattr(os, "scandir", refused)
    (found,) = beside(warehouse)
    assert found.startswith("Permission denied: "), found
    assert "payments/00000001. Check that the folder is there and can be written" in found


def test_a_landing_that_is_lost_is_not_hidden_by_journals(warehouse: Settings, drop: Path) -> None:
    """The weekly maintenance wrote journals into folders that it made anew, and doctor took these for the landing."""
    assert cchc("ingest", "payments", "--to", TO).code == 0
    warehouse.make_secret("privacy_key")
    shutil.rmtree(warehouse.home / "landing")
    assert journal.write(warehouse) == 0
    (found,) = beside(warehouse)
    assert "landing lacks 1 runs that the warehouse names: payments/00000001" in found
