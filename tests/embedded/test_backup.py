"""A backup is whole or not there, is tested by a restore, and a restore from it on an empty folder is the installation as it was."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
import tarfile
import time
from pathlib import Path
from typing import Any

import psycopg
import pytest

from cchc.airflow.accounts import Accounts
from cchc.airflow.cleanup import clean_logs
from cchc.embedded import backup, backup_database, backup_files, backup_remains
from cchc.embedded.dump_script import restore_without_marks
from cchc.errors import CchcError, NotConfigured, WrongUse
from cchc.runs.maintenance import remove_old_landing
from cchc.settings import Settings
from cchc.sources.secrecy import purge_landing
from cchc.warehouse import embedded as postgres
from cchc.warehouse import engine
from tests.support.cli import cchc, connect
from tests.support.deliveries import payment, payment_file
from tests.support.environment import environment
from tests.support.table_rows import differing, table_rows
from tests.support.warehouse import admin, execute

TO = "2023-07-01"
EVERYTHING = ("core", "mart", "ops", "staging")


@pytest.fixture
def loaded(warehouse: Settings, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Settings:
    """A warehouse with a payment, an account, and a secret."""
    connect(monkeypatch, "payments", conn_type="fs", host=str(tmp_path / "drop"))
    payment_file(tmp_path / "drop", "20230605", [payment()])
    assert cchc("ingest", "payments", "--to", TO).code == 0
    assert cchc("account", "add", "thu", "--role", "viewer", "--password", "a long password").code == 0
    warehouse.make_secret("privacy_key")
    return warehouse


def test_a_backup_is_restored_and_is_what_was_there(loaded: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The runbook docs/runbooks/restore.md, on an empty folder with a PostgreSQL of its own: row for row, file for file, and how long."""
    folder = ("--to", str(tmp_path / "backups"))
    dump = backup_database.dump

    def after_a_change(*arguments: Any) -> dict[str, Any]:
        execute(loaded, "insert into ops.dirty_month values ('meanwhile', '2023-01-01', 'after the moment of the backup', now())")
        return dump(*arguments)

    with monkeypatch.context() as patched:
        patched.setattr(backup_database, "dump", after_a_change)
        written = cchc("backup", *folder)
    execute(loaded, "delete from ops.dirty_month where source_code = 'meanwhile'")
    assert written.code == 0, written.err
    assert "without a database of Airflow" in written.out
    made = backup.newest(tmp_path / "backups")
    assert sorted(path.name for path in made.iterdir()) == ["backup.json", "home.tar.gz", "landing", "warehouse.dump"]
    assert not any(path.stat().st_mode & 0o077 for path in (made, *made.glob("*.*"), *made.rglob("part-*"))), "it has the passwords"
    assert made.name in cchc("backup", "list", *folder).out
    said = cchc("backup", "test", *folder)
    assert said.code == 0, said.err
    assert "were restored, and are what was counted" in said.out
    before, key, landing = table_rows(loaded, schemas=EVERYTHING), loaded.secret("privacy_key"), files_of(loaded.home / "landing")
    assert landing
    other = tmp_path / "other"
    with environment(CCHC_HOME=str(other)):
        try:
            restored = cchc("restore", "--from", str(tmp_path / "backups"))
            assert restored.code == 0, restored.err
            assert f"{len(landing)} files of landing" in restored.out
            assert differing(before, table_rows(Settings.load(), schemas=EVERYTHING)) == {}
            assert files_of(other / "landing") == landing
            assert Settings.load().secret("privacy_key") == key
            assert Accounts(other / "airflow").role_of("thu", "a long password") == "viewer"
            again = cchc("restore", "--from", str(tmp_path / "backups"))
            assert (again.code, "is not empty" in again.err) == (2, True), "nothing is overwritten"
            # the copy's own retention, and its own retry, never reach the original
            for table in ("ops.load", "ops.extract"):
                aged = "ended_at = ended_at - interval '1 year', started_at = started_at - interval '1 year'"
                execute(Settings.load(), f"update {table} set {aged}")
            assert remove_old_landing(Settings.load(), 90)
            assert set(files_of(other / "landing")) == {"payments.newest.json"}, "the note by which a rebuild misses what is gone"
            assert files_of(loaded.home / "landing") == landing
        finally:
            engine(Settings.load()).dispose()
            postgres.stop(other)


