"""The runbook docs/runbooks/privacy_key.md, carried out: another key, everything loaded again, and the old hashes nowhere in the warehouse."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from cchc.bundle.pseudonyms import pseudonyms
from cchc.settings import PROJECT, Settings
from cchc.sources.landing import Folder, part_lines
from cchc.sources.privacy import keyed
from cchc.warehouse import engine
from tests.oracle.sql_mutants import derive_again
from tests.oracle.world import World
from tests.runs.site import Site
from tests.support.cli import cchc, connect
from tests.support.deliveries import dossier, dossier_file
from tests.support.table_rows import differing, table_rows
from tests.support.warehouse import execute, rows_of

TO, AGAIN = "2023-07-01", "2023-07-02"
CODE = "H19.16.21-230605-0001"
KEY = "select applicant_key from core.dossier where dossier_code = '" + CODE + "'"


def everything(settings: Settings) -> str:
    """Every row of core, mart, ops and staging as one text."""
    with engine(settings).connect() as connection:
        tables = connection.execute(
            text("select schemaname || '.' || tablename from pg_tables where schemaname in ('core', 'mart', 'ops', 'staging')")
        ).scalars()
        return "\n".join(row for table in list(tables) for row in connection.execute(text(f"select t::text from {table} as t")).scalars())


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

    made_with_old_key = made_of_hashes(warehouse)
    assert len(made_with_old_key) > 4
    said = cchc("privacy", "rotate")  # step 3
    assert said.code == 0, said.err
    assert "core.dossier_version: 4 rows have hashes that nobody can test guesses against" in said.out
    assert "ops.quarantine: 2 rows" in said.out
    for hash_ in (old, new):
        assert hash_ not in everything(warehouse)
    assert landing_of(warehouse) == ""
    assert made_with_old_key & set(re.findall(r"-?\w+", everything(warehouse))) == set(), "nor what was made of the hashes"
    said = cchc("quarantine", "retry", "--load", "1")
    assert (said.code, "load 1 has no landing" in said.err) == (2, True)
    assert cchc("ingest", "one_stop", "--full", "--to", "2023-07-03").code == 0, "and it goes on"


def made_of_hashes(settings: Settings) -> set[str]:
    """What somebody with the key would compute to test a guess: the hashes of the content of rows, of lists and of landed parts."""
    hashes = rows_of(
        settings,
        "select cast(_content_hash as text) as h from core.dossier_version where applicant_key is not null "
        "union select record ->> '_content_hash' from ops.withdrawn_row where record ->> 'applicant_key' is not null "
        "union select list_hash from core.leader_list union select jsonb_path_query(manifest, '$.parts[*].sha256') #>> '{}' from ops.load",
    )
    return {row["h"] for row in hashes if row["h"] is not None}


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


def test_a_lost_key_is_told_and_no_other_one_takes_its_place(warehouse: Settings, drop: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CCHC_PRIVACY_KEY")
    assert cchc("init").code == 0, "nothing has landed, so a key is made"
    assert cchc("ingest", "one_stop", "--to", TO).code == 0
    file = warehouse.home / "secrets" / "privacy_key"
    file.unlink()
    said = cchc("init")
    assert said.code != 0
    assert "the privacy key is not there" in said.err and "load 1 landed under one" in said.err
    assert not file.exists()
    assert cchc("privacy", "rotate").code == 0
    assert cchc("init").code == 0
    assert file.exists()


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


PEOPLE = """\
source: people
name_vi: Nguồn thử
owner: Văn phòng thử
zone: Asia/Ho_Chi_Minh
files: {formats: {delimiter: ";"}}
entities:
  leaders:
    model: leader
    file_pattern: "leaders_*.csv"
    key: [Dong]
    mode: list
    columns:
      person_code: {from: SoDinhDanh, personal: hmac}
      unit_code: MaDonVi
      leader_level_code: CapLanhDao
      from_date: TuNgay
      has_signature: DaCapChuKySo
"""


@pytest.fixture
def sources(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A folder of profiles: the project's, and a list of leaders whose persons are hashed."""
    shutil.copytree(PROJECT / "include" / "sources", tmp_path / "sources")
    (tmp_path / "sources" / "people.yaml").write_text(PEOPLE, encoding="utf-8")
    monkeypatch.setenv("CCHC_SOURCES_DIR", str(tmp_path / "sources"))
    return tmp_path / "sources"


