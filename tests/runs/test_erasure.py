"""The runbook docs/runbooks/erasure.md, carried out: no hash of one citizen is left, every number stays, and what others have stays."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import pytest
import zstandard
from sqlalchemy import make_url, text

from cchc.settings import Settings
from cchc.sources.landing import Folder, complete_manifest
from cchc.sources.privacy import keyed
from cchc.warehouse import engine
from tests.oracle.sql_mutants import derive_again
from tests.runs import erasing
from tests.runs.erasing import REASON
from tests.support.cli import Said, cchc, connect
from tests.support.deliveries import dossier, dossier_file
from tests.support.environment import put_back
from tests.support.table_rows import differing, table_rows
from tests.support.warehouse import NewWarehouse, execute, rows_of

NUMBER, OTHER = "001085000017", "001085000025"
AS_NUMBER = 1085000017  # a worksheet has lost the zeros
KEY = b"a key for tests"
HASHES = [keyed(NUMBER, KEY), keyed(AS_NUMBER, KEY)]
CODES = [f"H19.16.21-230605-000{place}" for place in range(1, 7)]
PAPER = {"TenTepDinhKem": "don.pdf", "DuongDanTaiTepTin": "https://one-stop.example/1"}
VERSIONS = "select dossier_code, applicant_key, _content_hash, papers from core.dossier_version order by dossier_code, _changed_at"


def erase(*options: str, number: str = NUMBER, reason: str = REASON) -> Said:
    """`cchc privacy erase` of the citizen."""
    return erasing.erase(*options, number=number, reason=reason)


def everything(settings: Settings) -> dict[str, list[str]]:
    """Every row of every table."""
    return table_rows(settings, schemas=("core", "mart", "ops", "staging"))


def places(settings: Settings, *texts: str) -> set[str]:
    """The tables in which one of the texts stands, and `landing` if it stands there."""
    found = {table for table, rows in everything(settings).items() if any(each in row for each in texts for row in rows)}
    files = [path for path in (settings.home / "landing").rglob("*") if path.is_file()]
    assert files
    landed = b"".join(zstandard.decompress(path.read_bytes()) if path.suffix == ".zst" else path.read_bytes() for path in files)
    return found | ({"landing"} if any(each.encode() in landed for each in texts) else set())


@pytest.fixture
def drop(tmp_path: Path) -> Path:
    """The drop folder of the one-stop software."""
    return tmp_path / "drop"


@dataclass(frozen=True)
class Built:
    """A loaded warehouse that is copied: its database, the home of its landing, and the drop folder of its source."""

    database: str
    home: Path
    drop: Path


@pytest.fixture(scope="module")
def built(new_warehouse: NewWarehouse, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Built]:
    """Dossiers of two citizens: in two versions, withdrawn, in quarantine, with the number as a number, and a closed month."""
    folder = tmp_path_factory.mktemp("erasure")
    home, drop = folder / "home", folder / "drop"
    own = {"SoGiayToChuHoSo": NUMBER, "TaiLieuNop": [PAPER]}
    changed = dossier(CODES[0], NgaySuaCuoi="20230610090000", NgayKetThucXuLy="20230610090000", **own)
    outside = dict(os.environ)
    with new_warehouse(home) as settings:
        with pytest.MonkeyPatch.context() as patch:
            connect(patch, "one_stop", conn_type="fs", host=str(drop))
            dossier_file(drop, "20230609", [dossier(CODES[0], **own), dossier(CODES[1], SoGiayToChuHoSo=OTHER)])
            assert cchc("ingest", "one_stop", "--to", "2023-06-20").code == 0
            dossier_file(
                drop,
                "20230610",
                [changed, dossier(CODES[2], SoGiayToChuHoSo=AS_NUMBER), dossier(CODES[3], TrangThaiHoSo="77", **own), dossier(CODES[4])],
            )
            assert cchc("ingest", "one_stop", "--to", "2023-07-01").code == 0
            dossier_file(drop, "20230701", [dossier(CODES[5], **own), dossier(CODES[1], NgaySuaCuoi="20230612090000", **own)])
            assert cchc("ingest", "one_stop", "--to", "2023-07-02").code == 0
            assert cchc("withdraw", "--file", "dossiers_20230701.ndjson", "--reason", "a test").code == 0
            execute(settings, "delete from ops.dirty_month where month_start < '2023-06-01'")
            assert cchc("refresh").code == 0
            said = cchc("close", "2023-06", "--approved-by", "a tester", "--incomplete")
            assert said.code == 0, said.err
        engine(settings).dispose()  # a database with connections cannot be copied
        put_back(outside)
        yield Built(str(make_url(str(settings.warehouse_url)).database), home, drop)


@pytest.fixture
def loaded(built: Built, new_warehouse: NewWarehouse, drop: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Settings]:
    """A copy of `built`."""
    shutil.copytree(built.drop, drop)
    shutil.copytree(built.home, tmp_path / "home")
    with new_warehouse(tmp_path / "home", built.database) as settings:
        connect(monkeypatch, "one_stop", conn_type="fs", host=str(drop))
        yield settings


def test_no_hash_is_left_and_every_number_stays(loaded: Settings, drop: Path) -> None:
    before, versions = everything(loaded), rows_of(loaded, VERSIONS)
    findings = cchc("findings", "2023-06").out
    held = places(loaded, *HASHES)
    assert held >= {"core.dossier_version", "ops.quarantine", "ops.withdrawn_row", "landing"}

    said = erase()
    assert (said.code, "Nothing was changed" in said.out) == (0, True), said.err
    assert "core.dossier_version: 4 rows would get a random value" in said.out
    assert everything(loaded) == before
    assert places(loaded, *HASHES) == held

    said = erase("--yes", "--by", "an operator")
    assert said.code == 0, said.err
    assert "core.dossier_version: 4 rows have a random value in place of the hash" in said.out
    assert "landing: 3 files are rewritten" in said.out
    assert not any(each in said.out + said.err for each in (NUMBER, str(AS_NUMBER), *HASHES))
    assert places(loaded, *HASHES, NUMBER, str(AS_NUMBER)) == set()
    assert places(loaded, keyed(OTHER, KEY)) >= {"core.dossier_version", "landing"}

    _only_the_hashes_are_others(versions, rows_of(loaded, VERSIONS))
    noted = rows_of(loaded, "select reason, by_whom, rows_by_table, landing_files from ops.erasure")
    tables = noted[0]["rows_by_table"]
    assert set(tables) == held - {"landing"}
    assert noted == [{"reason": REASON, "by_whom": "an operator", "rows_by_table": tables, "landing_files": 3}]

    after = everything(loaded)
    told = differing(before, after)
    assert set(told) <= {"ops.audit", "ops.erasure", "ops.load", *tables}
    months = rows_of(loaded, "select distinct period_start as m from mart.indicator_value where period_kind = 'month'")
    assert months and rows_of(loaded, "select count(*) as n from mart.publication_value")[0]["n"] > 0
    mart = table_rows(loaded, "computed_at", schemas=("mart",))
    derive_again(loaded, [row["m"] for row in months] or [date(2023, 6, 1)])
    assert differing(mart, table_rows(loaded, "computed_at", schemas=("mart",))) == {}
    assert cchc("findings", "2023-06").out == findings


def _only_the_hashes_are_others(before: list[dict[str, object]], after: list[dict[str, object]]) -> None:
    """Equal ones are equal, different ones are different, the hash of the content is another one, and others' rows are as they were."""
    new = {row["applicant_key"]: other["applicant_key"] for row, other in zip(before, after, strict=True)}
    assert len(set(new.values())) == len(new) == 4, "two spellings, another citizen, and none"
    for row, other in zip(before, after, strict=True):
        is_own = row["applicant_key"] in HASHES
        assert is_own == (row["_content_hash"] != other["_content_hash"]), "else whoever has the key could test a guess of the number"
        assert is_own or row == other
        assert row["papers"] == other["papers"]


