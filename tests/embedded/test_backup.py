"""A backup is whole or not there, is tested by a restore, and a restore from it on an empty folder is the installation as it was."""

from __future__ import annotations

import json
import os
import shutil
import tarfile
import time
from pathlib import Path

import psycopg
import pytest

from cchc.airflow.accounts import Accounts
from cchc.airflow.cleanup import clean_logs
from cchc.embedded import backup
from cchc.errors import CchcError, NotConfigured, WrongUse
from cchc.settings import Settings
from cchc.warehouse import embedded as postgres
from cchc.warehouse import engine
from tests.support.cli import cchc, connect
from tests.support.deliveries import payment, payment_file
from tests.support.environment import environment
from tests.support.warehouse import rows_of

TO = "2023-07-01"
STATE = "select count(*) as n, sum(amount_vnd) as vnd from core.payment"


@pytest.fixture
def loaded(warehouse: Settings, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Settings:
    """A warehouse with a payment, an account, and a secret."""
    connect(monkeypatch, "payments", conn_type="fs", host=str(tmp_path / "drop"))
    payment_file(tmp_path / "drop", "20230605", [payment()])
    assert cchc("ingest", "payments", "--to", TO).code == 0
    assert cchc("account", "add", "thu", "--role", "viewer", "--password", "a long password").code == 0
    warehouse.make_secret("privacy_key")
    return warehouse


def test_a_backup_is_restored_and_is_what_was_there(loaded: Settings, tmp_path: Path) -> None:
    """The runbook docs/runbooks/restore.md, on an empty folder with a PostgreSQL of its own."""
    folder = ("--to", str(tmp_path / "backups"))
    written = cchc("backup", "write", *folder)
    assert written.code == 0, written.err
    made = backup.newest(tmp_path / "backups")
    assert sorted(path.name for path in made.iterdir()) == ["backup.json", "home.tar.gz", "warehouse.dump"]
    assert made.stat().st_mode & 0o077 == 0, "it has the passwords"
    assert made.name in cchc("backup", "list", *folder).out
    said = cchc("backup", "test", *folder)
    assert said.code == 0, said.err
    assert "were restored, and are what was counted" in said.out
    before, key, other = rows_of(loaded, STATE), loaded.secret("privacy_key"), tmp_path / "other"
    with environment(CCHC_HOME=str(other)):
        try:
            restored = cchc("backup", "restore", *folder)
            assert restored.code == 0, restored.err
            assert cchc("init").code == 0
            assert rows_of(Settings.load(), STATE) == before
            assert Settings.load().secret("privacy_key") == key
            assert Accounts(other / "airflow").role_of("thu", "a long password") == "viewer"
            again = cchc("backup", "restore", *folder)
            assert (again.code, "is not empty" in again.err) == (2, True), "nothing is overwritten"
        finally:
            engine(Settings.load()).dispose()
            postgres.stop(other)


def test_a_changed_byte_and_a_missing_row_are_found(loaded: Settings, tmp_path: Path) -> None:
    made = backup.write(loaded, tmp_path / "backups")
    dump = made / "warehouse.dump"
    whole = dump.read_bytes()
    dump.write_bytes(whole[:-1] + bytes([whole[-1] ^ 1]))
    with pytest.raises(CchcError, match=r"warehouse\.dump is missing or is not what was written"):
        backup.test(made)
    dump.write_bytes(whole)
    manifest = json.loads((made / "backup.json").read_text())
    manifest["databases"]["warehouse"]["rows"]["core.payment_version"] += 1
    (made / "backup.json").write_text(json.dumps(manifest))
    with pytest.raises(CchcError, match=r"warehouse\.core\.payment_version: 1 rows instead of 2"):
        backup.test(made)
    assert [path.name for path in (tmp_path / "backups").iterdir()] == [made.name], "the test leaves nothing"


def test_only_the_newest_are_kept_and_logs_are_left_out(loaded: Settings, tmp_path: Path) -> None:
    folder = tmp_path / "backups"
    (loaded.home / "airflow" / "logs").mkdir(parents=True)
    (loaded.home / "airflow" / "logs" / "x.log").write_text("x")
    made = backup.write(loaded, folder)
    with tarfile.open(made / "home.tar.gz") as archive:
        names = set(archive.getnames())
    assert {"secrets/privacy_key", "airflow/accounts.json"} <= names
    assert not any("logs" in name for name in names)
    for day in ("20200101T000000", "20200102T000000"):
        shutil.copytree(made, folder / day)
    (folder / "notes").mkdir()
    newest = backup.write(loaded, folder, keep=2)
    assert backup.backups(folder)[-1] == newest
    assert len(backup.backups(folder)) == 2
    assert (folder / "notes").exists(), "only backups are removed"


def test_a_backup_that_fails_leaves_nothing(loaded: Settings, tmp_path: Path) -> None:
    with pytest.raises(psycopg.OperationalError):
        backup.write(loaded, tmp_path / "backups", airflow_url="postgresql://nobody:x@127.0.0.1:9/airflow")
    assert list((tmp_path / "backups").iterdir()) == []
    with pytest.raises(WrongUse, match="has no backup"):
        backup.newest(tmp_path / "backups")
    with pytest.raises(NotConfigured, match="CCHC_BACKUP_DIR is not set"):
        backup.folder_of_backups({})


def test_old_logs_go_and_young_ones_stay(tmp_path: Path) -> None:
    old, young = tmp_path / "dag_id=a" / "old.log", tmp_path / "dag_id=b" / "young.log"
    for path in (old, young):
        path.parent.mkdir()
        path.write_text("x")
    past = time.time() - 100 * 24 * 3600
    os.utime(old, (past, past))
    assert clean_logs(tmp_path, 90) == 1
    assert young.exists()
    assert not old.exists()
    os.utime(old.parent, (past, past))
    assert clean_logs(tmp_path, 90) == 0
    assert not old.parent.exists(), "an old folder without a log goes, too"