def test_a_backup_is_restored_into_an_empty_database_of_a_server(
    loaded: Settings, postgres_server: postgres.Server, tmp_path: Path
) -> None:
    made = backup.write(loaded, tmp_path / "backups")
    before, folder = table_rows(loaded, schemas=EVERYTHING), ("--from", str(tmp_path / "backups"))
    full = cchc("restore", *folder)
    assert (full.code, "the landing" in full.err and "is not empty" in full.err) == (2, True)
    with environment(CCHC_HOME=str(tmp_path / "other"), CCHC_WAREHOUSE_URL=loaded.warehouse_url or ""):
        full = cchc("restore", *folder)
        assert (full.code, "is not empty" in full.err, (tmp_path / "other").exists()) == (2, True, False)
    postgres_server.ensure_databases("restored")
    try:
        with environment(CCHC_HOME=str(tmp_path / "other"), CCHC_WAREHOUSE_URL=postgres_server.url("restored")):
            restored = cchc("restore", *folder, "--name", made.name)
            assert restored.code == 0, restored.err
            assert differing(before, table_rows(Settings.load(), schemas=EVERYTHING)) == {}
            assert not postgres.has_cluster(tmp_path / "other")
            engine(Settings.load()).dispose()
    finally:
        admin(postgres_server, "drop database restored with (force)")


def test_a_restore_that_fails_leaves_nothing(loaded: Settings, tmp_path: Path) -> None:
    made = backup.write(loaded, tmp_path / "backups")
    dump = made / "warehouse.dump"
    dump.write_bytes(b"no dump")
    manifest = json.loads((made / "backup.json").read_text())
    manifest["sha256"]["warehouse.dump"] = hashlib.sha256(b"no dump").hexdigest()
    (made / "backup.json").write_text(json.dumps(manifest))
    with environment(CCHC_HOME=str(tmp_path / "other")), pytest.raises(CchcError, match="pg_restore failed"):
        backup.restore(Settings.load(), made)
    assert not (tmp_path / "other").exists()


def test_a_dump_with_the_marks_of_a_newer_server_is_restored(loaded: Settings, postgres_server: postgres.Server, tmp_path: Path) -> None:
    """PostgreSQL 17.12 keeps `pg_attver` among the options of each column, and pg_dump 18.6 writes it out, which no server takes."""
    marked = "update pg_attribute set attoptions = %s where attrelid = %s::regclass and attnum > 0 and attname %s '_load_id'"
    text = "ALTER TABLE ONLY core.payment_version ALTER COLUMN amount SET (pg_attver=7);"
    with backup_database.connect(loaded.warehouse_url or "") as connection:
        connection.execute("insert into ops.dirty_month values ('marked', '2023-01-01', %s, now())", [text])
        for options, table, compared in (
            (["pg_attver=7"], "core.payment_version", "<>"),
            (["n_distinct=-0.5", "pg_attver=8"], "core.payment_version", "="),
        ):
            connection.execute(marked.replace("attname %s", f"attname {compared}"), [options, table])
    made = backup.write(loaded, tmp_path / "backups")
    before = table_rows(loaded, schemas=EVERYTHING)
    assert cchc("backup", "test", "--to", str(tmp_path / "backups")).code == 0
    postgres_server.ensure_databases("marked")
    try:
        with environment(CCHC_HOME=str(tmp_path / "other"), CCHC_WAREHOUSE_URL=postgres_server.url("marked")):
            restored = cchc("restore", "--from", str(tmp_path / "backups"), "--name", made.name)
            assert restored.code == 0, restored.err
            assert differing(before, table_rows(Settings.load(), schemas=EVERYTHING)) == {}, "also a text that looks like a mark"
            with backup_database.connect(Settings.load().warehouse_url or "") as connection:
                kept = connection.execute("select attname, attoptions from pg_attribute where attoptions is not null").fetchall()
            assert kept == [("_load_id", ["n_distinct=-0.5"])]
            engine(Settings.load()).dispose()
    finally:
        admin(postgres_server, "drop database marked with (force)")


