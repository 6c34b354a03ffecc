"""The runbook docs/runbooks/restore.md, "A point in time": a cluster set back to a moment between two loads is what stood then, row for row."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from cchc.settings import Settings
from cchc.waiting import wait_until
from cchc.warehouse import embedded as postgres
from cchc.warehouse import engine
from tests.runs.erasing import erase
from tests.support.cli import cchc, connect
from tests.support.deliveries import dossier, dossier_file
from tests.support.environment import environment
from tests.support.table_rows import differing, table_rows
from tests.support.warehouse import execute, rows_of

CODES = [f"H19.16.21-230605-000{place}" for place in range(1, 5)]
NUMBER = "001085000017"
EVERYTHING = ("core", "mart", "ops", "staging")


@pytest.fixture
def installation(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Settings]:
    """An installation with a PostgreSQL of its own, which archives its log of changes; a base copy; and a drop folder."""
    with environment(CCHC_HOME=str(tmp_path / "home"), CCHC_PRIVACY_KEY="a key for tests"):
        connect(monkeypatch, "one_stop", conn_type="fs", host=str(tmp_path / "drop"))
        settings = Settings.load()
        try:
            assert cchc("init").code == 0
            yield settings
        finally:
            engine(settings).dispose()
            postgres.stop(settings.home)


def cluster(settings: Settings) -> Path:
    """The folder of the cluster."""
    return settings.home / "postgres" / "data"


def dossier_rows(settings: Settings) -> dict[str, list[str]]:
    """Every row of the dossiers, without what an erasure makes by chance: it was made twice in the warehouse, and once in landing."""
    rows = table_rows(settings, "_content_hash", "applicant_key", schemas=("core",))
    return {table: found for table, found in rows.items() if table.startswith("core.dossier")}


def administrator(settings: Settings, *statements: str) -> object:
    """Statements of the administrator of the server, each for itself; the first column of the last one's row."""
    url = postgres.start(settings.home).url("postgres").replace("+psycopg", "")
    with psycopg.connect(url, autocommit=True) as connection:
        for statement in statements:
            answer = connection.execute(statement)
        row = answer.fetchone() if answer.description else None
    return row and row[0]


def archive_changes(settings: Settings, archive: Path) -> None:
    """Step 1 of the runbook."""
    archive.mkdir()
    owner = cluster(settings).stat()
    os.chown(archive, owner.st_uid, owner.st_gid)
    administrator(
        settings,
        "alter system set archive_mode = on",
        f"alter system set archive_command = 'test ! -f {archive}/%f && cp %p {archive}/%f'",
        "alter system set archive_timeout = 300",
    )
    engine(settings).dispose()
    postgres.stop(settings.home)
    postgres.start(settings.home)


def copy_cluster(settings: Settings, base: Path) -> None:
    """Step 2 of the runbook, by the programs of the embedded PostgreSQL and as the user of the cluster."""
    server = postgres.start(settings.home)
    base.parent.mkdir(exist_ok=True)
    owner = cluster(settings).stat()
    os.chown(base.parent, owner.st_uid, owner.st_gid)
    command = [str(postgres.binaries() / "pg_basebackup"), "-h", "127.0.0.1", "-p", str(server.port), "-U", postgres.SUPERUSER]
    done = subprocess.run(
        [*postgres._prefix(cluster(settings)), *command, "-D", str(base), "-X", "none", "-c", "fast"],
        env={"PGPASSWORD": server.password, "LC_ALL": "C.UTF-8"},
        capture_output=True,
        text=True,
        cwd="/",
    )
    assert done.returncode == 0, done.stderr