def test_what_landed_can_still_be_read_again(loaded: Settings, drop: Path) -> None:
    assert erase("--yes").code == 0
    for row in rows_of(loaded, "select landing_path, manifest -> 'parts' as parts from ops.load where landing_path is not null"):
        manifest = complete_manifest(Folder(loaded.landing_url).child(*row["landing_path"].split("/")))
        assert manifest is not None and manifest["parts"] == row["parts"], row["landing_path"]
    assert cchc("quarantine", "retry").code == 0
    assert cchc("reload", "--file", "dossiers_20230610.ndjson", "--reason", "a test").code == 0
    assert places(loaded, *HASHES) == set()

    dossier_file(drop, "20230703", [dossier(CODES[0], NgaySuaCuoi="20230703090000", SoGiayToChuHoSo=NUMBER)])
    assert cchc("ingest", "one_stop", "--to", "2023-07-05").code == 0
    assert places(loaded, *HASHES) >= {"core.dossier_version", "landing"}, "as the runbook says: the source has brought it back"
    assert erase("--yes").code == 0
    assert places(loaded, *HASHES) == set()


def test_a_crash_in_the_landing_is_healed_by_the_next_call(loaded: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    whole, written = Folder.write, 0

    def crash(self: Folder, name: str, data: bytes) -> None:
        nonlocal written
        written += 1
        if written == 4:  # between the manifest and the part of the second folder
            raise KeyboardInterrupt
        whole(self, name, data)

    before = everything(loaded)
    monkeypatch.setattr(Folder, "write", crash)
    with pytest.raises(KeyboardInterrupt):
        erase("--yes")
    assert everything(loaded) == before, "one transaction"
    monkeypatch.undo()
    connect(monkeypatch, "one_stop", conn_type="fs", host=str(loaded.home / "nowhere"))
    left = next((loaded.home / "landing").rglob("part-00001.ndjson.zst"))
    left.with_name(".part-00002.ndjson.zst.tmp").write_bytes(HASHES[0].encode())
    assert erase("--yes").code == 0
    assert places(loaded, *HASHES) == set()
    for path in rows_of(loaded, "select distinct landing_path as p from ops.load where landing_path is not null"):
        assert complete_manifest(Folder(loaded.landing_url).child(*path["p"].split("/"))) is not None


def test_what_is_refused_changes_nothing(loaded: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    before = everything(loaded)
    for said, told in (
        (erase("--yes", number="999999999999"), "no hash of this number is stored, neither in the warehouse nor in the landing"),
        (erase("--yes", number="17"), "that is no identity number"),
        (erase("--yes", number=f"{NUMBER}\n{OTHER}"), "standard input has 2 lines: give one identity number"),
        (erase("--yes", number=""), "standard input has 0 lines"),
        (erase("--yes", reason="  "), "give the reason"),
        (erase("--yes", reason="citizen 001085 000017 asked"), "the reason has the identity number in it"),
        (cchc("privacy", "erase", "--yes"), "`cchc privacy erase` needs --reason"),
        (cchc("privacy", "rotate", "--yes"), "are options of `cchc privacy erase`"),
        (cchc("privacy", "erase", NUMBER, "--reason", "x"), "unrecognized arguments"),
    ):
        assert (said.code, told in said.err) == (2, True), said.err
    monkeypatch.setenv("CCHC_PRIVACY_KEY", "another key for tests")
    said = erase("--yes")
    assert (said.code, "Some loads landed under another privacy key" in said.err) == (2, True)
    monkeypatch.setenv("CCHC_PRIVACY_KEY", KEY.decode())
    with engine(loaded).begin() as connection:
        connection.execute(text("update ops.extract set status = 'running' where extract_id = 1"))
    said = erase("--yes")
    assert (said.code, "runs are going on: one_stop (extract 1)" in said.err) == (2, True)
    execute(loaded, "update ops.extract set status = 'complete' where extract_id = 1")
    assert everything(loaded) == before

    part = next((loaded.home / "landing").rglob("*.zst"))
    part.write_bytes(b"damaged")
    said = erase("--yes")
    assert said.code != 0
    assert part.name in said.err and "cannot be read" in said.err
    assert everything(loaded) == before
