"""The runbook docs/runbooks/privacy_key.md, carried out: another key, everything loaded again, and the old hashes nowhere in the warehouse."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from cchc.settings import Settings
from cchc.sources.landing import Folder, part_lines
from cchc.warehouse import engine
from tests.oracle.sql_mutants import derive_again
from tests.oracle.world import World
from tests.runs.site import Site
from tests.support.cli import cchc, connect
from tests.support.deliveries import dossier, dossier_file
from tests.support.table_rows import differing
from tests.support.warehouse import rows_of

TO, AGAIN = "2023-07-01", "2023-07-02"
CODE = "H19.16.21-230605-0001"
KEY = "select applicant_key from core.dossier where dossier_code = '" + CODE + "'"


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

    said = cchc("quarantine", "retry", "--load", "1")
    assert said.code == 2, "the landing of before has the old hashes"
    assert "loads 1 landed under another privacy key than today's" in said.err
    assert old in landing_of(warehouse)

    said = cchc("privacy", "rotate")  # step 3
    assert said.code == 0, said.err
    assert "core.dossier_version: 4 rows have hashes that nobody can test guesses against" in said.out
    assert "ops.quarantine: 2 rows" in said.out
    for hash_ in (old, new):
        assert hash_ not in everything(warehouse)
    assert landing_of(warehouse) == ""
    said = cchc("quarantine", "retry", "--load", "1")
    assert (said.code, "load 1 has no landing" in said.err) == (2, True)
    assert cchc("ingest", "one_stop", "--full", "--to", "2023-07-03").code == 0, "and it goes on"


def landing_of(settings: Settings) -> str:
    """Everything that landed, as one text."""
    parts = sorted((settings.home / "landing").rglob("*.zst"))
    return "".join(b"\n".join(part_lines(part.read_bytes())).decode() for part in parts)


@pytest.fixture
def drop(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    connect(monkeypatch, "one_stop", conn_type="fs", host=str(tmp_path / "drop"))
    dossier_file(tmp_path / "drop", "20230610", [dossier(CODE, SoGiayToChuHoSo="000000000017")])
    return tmp_path / "drop"


def test_a_key_that_stays_in_the_environment_is_refused(warehouse: Settings, drop: Path) -> None:
    assert cchc("ingest", "one_stop", "--to", TO).code == 0
    before = everything(warehouse)
    said = cchc("privacy", "rotate")
    assert said.code == 2
    assert "CCHC_PRIVACY_KEY is still the key under which load" in said.err
    assert everything(warehouse) == before


def test_a_run_that_goes_on_is_waited_for(warehouse: Settings, drop: Path) -> None:
    with engine(warehouse).begin() as connection:
        connection.execute(
            text(
                "insert into ops.extract (source_code, window_to, status, started_at, kind) values ('payments', now(), 'running', now(), 'ingest')"
            )
        )
    said = cchc("privacy", "rotate")
    assert said.code == 2
    assert "runs are going on: payments (extract 1)" in said.err


def test_the_key_of_an_installation_of_its_own_is_made_anew(warehouse: Settings, drop: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CCHC_PRIVACY_KEY")
    warehouse.make_privacy_key()
    key = warehouse.privacy_key()
    assert cchc("ingest", "one_stop", "--to", TO).code == 0
    hashed = rows_of(warehouse, KEY)[0]["applicant_key"]
    for _ in range(2):
        said = cchc("privacy", "rotate")
        assert said.code == 0, said.err
        assert "A new key is in CCHC_HOME/secrets." in said.out
    assert warehouse.privacy_key() != key
    assert (warehouse.home / "secrets" / "privacy_key").stat().st_mode & 0o777 == 0o600
    assert hashed not in everything(warehouse) + landing_of(warehouse)
    dossier_file(drop, "20230611", [dossier(CODE, SoGiayToChuHoSo="000000000017")])
    assert cchc("ingest", "one_stop", "--to", AGAIN).code == 0


def test_no_number_changes(new_site: Callable[..., Site], world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Indicators and findings compare hashes of one dossier, and equal ones stay equal."""
    site = new_site()
    site.ingest("one_stop", world.ts[-1])
    site.refresh()
    mart, core = site.state("mart"), site.state("core")
    findings = site.call("findings", world.begin.strftime("%Y-%m")).out
    months = site.rows("select distinct period_start as m from mart.indicator_value where period_kind = 'month'")
    monkeypatch.setenv("CCHC_PRIVACY_KEY", "another key for tests")
    assert site.call("privacy", "rotate").code == 0
    derive_again(site.settings, [row["m"] for row in months])
    assert differing(mart, site.state("mart")) == {}
    assert site.call("findings", world.begin.strftime("%Y-%m")).out == findings
    changed = differing(core, site.state("core"))
    assert set(changed) == {"core.dossier_version"}
    assert site.rows("select count(*) as n from core.dossier_version where papers @? '$[*].path'")[0]["n"] > 0


def test_no_run_begins_before_the_landing_and_the_key_are_done(warehouse: Settings, drop: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CCHC_PRIVACY_KEY")
    warehouse.make_privacy_key()
    assert cchc("ingest", "one_stop", "--to", TO).code == 0
    tried: list[str] = []
    real_key, real_remove = Settings.replace_privacy_key, Folder.remove

    def begin() -> None:
        with engine(warehouse).connect() as connection, pytest.raises(DBAPIError, match="lock timeout") as refused:
            connection.execute(text("set local lock_timeout = '50ms'"))
            connection.execute(
                text("insert into ops.extract (source_code, window_to, status, started_at) values ('payments', now(), 'running', now())")
            )
        tried.append(str(refused.value))

    def key(self: Settings) -> None:
        begin()
        real_key(self)

    def remove(self: Folder, name: str | None = None) -> None:
        begin()
        real_remove(self, name)

    monkeypatch.setattr(Settings, "replace_privacy_key", key)
    monkeypatch.setattr(Folder, "remove", remove)
    assert cchc("privacy", "rotate").code == 0
    assert len(tried) == 3, "the landing of two sources, and the key"


def test_loads_of_before_keys_were_marked_cannot_prove_that_the_key_is_another(warehouse: Settings, drop: Path) -> None:
    assert cchc("ingest", "one_stop", "--to", TO).code == 0
    with engine(warehouse).begin() as connection:
        connection.execute(text("update ops.load set manifest = manifest - 'privacy_key'"))
    said = cchc("privacy", "rotate")
    assert said.code == 0
    assert "No load says under which key it landed: if CCHC_PRIVACY_KEY is still the old one, replace it" in said.out
