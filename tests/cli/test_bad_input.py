"""Bad input: each ends with a message that names source, record or file, and rule; the right exit code; nothing half-loaded."""

from __future__ import annotations

import dataclasses
import gzip
import json
import os
import re
import shutil
from pathlib import Path
from typing import Any

import psycopg
import pytest

from cchc.quality.gx import Gx
from cchc.settings import PROJECT, VINH_CUU, Settings
from tests.support.cli import cchc, connect
from tests.support.deliveries import dossier, dossier_file, payment, payment_file
from tests.support.district import CLOCK
from tests.support.files import bytes_of, workbook
from tests.support.warehouse import counted, rows_of


def drop(monkeypatch: pytest.MonkeyPatch, source: str, folder: Path) -> None:
    folder.mkdir(exist_ok=True)
    connect(monkeypatch, source, conn_type="fs", host=str(folder))


# --- the source refuses, is away, or is none ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("source", "parts", "code", "words"),
    [
        ("one_stop", {"password": "wrong"}, 1, ["SourceUnavailable", "one_stop", "/token", "client id or secret", "src_one_stop"]),
        ("documents", {"password": "wrong"}, 1, ["SourceUnavailable", "documents", "API key", "src_documents"]),
        ("one_stop", {"host": "http://127.0.0.1:9/one_stop"}, 1, ["SourceUnavailable", "one_stop", "127.0.0.1:9", "reachable"]),
        ("documents", {"host": "http://127.0.0.1:9"}, 1, ["SourceUnavailable", "documents", "127.0.0.1:9"]),
        ("one_stop", {"host": ""}, 1, ["NotConfigured", "one_stop", "no host"]),
        ("payments", {"host": "/no/such/folder"}, 1, ["payments", "/no/such/folder"]),
    ],
)
def test_the_source_is_not_there(
    loaded: Settings, monkeypatch: pytest.MonkeyPatch, source: str, parts: dict[str, str], code: int, words: list[str]
) -> None:
    before = counted(loaded)
    right: dict[str, Any] = json.loads(os.environ[f"AIRFLOW_CONN_SRC_{source.upper()}"])
    connect(monkeypatch, source, **(right | parts))
    said = cchc("ingest", source, "--to", CLOCK)
    assert said.code == code
    for word in words:
        assert word in said.err, said.err
    if right.get("password"):
        assert right["password"] not in said.err
    assert counted(loaded) == before
    assert [row["status"] for row in rows_of(loaded, "select status from ops.extract order by extract_id desc limit 1")] == ["failed"] or (
        "NotConfigured" in said.err
    )