def test_a_dump_with_marks_that_cannot_be_restored_leaves_the_database_as_it_was(
    loaded: Settings, postgres_server: postgres.Server, tmp_path: Path
) -> None:
    with backup_database.connect(loaded.warehouse_url or "") as connection:
        connection.execute(
            "update pg_attribute set attoptions = '{pg_attver=7}' where attrelid = 'core.payment_version'::regclass and attnum > 0"
        )
    made = backup.write(loaded, tmp_path / "backups")
    described = json.loads((made / "backup.json").read_text())["databases"]["warehouse"]
    dump = made / "warehouse.dump"
    whole = dump.read_bytes()
    dump.write_bytes(whole[: -len(whole) // 10])
    postgres_server.ensure_databases("cut_off")
    try:
        with pytest.raises(CchcError, match="pg_restore failed"):
            backup_database.restore_dump(postgres_server.url("cut_off"), described, dump)
        with backup_database.connect(postgres_server.url("cut_off")) as connection:
            assert backup_database.rows_of(connection) == {}
            connection.execute("create schema mart")
        dump.write_bytes(whole)
        with pytest.raises(CchcError, match='psql failed: .*schema "mart" already exists'):
            backup_database.restore_dump(postgres_server.url("cut_off"), described, dump)
        with backup_database.connect(postgres_server.url("cut_off")) as connection:
            assert backup_database.rows_of(connection) == {}
    finally:
        admin(postgres_server, "drop database cut_off with (force)")


def test_a_script_that_ends_too_early_is_not_committed(postgres_server: postgres.Server) -> None:
    """What psql was given so far is a whole script to it, so it must not learn that nothing more comes."""
    postgres_server.ensure_databases("too_early")
    url = backup_database._plain(postgres_server.url("too_early"))
    psql = [*backup_database._to(url, "psql"), "--dbname", "too_early"]
    try:
        for code, left in ((1, []), (0, ["left_over"])):
            prints = ["sh", "-c", f"echo 'create table left_over ();'; echo 'it broke' >&2; exit {code}", "sh"]
            if code:
                with pytest.raises(CchcError, match="pg_restore failed: it broke"):
                    restore_without_marks(prints, psql, backup_database._environment(url))
            else:
                restore_without_marks(prints, psql, backup_database._environment(url))
            with backup_database.connect(postgres_server.url("too_early")) as connection:
                assert [table for _, table in backup_database._tables(connection)] == left
    finally:
        admin(postgres_server, "drop database too_early with (force)")


def test_versions_that_do_not_fit_are_named(loaded: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The client programs are those of the embedded server. One that is too old for a server is refused, and no empty file is left."""
    made = backup.write(loaded, tmp_path / "backups")
    manifest = json.loads((made / "backup.json").read_text())
    assert manifest["databases"]["warehouse"]["server"] == backup_database._major_of("pg_dump")
    manifest["databases"]["warehouse"]["server"] = 99
    (made / "backup.json").write_text(json.dumps(manifest))
    with (
        environment(CCHC_HOME=str(tmp_path / "other")),
        pytest.raises(WrongUse, match=r"by PostgreSQL \d+, and the backup is of PostgreSQL 99"),
    ):
        backup.restore(Settings.load(), made)
    (old := tmp_path / "old").mkdir()
    (old / "pg_dump").write_text("#!/bin/sh\necho 'pg_dump (PostgreSQL) 15.8 (Debian 15.8-0+deb12u1)'\n")
    (old / "pg_dump").chmod(0o755)
    monkeypatch.setattr(postgres, "binaries", lambda: old)
    with pytest.raises(CchcError, match=r"kept by PostgreSQL \d+, and pg_dump here is of PostgreSQL 15"):
        backup.write(loaded, tmp_path / "backups")
    assert backup.backups(tmp_path / "backups") == [made]


def test_what_changes_meanwhile_is_written_again_and_what_lacks_for_good_is_told(
    loaded: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    copied = backup_files.copy_landing
    removed: list[str] = []

    def retention_meanwhile(*arguments: Any) -> dict[str, str]:
        if not removed:  # after the moment of the database, before its files are copied
            for table in ("ops.load", "ops.extract"):
                execute(loaded, f"update {table} set ended_at = ended_at - interval '1 year'")
            removed.extend(remove_old_landing(loaded, 90))
        return copied(*arguments)

    monkeypatch.setattr(backup_files, "copy_landing", retention_meanwhile)
    made = backup.write(loaded, tmp_path / "backups")
    assert removed
    assert (backup.lacking_in(made), backup_lists_landing(made)) == ([], False), "the second moment knows that landing went"
    monkeypatch.undo()


def test_an_edition_that_is_renamed_while_it_is_packed_is_written_again(
    loaded: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A closing puts aside what one before it had left: the backup ended with a file that is not there, or lacked the edition."""
    edition = loaded.home / "publications" / "2023-06" / "1"
    edition.mkdir(parents=True)
    (edition / "figures.csv").write_text("figures")
    add, others = tarfile.TarFile.addfile, edition.with_name("1_unpublished_1")

    def between(archive: tarfile.TarFile, member: tarfile.TarInfo, *more: Any) -> None:
        add(archive, member, *more)
        if member.name.endswith("2023-06/1") and not others.exists():
            edition.rename(others)

    monkeypatch.setattr(tarfile.TarFile, "addfile", between)
    made = backup.write(loaded, tmp_path / "backups")
    assert backup.lacking_in(made) == []
    with tarfile.open(made / "home.tar.gz") as archive:
        assert "publications/2023-06/1_unpublished_1/figures.csv" in archive.getnames()


def test_what_lacks_in_the_installation_is_told(loaded: Settings, tmp_path: Path) -> None:
    whole = backup.write(loaded, tmp_path / "backups", keep=1)
    for part in (loaded.home / "landing").rglob("part-*"):
        part.write_bytes(b"damaged")
    said = cchc("backup", "--to", str(tmp_path / "backups"), "--keep", "1")
    assert said.code == 1, "the backup is written, and something was passed over"
    assert "lacks 1 things" in said.err
    assert "load 1: its landing payments/00000001/payments/giaodich_20230605.csv is gone or is not what landed" in said.err
    kept = backup.backups(tmp_path / "backups")
    assert (whole in kept, len(kept)) == (True, 2), "the older one has what is lacking, so it stays"
    with pytest.raises(CchcError, match=r"is written, and the installation lacks 1 things .* No older backup was removed"):
        backup.require_nothing_lacking(kept[-1])
    for manifest in (loaded.home / "landing").rglob("manifest.json"):
        manifest.write_bytes(manifest.read_bytes()[:40])
    cut_off = cchc("backup", "--to", str(tmp_path / "backups"))
    assert (cut_off.code, "is gone or is not what landed" in cut_off.err) == (1, True), "it was a stack trace"


def test_a_backup_of_a_damaged_key_is_told_and_removes_no_older_one(
    loaded: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The good key may be in the older one alone; doctor tells of a key that others may read."""
    monkeypatch.delenv("CCHC_PRIVACY_KEY")
    folder, key = tmp_path / "backups", loaded.home / "secrets" / "privacy_key"
    assert cchc("backup", "--to", str(folder), "--keep", "1").code == 0
    key.chmod(0o644)
    assert f"WRONG secrets: other accounts of this machine may read {key}" in cchc("doctor", "payments").out
    key.write_text("")
    said = cchc("backup", "--to", str(folder), "--keep", "1")
    assert said.code == 1
    assert f"  the privacy key: The secret {key} is empty. Restore it from the backup" in said.err
    assert len(backup.backups(folder)) == 2


def test_landing_that_may_not_be_looked_into_ends_a_backup(loaded: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """fsspec leaves such a folder out without a word. Root may look into everything, so the refusal comes from the call itself."""
    scandir = os.scandir

    def refused(path: Any = ".") -> Any:
        if str(path).rstrip("/").endswith("payments/00000001"):
            raise PermissionError(13, "Permission denied", str(path))
        return scandir(path)

    monkeypatch.setattr(os, "scandir", refused)
    said = cchc("backup", "--to", str(tmp_path / "backups"))
    assert (said.code, "Permission denied" in said.err, "payments/00000001" in said.err) == (1, True, True), said.err
    monkeypatch.undo()
    assert backup.backups(tmp_path / "backups") == []


def test_a_record_that_became_secret_lacks_nowhere(loaded: Settings, tmp_path: Path) -> None:
    """It is taken out of landing later, whose manifest says so; that of ops.load is the one of the first day."""
    assert purge_landing(loaded.landing_url, "payments", "payments", {"G1|PAY"}) == 1
    assert backup.lacking_in(backup.write(loaded, tmp_path / "backups")) == []


def test_files_that_the_backup_before_has_are_linked(loaded: Settings, tmp_path: Path) -> None:
    first, second = (backup.write(loaded, tmp_path / "backups") for _ in range(2))
    (one,), (other,) = (list(made.rglob("part-*")) for made in (first, second))
    assert one.stat().st_ino == other.stat().st_ino
    shutil.rmtree(first)
    backup_files.require_whole(second, json.loads((second / "backup.json").read_text())["sha256"])


def test_a_damaged_file_of_the_backup_before_is_not_linked(loaded: Settings, tmp_path: Path) -> None:
    """It would be in every later backup, while landing still has it as it landed."""
    first = backup.write(loaded, tmp_path / "backups")
    (part,) = first.rglob("part-*")
    part.chmod(0o600)
    part.write_bytes(b"x" * part.stat().st_size)
    second = backup.write(loaded, tmp_path / "backups")
    backup_files.require_whole(second, json.loads((second / "backup.json").read_text())["sha256"])


@pytest.mark.parametrize("damaged", ["", '{"sha256": []}'])
def test_a_backup_that_cannot_be_read_any_more_hinders_no_further_one(loaded: Settings, tmp_path: Path, damaged: str) -> None:
    first = backup.write(loaded, tmp_path / "backups")
    (first / "backup.json").write_text(damaged)
    with pytest.raises(CchcError, match="is no backup of this product"):
        backup.test(first)
    second = backup.write(loaded, tmp_path / "backups")
    assert backup_lists_landing(second)


KILLED = """
import os, sys
from pathlib import Path
from cchc.embedded import backup, backup_database
from cchc.settings import Settings
backup_database.dump = lambda *_: os.kill(os.getpid(), 9)
backup.write(Settings.load(), Path(sys.argv[1]))
"""


def test_what_a_killed_backup_has_left_is_removed_and_one_in_work_stays(loaded: Settings, tmp_path: Path) -> None:
    """It has the secrets, and nothing else would ever remove it."""
    folder = tmp_path / "backups"
    killed = subprocess.run([sys.executable, "-c", KILLED, str(folder)], check=False)
    assert killed.returncode == -9
    (left,) = folder.iterdir()
    young, working, other = folder / ".20260101T000000.young", folder / ".20260101T000000.working", folder / ".notes.mine"
    for path in (young, working, other):
        path.mkdir()
    for path in (left, working, other):
        os.utime(path, (0, 0))
    with backup_remains.in_work(working):
        made = backup.write(loaded, folder)
    assert {path.name for path in folder.iterdir()} == {made.name, young.name, working.name, other.name}


def files_of(folder: Path) -> dict[str, bytes]:
    """Every file below a folder."""
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def backup_lists_landing(made: Path) -> bool:
    """Whether a backup has runs of landing."""
    return any(name.startswith("landing/") and name.count("/") > 1 for name in json.loads((made / "backup.json").read_text())["sha256"])


@pytest.mark.parametrize(
    ("damaged", "why"),
    [
        (b'{"sha256": {', "backup.json cannot be read ("),
        (b"[]", "it lacks what every backup has"),
        (b'{"sha256": {}, "databases": {}}', "it lacks what every backup has"),
        (b"\xff\x00\x9d", "backup.json cannot be read ('utf-8'"),
        (None, "backup.json is missing, it was copied by half or damaged"),
    ],
)
def test_a_list_of_backups_names_those_that_are_none(tmp_path: Path, damaged: bytes | None, why: str) -> None:
    """A stack trace before, and silence where the file was missing."""
    for name in ("20230701T000000", "20230702T000000"):
        (tmp_path / name).mkdir()
    (tmp_path / "20230701T000000" / "backup.json").write_text(
        json.dumps({"sha256": {}, "databases": {"warehouse": {}}, "made_at": "then", "version": "1"})
    )
    if damaged is not None:
        (tmp_path / "20230702T000000" / "backup.json").write_bytes(damaged)
    said = cchc("backup", "list", "--to", str(tmp_path))
    assert said.code == 1
    assert "20230701T000000  then" in said.out
    assert said.err.startswith("WRONG ") and "20230702T000000" in said.err and why in said.err


def test_a_folder_of_backups_that_is_none_and_half_a_backup(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """They were told as a folder that has no backup yet; and an older backup was restored in place of the newest, without a word."""
    (tmp_path / "file").write_text("in the way")
    for action in ("list", "test", "restore"):
        for name, why in (("away", "is not there: is its disk mounted?"), ("file", "is no folder")):
            said = cchc("backup", action, "--to", str(tmp_path / name))
            assert (said.code, why in said.err) == (2, True), said.err
    half = tmp_path / "backups" / "20230702T000000"
    half.mkdir(parents=True)
    with pytest.raises(WrongUse, match=r"has no whole backup: backup\.json is missing in 20230702T000000"):
        backup.newest(half.parent)
    older = half.with_name("20230701T000000")
    older.mkdir()
    (older / "backup.json").write_text("{}")
    assert backup.newest(half.parent) == older
    assert f"{half} is newer than 20230701T000000, which is taken, and is no whole backup" in caplog.text


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