def test_nothing_of_the_old_key_is_left_in_lists_withdrawn_rows_and_sources_without_a_profile(
    warehouse: Settings, sources: Path, drop: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    number, another = "000000000017", "000000000025"
    assert cchc("init").code == 0
    folder = tmp_path / "people"
    folder.mkdir()
    connect(monkeypatch, "people", conn_type="fs", host=str(folder))
    for day, persons in (("1", [number]), ("2", [number, another])):
        rows = [f"{place};{person};H19.16.21;cap_xa;2023-01-01;true" for place, person in enumerate(persons)]
        lines = ["Dong;SoDinhDanh;MaDonVi;CapLanhDao;TuNgay;DaCapChuKySo", *rows]
        (folder / f"leaders_{day}.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
        assert cchc("ingest", "people", "--to", f"2023-07-0{day}").code == 0
    assert cchc("withdraw", "--source", "people", "--load", "2", "--reason", "a test").code == 0, "its rows are kept beside"
    assert cchc("ingest", "one_stop", "--to", TO).code == 0
    dossier_file(drop, "20230611", [dossier("H19.16.21-230605-0003", SoGiayToChuHoSo=another)])
    assert cchc("ingest", "one_stop", "--to", AGAIN).code == 0
    assert cchc("withdraw", "--file", "dossiers_20230611.ndjson", "--reason", "a test").code == 0
    (sources / "one_stop.yaml").unlink()  # its rows and its landing are there all the same

    guesses = {keyed(person, b"a key for tests") for person in (number, another)}
    held = {
        table for table, rows in table_rows(warehouse, schemas=("core", "ops")).items() if any(g in row for g in guesses for row in rows)
    }
    assert held >= {"core.dossier_version", "core.leader_list_item", "ops.withdrawn_row"}
    made_with_old_key = made_of_hashes(warehouse)
    monkeypatch.setenv("CCHC_PRIVACY_KEY", "another key for tests")
    said = cchc("privacy", "rotate")
    assert said.code == 0, said.err
    after = everything(warehouse)
    assert [guess for guess in guesses if guess in after] == []
    assert made_with_old_key & set(re.findall(r"-?\w+", after)) == set()
    assert landing_of(warehouse) == ""
    lists = "select count(*) as n from core.leader_list as l inner join core.leader_list_item as i using (list_hash) where i.person_code is not null"
    assert rows_of(warehouse, lists)[0]["n"] > 0, "the list and its items still belong together"


def test_a_hash_in_a_place_that_cannot_be_rewritten_stops_the_rotation(
    warehouse: Settings, drop: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert cchc("ingest", "one_stop", "--to", TO).code == 0
    hashed = rows_of(warehouse, KEY)[0]["applicant_key"]
    execute(warehouse, f"create table ops.kept as select cast('{hashed}' as character(32)) as hash")
    before = everything(warehouse)
    monkeypatch.setenv("CCHC_PRIVACY_KEY", "another key for tests")
    said = cchc("privacy", "rotate")
    assert said.code == 1
    assert "a hash of the old key stands in a column of ops.kept that cannot be rewritten, so nothing was changed" in said.err
    assert everything(warehouse) == before
    assert landing_of(warehouse) != ""


def test_bundles_of_before_keep_their_pseudonyms_and_have_no_hash_of_a_person(
    warehouse: Settings, drop: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """They are frozen: what stays is told in the runbook. Whoever has the old key finds the row of a dossier whose code is known."""
    number = "000000000017"
    assert cchc("ingest", "one_stop", "--to", TO).code == 0
    execute(warehouse, "delete from ops.dirty_month where month_start < '2023-06-01'")
    assert cchc("refresh").code == 0
    close = ("close", "2023-06", "--approved-by", "a tester", "--incomplete")
    assert cchc(*close).code == 0
    old = pseudonyms(warehouse)("dossier", CODE)
    monkeypatch.setenv("CCHC_PRIVACY_KEY", "another key for tests")
    said = cchc("privacy", "rotate")
    assert (said.code, "Audit bundles that were written before have pseudonyms that were made with the old key" in said.out) == (0, True)
    assert pseudonyms(warehouse)("dossier", CODE) != old
    published = warehouse.home / "publications"
    said = cchc("verify", str(published))
    assert said.code == 0, said.out
    rows = [table for path in published.rglob("*.parquet") for table in pq.read_table(path).to_pylist()]
    assert any(old in row.values() for row in rows), "as the runbook says"
    everywhere = b"".join(path.read_bytes() for path in published.rglob("*") if path.is_file()) + str(rows).encode()
    assert [each for each in (number, keyed(number, b"a key for tests")) if each.encode() in everywhere] == []