def test_no_connection_at_all(loaded: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AIRFLOW_CONN_SRC_ONE_STOP")
    said = cchc("ingest", "one_stop")
    assert said.code == 1
    assert "AIRFLOW_CONN_SRC_ONE_STOP" in said.err


def test_no_such_source(loaded: Settings) -> None:
    said = cchc("ingest", "one_stopp")
    assert said.code == 2
    assert "no source 'one_stopp'" in said.err
    assert "declared, documents, feedback, one_stop, payments, survey" in said.err


# --- files that are not whole ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("cut", ["gz", "line"])
def test_half_a_file_waits(loaded: Settings, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, cut: str) -> None:
    before = counted(loaded)
    folder = tmp_path / "drop"
    whole = dossier_file(folder, "20230610", [dossier(f"H19.16.21-230605-{n:04d}") for n in range(50)])
    data = whole.read_bytes()
    if cut == "gz":
        whole.unlink()
        whole = whole.with_name(whole.name + ".gz")
        whole.write_bytes(gzip.compress(data)[:-30])
    else:
        whole.write_bytes(data[:-25])
    drop(monkeypatch, "one_stop", folder)
    said = cchc("ingest", "one_stop", "--to", CLOCK)
    assert said.code == 0, said.err
    assert f"waiting: {whole.name}" in said.err
    assert "left for the next run" in said.err
    assert counted(loaded) == before


def test_a_payment_file_that_disagrees_with_its_manifest(loaded: Settings, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    before = counted(loaded)
    payment_file(tmp_path / "drop", "20230605", [payment()], claimed=60_000)
    drop(monkeypatch, "payments", tmp_path / "drop")
    said = cchc("ingest", "payments", "--to", CLOCK)
    assert said.code == 3
    assert "BLOCKED payments giaodich_20230605.csv" in said.err
    assert "60000" in said.err.replace(".", "").replace(",", "")
    assert "corrected file" in said.err
    after = counted(loaded)
    assert {name: after[name] - n for name, n in before.items() if after[name] != n} in ({}, {"core.payment_day": 1})
    assert rows_of(loaded, "select 1 from core.payment where file_date = '2023-06-05'") == []
    assert "giaodich_20230605.csv is blocked" in cchc("doctor").out


# --- records that break a rule -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("record", "rule", "words"),
    [
        ({"TrangThaiHoSo": "77"}, "K1", "TrangThaiHoSo"),
        ({"TaiLieuNop": "a text"}, "K2", "TaiLieuNop"),
        ({"NgayTiepNhan": "31022023080000"}, "K3", "NgayTiepNhan"),
        ({"MaDonVi": "H19.99"}, "K6", "MaDonVi"),
    ],
)
def test_a_bad_record_is_set_aside_and_the_rest_is_loaded(
    warehouse: Settings, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, record: dict[str, Any], rule: str, words: str
) -> None:
    bad = dossier("H19.16.21-230605-0002", **record)
    path = dossier_file(tmp_path / "drop", "20230610", [dossier("H19.16.21-230605-0001"), bad, dossier("H19.16.21-230605-0003")])
    drop(monkeypatch, "one_stop", tmp_path / "drop")
    said = cchc("ingest", "one_stop", "--to", CLOCK)
    assert said.code == 0, said.err
    good = rows_of(warehouse, "select dossier_code from core.dossier order by 1")
    assert [row["dossier_code"][-4:] for row in good] == ["0001", "0003"]
    shown = cchc("quarantine", "show", "--key", "H19.16.21-230605-0002").out
    row = next(line for line in shown.splitlines() if "0002" in line)
    assert row.split()[:2] == ["one_stop", "dossiers"]
    assert f"{path.name}" in row
    assert f" {rule} " in row
    assert words in row


@pytest.mark.parametrize("line", ["[1, 2]", '"a text"', "{cut off", ""])
def test_a_malformed_line_never_becomes_nothing(warehouse: Settings, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, line: str) -> None:
    path = dossier_file(tmp_path / "drop", "20230610", [dossier("H19.16.21-230605-0001"), line, dossier("H19.16.21-230605-0003")])
    drop(monkeypatch, "one_stop", tmp_path / "drop")
    said = cchc("ingest", "one_stop", "--to", CLOCK)
    loaded = len(rows_of(warehouse, "select 1 from core.dossier"))
    if said.code == 0 and line:
        assert loaded == 2
        shown = cchc("quarantine", "show").out
        assert f"{path.name}" in shown
        assert any(f"  {2}  " in row or " 2 " in row for row in shown.splitlines() if path.name in row), shown
    elif said.code == 0:
        assert loaded == 2, "an empty line is no record"
    else:
        assert path.name in said.err
        assert "2" in said.err
        assert loaded == 0
    assert "Traceback" not in said.err


def test_too_many_bad_records_block_the_file_and_not_the_others(
    warehouse: Settings, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    bad = [dossier(f"H19.16.21-230605-{n:04d}", TrangThaiHoSo="77") for n in range(30)]
    dossier_file(tmp_path / "drop", "20230610", [*bad, *[dossier(f"H19.16.21-230606-{n:04d}") for n in range(70)]])
    dossier_file(tmp_path / "drop", "20230611", [dossier("H19.16.21-230607-0001")])
    drop(monkeypatch, "one_stop", tmp_path / "drop")
    said = cchc("ingest", "one_stop", "--to", CLOCK)
    assert said.code == 3
    assert "BLOCKED one_stop dossiers_20230610.ndjson" in said.err
    assert "K1 30" in said.err
    assert "quarantine_share" in said.err
    assert [row["dossier_code"] for row in rows_of(warehouse, "select dossier_code from core.dossier")] == ["H19.16.21-230607-0001"]


def test_a_unit_that_is_added_brings_its_rows_back(warehouse: Settings, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    authority = tmp_path / "authority"
    shutil.copytree(VINH_CUU, authority)
    load = Settings.load
    monkeypatch.setattr(Settings, "load", lambda: dataclasses.replace(load(), authority_dir=authority))
    rows = [
        payment(MaThamChieu="R1", MaGiaoDich="G1", HinhThucThanhToan="tien-mat"),
        payment(MaThamChieu="R2", MaGiaoDich="G2", MaDonVi="H19.16.90"),
    ]
    payment_file(tmp_path / "drop", "20230605", rows)
    drop(monkeypatch, "payments", tmp_path / "drop")
    assert cchc("ingest", "payments", "--to", CLOCK).code == 0
    assert cchc("refresh").code == 0
    listed = cchc("quarantine", "list").out
    assert "payments" in listed
    assert "UNIT" in listed
    asked = (
        "select numerator, denominator from mart.indicator_value where indicator_code = 'cashless_transaction_rate' and unit_code = 'all' "
        "and period_kind = 'month' and period_start = '2023-06-01' and basis = 'period'"
    )
    assert rows_of(warehouse, asked) == [{"numerator": 0, "denominator": 1}]

    retried = cchc("quarantine", "retry")  # nothing was mended yet
    assert retried.code == 0
    assert rows_of(warehouse, "select count(*) as n from core.payment") == [{"n": 1}]

    with (authority / "units.csv").open("a", encoding="utf-8") as file:
        file.write("H19.16.90,,Bộ phận thử,district,office,H19.16,2000-01-01,,made up for a test,\n")
    assert cchc("init").code == 0
    retried = cchc("quarantine", "retry")
    assert retried.code == 0, retried.err
    assert "2023-06" in retried.out.partition("months to refresh:")[2]
    assert rows_of(warehouse, "select count(*) as n from core.payment") == [{"n": 2}]
    assert rows_of(warehouse, "select 1 from ops.quarantine where resolved_at is null") == []
    assert "nothing to retry" in cchc("quarantine", "retry").out
    assert cchc("refresh").code == 0
    assert rows_of(warehouse, asked) == [{"numerator": 1, "denominator": 2}]


# --- profiles, settings, and the place itself --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("    key: [MaHoSo]\n", "", ["one_stop.yaml", "dossiers", "key"]),
        ("model: dossier\n", "model: dosier\n", ["one_stop, entity dossiers", "dosier"]),
        ("zone: Asia/Ho_Chi_Minh", "zone: Asia/Vinh_Cuu", ["one_stop.yaml", "Asia/Vinh_Cuu"]),
        ("      dossier_code: MaHoSo\n", "      dossier_cod: MaHoSo\n", ["dossier_cod"]),
        ("entities:\n", "entities: [\n", ["one_stop.yaml"]),
        ("source: one_stop\n", "source: other\n", ["one_stop.yaml", "other"]),
    ],
)
def test_a_wrong_profile_names_the_file_and_the_place(
    loaded: Settings, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, old: str, new: str, words: list[str]
) -> None:
    before = counted(loaded)
    text = (PROJECT / "include" / "sources" / "one_stop.yaml").read_text(encoding="utf-8")
    assert old in text
    (tmp_path / "one_stop.yaml").write_text(text.replace(old, new, 1), encoding="utf-8")
    monkeypatch.setenv("CCHC_SOURCES_DIR", str(tmp_path))
    said = cchc("ingest", "one_stop", "--to", CLOCK)
    assert said.code == 1
    assert said.err.startswith("cchc: NotConfigured: ")
    for word in words:
        assert word in said.err, said.err
    assert counted(loaded) == before
    if not {"dossier_cod", "dosier"} & set(words):  # what a model holds is known to the warehouse alone
        doctor = cchc("doctor")
        assert doctor.code == 1
        assert "WRONG profile one_stop" in doctor.out


def test_the_profile_of_another_export_loads_nothing(loaded: Settings, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The Dutch profile on a file of Vietnamese dossiers that has its name: the columns that it needs are missing, and it says which."""
    before = counted(loaded)
    shutil.copy(PROJECT / "docs" / "examples" / "dutch_permits.yaml", tmp_path)
    monkeypatch.setenv("CCHC_SOURCES_DIR", str(tmp_path))
    folder = tmp_path / "drop"
    folder.mkdir()
    (folder / "dutch_permits_x.csv").write_text("MaHoSo,TrangThaiHoSo\nA,9\nB,9\n", encoding="utf-8")
    connect(monkeypatch, "dutch_permits", conn_type="fs", host=str(folder))
    said = cchc("ingest", "dutch_permits")
    assert said.code in (1, 3), said.out
    assert "dutch_permits_x.csv" in said.err
    assert "case:concept:name" in said.err
    after = counted(loaded)
    assert {name: after[name] - n for name, n in before.items() if after[name] != n and name.startswith("mart.")} == {}
    assert after["core.dossier_version"] == before["core.dossier_version"]


@pytest.mark.parametrize("command", [("init",), ("ingest", "one_stop"), ("refresh",), ("scorecard", "2023-12"), ("sql", "select 1")])
def test_postgresql_is_down(command: tuple[str, ...], warehouse: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CCHC_WAREHOUSE_URL", "postgresql+psycopg://somebody:not%20shown@127.0.0.1:9/warehouse")
    connect(monkeypatch, "one_stop", conn_type="fs", host="/tmp")
    said = cchc(*command)
    assert said.code == 1
    assert said.err.startswith("cchc: WarehouseUnavailable: no connection to the warehouse warehouse on 127.0.0.1:9 as somebody")
    assert "CCHC_WAREHOUSE_URL" in said.err
    assert "not shown" not in said.err and "not%20shown" not in said.err
    assert "Traceback" not in said.err


def test_a_wrong_password(warehouse: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    url = str(warehouse.warehouse_url)
    password = url.partition("://")[2].partition("@")[0].partition(":")[2]
    monkeypatch.setenv("CCHC_WAREHOUSE_URL", url.replace(password, "a-wrong-one"))
    said = cchc("scorecard", "2023-12")
    assert said.code == 1
    assert "password authentication failed" in said.err
    assert "a-wrong-one" not in said.err
    doctor = cchc("doctor")
    assert doctor.code == 1
    assert "WRONG warehouse: no connection" in doctor.out


def test_a_database_that_is_not_there_or_empty(warehouse: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    base = str(warehouse.warehouse_url).rpartition("/")[0]
    monkeypatch.setenv("CCHC_WAREHOUSE_URL", f"{base}/no_such_database")
    assert 'database "no_such_database" does not exist' in cchc("init").err
    monkeypatch.setenv("CCHC_WAREHOUSE_URL", f"{base}/postgres")
    said = cchc("scorecard", "2023-12")
    assert said.code == 1
    assert "run `cchc init` first" in said.err


def test_another_database_is_no_warehouse(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CCHC_WAREHOUSE_URL", "mysql://u:p@127.0.0.1/x")
    said = cchc("init")
    assert said.code == 1
    assert "the warehouse is a PostgreSQL database" in said.err


def test_a_home_that_cannot_be_written(warehouse: Settings, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A file stands where the folder should be: also root is refused there."""
    (tmp_path / "file").write_text("", encoding="utf-8")
    monkeypatch.setenv("CCHC_HOME", str(tmp_path / "file" / "home"))
    dossier_file(tmp_path / "drop", "20230610", [dossier("H19.16.21-230605-0001")])
    drop(monkeypatch, "one_stop", tmp_path / "drop")
    said = cchc("ingest", "one_stop", "--to", CLOCK)
    assert said.code == 1
    assert str(tmp_path / "file") in said.err
    assert "Traceback" not in said.err
    assert rows_of(warehouse, "select 1 from core.dossier") == []
    monkeypatch.delenv("CCHC_WAREHOUSE_URL")
    said = cchc("init")
    assert said.code == 1
    assert "CCHC_HOME" in said.err


@pytest.mark.parametrize("step", ["definition", "validator", "validate"])
def test_a_database_that_goes_away_while_the_rules_are_checked(
    warehouse: Settings, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, step: str
) -> None:
    """Great Expectations has connections of its own, and errors of its own around those of the database."""
    drop(monkeypatch, "one_stop", tmp_path / "drop")
    dossier_file(tmp_path / "drop", "20230610", [dossier("H19.16.21-230605-0001")])
    real = getattr(Gx, step)
    ended: list[int] = []

    def ends(self: Gx, *arguments: Any) -> Any:
        with psycopg.connect(str(warehouse.warehouse_url).replace("+psycopg", "")) as connection:
            others = "select count(pg_terminate_backend(pid)) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()"
            ended.append(connection.execute(others).fetchone()[0])  # type: ignore[index]
        return real(self, *arguments)

    with monkeypatch.context() as patch:
        patch.setattr(Gx, step, ends)
        patch.setattr("cchc.quality.compile._known", {})  # no earlier test has asked Great Expectations for these rules
        said = cchc("ingest", "one_stop", "--to", "2023-07-01")
    assert sum(ended) > 0
    assert said.code == 1, said.err
    assert "Traceback" not in said.err
    assert "PostgreSQL refused: " in said.err
    assert counted(warehouse)["core.dossier_version"] == 0
    assert cchc("ingest", "one_stop", "--to", "2023-07-01").code == 0


def test_what_of_a_file_is_not_read_is_told(warehouse: Settings, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    drop(monkeypatch, "documents", tmp_path / "drop")
    columns = ["IdKySo", "IdVanBan", "NguoiKyId", "ThoiDiemKy", "LoaiChungThu", "HopLe", "NgayCapNhat"]
    days = ("2023-06-01T08:00:00", "2023-08-01T08:00:00")
    book = workbook([{name: "1" for name in columns} | {"IdKySo": day, "ThoiDiemKy": day, "NgayCapNhat": day} for day in days], columns)
    book.create_sheet("Nguyễn Văn Thử")["A1"] = "x"
    (tmp_path / "drop" / "signatures_1.xlsx").write_bytes(bytes_of(book))
    (tmp_path / "drop" / "signatures_2.pdf").touch()
    said = cchc("ingest", "documents", "--to", "2023-07-01")
    assert said.code == 0, said.err
    assert "NOTE documents signatures, file signatures_1.xlsx: 1 records changed at or after T: they are left for a later T" in said.err
    assert "NOTE documents signatures, file signatures_1.xlsx: 1 more sheets have cells and are not read" in said.err
    assert "Nguyễn" not in said.err + said.out
    assert "waiting: (other files): documents: 1 entries of the drop folder are left alone" in said.err
    assert re.search(r"^NOTE .*\(other files\) is waiting: .*signatures_2\.pdf", cchc("doctor", "documents").out, re.MULTILINE)
    (tmp_path / "drop" / "signatures_2.pdf").unlink()
    assert "other files" not in cchc("ingest", "documents", "--to", "2023-07-02").err
    assert "other files" not in cchc("doctor", "documents").out, "what was removed is no longer told"