def set_back(settings: Settings, base: Path, archive: Path, moment: object) -> None:
    """Back to a moment, as the runbook says: stop, the copy in the place of the cluster, the two settings, start, look, go on."""
    administrator(settings, "select pg_switch_wal()", "checkpoint")  # what is not archived yet; a cluster that is lost has archive_timeout
    written = administrator(settings, "select pg_walfile_name(pg_current_wal_lsn())")
    assert wait_until(lambda: len(list(archive.glob(f"{str(written)[:8]}*"))) > 0, 30, 0.05)
    engine(settings).dispose()
    postgres.stop(settings.home)
    cluster(settings).rename(settings.home / "postgres" / "data.before")
    shutil.copytree(base, cluster(settings), copy_function=shutil.copy2)
    owner = (settings.home / "postgres" / "data.before").stat()
    for path in [cluster(settings), *cluster(settings).rglob("*")]:
        os.chown(path, owner.st_uid, owner.st_gid)
    with open(cluster(settings) / "postgresql.auto.conf", "a", encoding="utf-8") as settings_file:
        settings_file.write(f"restore_command = 'cp {archive}/%f %p'\nrecovery_target_time = '{moment}'\n")
    (cluster(settings) / "recovery.signal").touch()
    os.chown(cluster(settings) / "recovery.signal", owner.st_uid, owner.st_gid)
    assert wait_until(lambda: administrator(settings, "select pg_get_wal_replay_pause_state()") == "paused", 60, 0.1)
    administrator(settings, "select pg_wal_replay_resume()")
    assert wait_until(lambda: administrator(settings, "select pg_is_in_recovery()") is False, 60, 0.1)


@pytest.mark.nightly
def test_a_warehouse_set_back_to_a_moment_is_what_stood_then(installation: Settings, tmp_path: Path) -> None:
    drop, archive, base = tmp_path / "drop", tmp_path / "archive", tmp_path / "copies" / "base"
    archive_changes(installation, archive)
    dossier_file(drop, "20230609", [dossier(CODES[0], SoGiayToChuHoSo=NUMBER), dossier(CODES[1])])
    assert cchc("ingest", "one_stop", "--to", "2023-07-10").code == 0
    copy_cluster(installation, base)
    execute(installation, "delete from ops.dirty_month where month_start < '2023-06-01'")
    assert cchc("refresh").code == 0
    assert cchc("close", "2023-06", "--approved-by", "a tester", "--incomplete").code == 0
    then = table_rows(installation, schemas=EVERYTHING)
    moment = administrator(installation, "select clock_timestamp()")

    dossier_file(drop, "20230610", [dossier(CODES[2])])
    assert cchc("ingest", "one_stop", "--to", "2023-07-11").code == 0
    execute(installation, "delete from ops.dirty_month where month_start < '2023-06-01'")
    assert cchc("refresh").code == 0
    assert cchc("close", "2023-06", "--approved-by", "a tester", "--incomplete").code == 0
    assert erase("--yes", number=NUMBER).code == 0
    told = cchc("doctor", "one_stop").out
    assert not [word for word in ("does not know", "are not known", "lacks") if word in told], told

    set_back(installation, base, archive, moment)
    assert differing(then, table_rows(installation, schemas=EVERYTHING)) == {}
    said = cchc("doctor", "one_stop")
    assert said.code == 1
    for sentence in (
        "landing has 1 runs that the warehouse does not know: one_stop/00000002",
        "1 editions lie complete in",
        "publications/2023-06/2",
        "a citizen was erased on",
    ):
        assert sentence in said.out, said.out

    # what came after the moment comes again; then what lies there without being known is moved away
    assert cchc("ingest", "one_stop", "--to", "2023-07-12").code == 0
    assert [row["c"] for row in rows_of(installation, "select dossier_code as c from core.dossier order by 1")] == CODES[:3]
    assert erase("--yes", number=NUMBER).code == 0
    (installation.home / "landing" / "one_stop" / "00000002").rename(tmp_path / "run_of_before")
    (installation.home / "publications" / "2023-06" / "2").rename(tmp_path / "edition_of_before")
    told = cchc("doctor", "one_stop").out
    assert not [word for word in ("does not know", "are not known", "lacks", "a citizen was erased") if word in told], told
    before = dossier_rows(installation)
    landing = installation.landing_url
    with environment(CCHC_HOME=str(tmp_path / "rebuilt"), CCHC_PRIVACY_KEY="a key for tests"):
        try:
            rebuilt = cchc("rebuild", "--landing", landing)
            assert rebuilt.code == 0, rebuilt.err
            assert differing(before, dossier_rows(Settings.load())) == {}
        finally:
            engine(Settings.load()).dispose()
            postgres.stop(tmp_path / "rebuilt")

    # and the other way round: what the warehouse names is gone
    shutil.rmtree(installation.home / "publications" / "2023-06" / "1")
    shutil.rmtree(installation.home / "landing" / "one_stop" / "00000001")
    told = cchc("doctor", "one_stop").out
    assert "landing lacks 1 runs that the warehouse names: one_stop/00000001" in told
    assert "1 editions that the warehouse names are gone from" in told
