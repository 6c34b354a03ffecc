"""`cchc profile check --delivery` and `cchc profile try`: what a profile makes of a delivery, told in the vendor's words, and nothing is kept."""

from __future__ import annotations

import json
import os
import re
import tracemalloc
import zipfile
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path
from typing import Any

import fsspec
import openpyxl
import psycopg
import pytest
from sqlalchemy import make_url

from cchc.profiles import other_files, sample
from cchc.profiles.personal import kind_by_name, kind_by_values, shape_of
from cchc.profiles.sample import take_sample
from cchc.settings import PROJECT, Settings
from cchc.sources.connection import Connection
from cchc.sources.extract import extract
from cchc.sources.profile import read_profile
from cchc.warehouse import embedded as postgres
from demo.server import Demo
from tests.support.cli import Said, cchc, connect
from tests.support.district import CLOCK
from tests.support.permits import MADE_UP, PROFILE
from tests.support.table_reports import EXAMPLE as REPORT
from tests.support.table_reports import report
from tests.support.table_rows import table_rows
from tests.support.warehouse import admin, rows_of

EXPORT = PROJECT / MADE_UP
DATABASE = PROJECT / "docs" / "examples" / "vendor_database.yaml"
PERSON = "079301000123"


@pytest.fixture(autouse=True)
def _nothing_is_kept(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[None]:
    """A home and a folder for temporary files of its own; a look leaves both empty. A test with a warehouse looks for itself."""
    if "warehouse" in request.fixturenames:
        yield
        return
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    for name in [name for name in os.environ if name.startswith(("CCHC_", "AIRFLOW_CONN_"))]:
        monkeypatch.delenv(name)  # a fixture of the session may have a warehouse
    monkeypatch.setenv("CCHC_HOME", str(tmp_path / "home"))
    monkeypatch.setattr("tempfile.tempdir", str(temporary))
    yield
    assert list(temporary.iterdir()) == []
    assert not (tmp_path / "home" / "landing").exists()


def looked(action: str, folder: Path, *changes: tuple[str, str], delivery: Path = EXPORT) -> Said:
    """What `cchc profile` says of the Dutch profile with some texts changed, beside a delivery."""
    text = PROFILE.read_text(encoding="utf-8")
    for old, new in changes:
        assert old in text, old
        text = text.replace(old, new, 1)
    path = folder / PROFILE.name
    path.write_text(text, encoding="utf-8")
    return cchc("profile", action, str(path), "--delivery", str(delivery))


def line_with(words: str) -> int:
    return next(number for number, line in enumerate(PROFILE.read_text(encoding="utf-8").splitlines(), 1) if words in line)


def row_of(said: Said, column: str) -> str:
    """The row of a table about a column, with single blanks."""
    return next(" ".join(line.split()) for line in said.out.splitlines() if line.startswith(f"{column} "))


def test_a_waiting_delivery_is_compared_by_its_fields(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CCHC_SOURCES_DIR", str(PROFILE.parent))
    connect(monkeypatch, "dutch_permits", conn_type="fs", host=str(EXPORT.parent))
    said = cchc("profile", "check", "dutch_permits")
    assert said.code == 0, said.out
    assert "fields that no column uses, and that never land: case:enddate_planned, case:group" in said.out
    said = looked("check", tmp_path, ('due_at: {from: "case:deadline"', 'due_at: {from: "case:deadlin"'))
    assert said.code == 1
    line = line_with("due_at:")
    assert f"dutch_permits.yaml line {line}: the delivery has no field 'case:deadlin'; did you mean 'case:deadline'?" in said.out


def test_all_fields_that_a_delivery_lacks_are_told_at_once(tmp_path: Path) -> None:
    step = ('"concept:instance"', '"concept:instanz"')  # in the key and in the code
    changes = (("case:deadline", "case:frist"), step, step, ("case:channel", "case:kanal"))
    said = looked("check", tmp_path, *changes)
    for name in ("case:frist", "case:kanal", "concept:instanz"):
        assert name in said.out, said.out
    assert said.code == 1


@pytest.mark.parametrize(
    ("old", "new", "place", "told"),
    [
        (
            "time_formats: [iso]",
            "time_formats: [dd/MM/yyyy]",
            "received_at:",
            "16 of 16 values of case:startdate (received_at) cannot be read as the model's column wants them: 2011-05-02 09:15:00.120000+02:… (1), ",
        ),
        (
            "{General: NL.1, Experts: NL.1.1, Customer",
            "{General: NL.1, Customer",
            "unit_code:",
            "2 of 16 values of case:department (unit_code) are no code of the model, or no unit that is known: Experts (2)",
        ),
        ('Internet: "2", Post: "3"', 'Internet: "2"', "channel_code:", None),
        ('"dutch_permits_*.{csv,xes}"', '"other_*.csv"', None, None),
    ],
)
def test_values_are_told_by_the_vendors_field_and_the_profiles_line(
    tmp_path: Path, old: str, new: str, place: str | None, told: str | None
) -> None:
    said = looked("try", tmp_path, (old, new))
    if told is not None and place is not None:
        assert f"dutch_permits.yaml line {line_with(f'      {place}')}: {told}" in said.out, said.out
    elif place is None:
        assert "dossiers (model dossier): 0 records" in said.out
    else:
        assert row_of(said, "channel_code") == "channel_code case:channel 16 of 16 2 2 (9), 1 (7)"
    is_senders = "the others are well, so ask the sender" in said.out
    assert is_senders == (told is not None and told.startswith("2 of 16"))


def test_where_no_file_has_a_name_of_the_profile_nothing_was_read(tmp_path: Path) -> None:
    text = PROFILE.read_text(encoding="utf-8").replace("dutch_permits_*.{csv,xes}", "other_*.csv")
    (tmp_path / PROFILE.name).write_text(text, encoding="utf-8")
    said = cchc("profile", "try", str(tmp_path / PROFILE.name), "--delivery", str(EXPORT))
    assert said.code == 1
    assert (
        "WRONG nothing was read: the source has no records, or dutch_permits_made_up.csv has a name that no file_pattern takes" in said.out
    )


def test_the_headers_and_ends_of_files_that_the_sample_does_not_come_to(tmp_path: Path) -> None:
    text = EXPORT.read_text(encoding="utf-8")
    folder = tmp_path / "delivery"
    folder.mkdir()
    for year in (2017, 2018, 2019, 2020):
        (folder / f"dutch_permits_{year}.csv").write_text(text, encoding="utf-8")
    for year in (2017, 2018):
        (folder / f"dutch_permits_{year}.csv").write_text(text.replace("case:concept:name", "case:name", 1), encoding="utf-8")
    (folder / "dutch_permits_2019.csv").write_text(text.rstrip("\n"), encoding="utf-8")
    (folder / "dutch_permits_2016.csv").write_bytes(b"")
    said = looked("check", tmp_path, delivery=folder)
    steps = said.out.partition("dossier_steps (model")[2]
    assert said.code == 1, said.out
    assert "WRONG files dutch_permits_2017.csv, dutch_permits_2018.csv: line 1: the header lacks 1 of the" in steps
    assert "case:concept:name (dossier_code)" in steps
    assert said.out.count("there is no newline after its last line") == 2, "once for each entity"
    assert "WRONG file dutch_permits_2016.csv: it is empty" in steps
    assert "LOOK of 2 older files no records were read" in steps
    for name in ("2016", "2017", "2018"):
        (folder / f"dutch_permits_{name}.csv").unlink()
    assert "layout.open_end" in looked("try", tmp_path, delivery=folder).out
    said = looked("check", tmp_path, ("    columns:", "    layout: {open_end: true}\n    columns:"), delivery=folder)
    assert "newline" not in said.out.partition("dossier_steps (model")[0]


def test_where_looking_at_headers_stopped_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A folder of more text tables than are looked at: how many of how many, and down to which one; of fewer nothing is said."""
    text = EXPORT.read_text(encoding="utf-8")
    folder = tmp_path / "delivery"
    folder.mkdir()
    for year in range(2011, 2016):
        (folder / f"dutch_permits_{year}.csv").write_text(text, encoding="utf-8")
    (folder / "dutch_permits_2010.csv").write_text(text.replace("case:concept:name", "case:name", 1), encoding="utf-8")
    said = looked("check", tmp_path, delivery=folder)
    assert "WRONG file dutch_permits_2010.csv: line 1: the header lacks" in said.out and "text tables" not in said.out, said.out
    monkeypatch.setitem(other_files.MOST_FILES, True, 4)
    said = looked("check", tmp_path, delivery=folder)
    told = "LOOK dutch_permits dossiers: the headers and ends of 4 of the 6 text tables that lie there were looked at, the newest first, down to"
    assert f"{told} dutch_permits_2012.csv; of the others nothing is known" in said.out, said.out
    assert said.code == 0 and "dutch_permits_2010" not in said.out


def test_what_each_column_became(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    landings = []

    def seen(*given: Any, **more: Any) -> Any:
        landings.append(given[3])
        return extract(*given, **more)

    monkeypatch.setattr(sample, "extract", seen)
    said = looked("try", tmp_path)
    assert said.code == 0, said.out
    assert len(landings) == 2 and all(landing.startswith("memory://") for landing in landings), "records reached a disk"
    assert fsspec.filesystem("memory").find("/") == []
    assert row_of(said, "status_code") == "status_code case:enddate 16 of 16 2 9 (13), 4 (3)"
    assert row_of(said, "unit_code") == "unit_code case:department 16 of 16 3 NL.1 (12), NL.1.1 (2), NL.1.2 (2)"
    assert row_of(said, "processed_at").startswith("processed_at case:enddate 13 of 16 13 2011-05-20 10:00:00+02:00 (1), ")
    assert row_of(said, "case:responsible") == "case:responsible Aaaa-aa aaaaa 9 (60)"


def test_personal_fields_are_told_and_never_shown(tmp_path: Path) -> None:
    lines = EXPORT.read_text(encoding="utf-8").splitlines()
    made = [
        lines[0] + ",HoTen,ghi_chu,nhan_xet",
        *(f"{line},Người Bịa Đặt,0012345{number:05d},gặp 0912345678" for number, line in enumerate(lines[1:])),
    ]
    export = tmp_path / "dutch_permits_personal.csv"
    export.write_text("\n".join(made) + "\n", encoding="utf-8")
    said = looked("try", tmp_path, ('unit_name: "case:department"', 'unit_name: "ghi_chu"'), delivery=export)
    assert f"line {line_with('unit_name:')}: ghi_chu looks like personal data (identity number): leave it out, or make it" in said.out
    assert "HoTen looks like personal data (name of a person); no column uses it, so it never lands" in said.out
    assert "999999999999 (16)" in row_of(said, "unit_name") and "Aaaaa Aaa Aaa (60)" in said.out
    assert not re.search("Người Bịa|0012345|0912345678|gặp", said.out), said.out


def test_a_workbook(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    assert book.active is not None
    book.active.append(["Mã", "Nhận", "Đơn vị", "Thừa"])
    for number in range(4):
        book.active.append([f"D{number}", f"0{number + 1}/02/2023 08:00:00", "H19.16.21", "x"])
    book.save(tmp_path / "so_1.xlsx")
    profile = tmp_path / "so.yaml"
    profile.write_text(
        "source: so\nname_vi: Sổ\nowner: Thử\nzone: Asia/Ho_Chi_Minh\ntime_formats: [dd/MM/yyyy HH:mm:ss]\nfiles: {full: true}\n"
        "entities:\n  dossiers:\n    model: dossier\n    file_pattern: 'so_*.xlsx'\n    key: [Mã]\n    columns:\n      dossier_code: Mã\n"
        "      received_at: Nhận\n      unit_code: Đơn vị\n      status_code: {const: '4'}\n",
        encoding="utf-8",
    )
    said = cchc("profile", "try", str(profile), "--delivery", str(tmp_path))
    assert said.code == 0, said.out + said.err
    assert row_of(said, "received_at").startswith("received_at Nhận 4 of 4 4 2023-02-01 08:00:00+07:00 (1), ")
    assert "fields that no column uses, and that never land: Thừa" in said.out


def test_a_report_with_titles_and_totals(tmp_path: Path) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    report().save(folder / "bao_cao_202301.xlsx")
    said = cchc("profile", "try", str(REPORT), "--delivery", str(folder))
    assert said.code == 0, said.out + said.err
    assert row_of(said, "received_at") == "received_at Thời gian / Tiếp nhận 3 of 3 1 2023-01-03 08:30:00+07:00 (3)"
    assert "fields that no column uses, and that never land: STT" in said.out


def test_documents_in_folders_and_archives(tmp_path: Path) -> None:
    """The newest file is the first; a single archive can be named, too."""
    (tmp_path / "in" / "2023").mkdir(parents=True)
    for number in range(3):
        document = {"ma": f"VB-{number}", "hoTen": "Người Bịa", "banHanh": {"ngay": "04/05/2023"}, "capNhat": "2023-05-04T08:00:00+07:00"}
        (tmp_path / "in" / "2023" / f"{number}.json").write_text(json.dumps({"ketQua": {"vanBan": document}}), encoding="utf-8")
    with zipfile.ZipFile(tmp_path / "in" / "a.zip", "w") as archive:
        archive.write(tmp_path / "in" / "2023" / "2.json", "in/2.json")
    register = PROJECT / "docs" / "examples" / "document_register.yaml"
    said = cchc("profile", "try", str(register), "--delivery", str(tmp_path / "in"))
    assert said.code == 0, said.out + said.err
    assert "documents (model document): 4 records of a.zip/in/2.json, 2023/2.json, 2023/1.json and 1 more" in said.out, said.out
    assert row_of(said, "issued_date") == "issued_date banHanh.ngay 4 of 4 1 2023-05-04 (4)"
    assert "hoTen looks like personal data" in said.out and "Bịa" not in said.out
    alone = cchc("profile", "try", str(register), "--delivery", str(tmp_path / "in" / "a.zip"))
    assert "documents (model document): 1 records of a.zip/in/2.json" in alone.out, alone.out


def test_over_http(district_sources: Demo, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in district_sources.connections().items():
        monkeypatch.setenv(name, value)
    said = cchc("profile", "try", "one_stop", "--rows", "50", "--to", CLOCK)
    documents = cchc("profile", "try", "documents", "--rows", "50", "--to", CLOCK)
    payments = cchc("profile", "try", "payments", "--rows", "50", "--to", CLOCK)
    assert "dossiers (model dossier): 50 records" in said.out, said.out + said.err
    assert said.code == 0, said.out
    assert "LOOK the list of the keys that exist, from which deletions are learnt, was not asked for" in said.out
    assert "ChuHoSo looks like personal data (name of a person); no column uses it, so it never lands" in said.out
    assert "(hashed)" in row_of(said, "applicant_key")
    assert "documents (model document): 50 records" in documents.out and " secret ones not looked at" in documents.out
    assert (
        "payments (model payment): 50 records of giaodich_20231231.csv, giaodich_20231230.csv.gz, giaodich_20231229.csv and" in payments.out
    ), payments.out + payments.err


def test_a_database_is_asked_for_no_value_of_a_column_that_the_profile_does_not_use(
    postgres_server: postgres.Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    admin(postgres_server, "create database vendor_try")
    url = make_url(postgres_server.url("vendor_try"))
    with psycopg.connect(url.set(drivername="postgresql").render_as_string(hide_password=False)) as connection:
        connection.execute(
            "create table hoso (ma text primary key, don_vi text, ngay_nhan timestamp, han_tra date, ngay_xong timestamp, so_cccd text, "
            "ho_ten text, ngay_sua timestamp, ngay_xoa timestamp, tep bytea)"
        )
        connection.execute("create table buoc (ma text, so integer, luc timestamptz, viec text)")
        connection.execute(
            "insert into hoso select 'H' || n, 'VD.' || n %% 2 + 1, '2023-05-02 08:00', '2023-05-10', null, %s, 'Người Bịa', "
            "'2023-05-09', null, '\\x00' from generate_series(1, 30) as n",
            [PERSON],
        )
    monkeypatch.setenv("CCHC_SOURCES_DIR", str(DATABASE.parent))
    monkeypatch.setenv("AIRFLOW_CONN_SRC_VENDOR_DATABASE", url.set(drivername="postgres").render_as_string(hide_password=False))
    try:
        said = cchc("profile", "try", "vendor_database", "--rows", "10")
    finally:
        admin(postgres_server, "drop database vendor_try with (force)")
    assert "dossiers (model dossier): 10 records" in said.out, said.out + said.err
    assert "fields that no column uses, and that never land: ho_ten, tep" in said.out
    assert "ho_ten looks like personal data (name of a person)" in said.out
    assert row_of(said, "received_at").startswith("received_at ngay_nhan 10 of 10 1 2023-05-02 08:00:00+07:00 (10)")
    assert "5 of 10 values of don_vi (unit_code) are no code of the model, or no unit that is known: VD.2 (5)" in said.out
    assert PERSON not in said.out and "Bịa" not in said.out


def test_a_sample_of_a_large_file_stays_small(tmp_path: Path) -> None:
    lines = EXPORT.read_text(encoding="utf-8").splitlines()
    with (tmp_path / "dutch_permits_big.csv").open("w", encoding="utf-8") as file:
        file.write(lines[0] + "\n")
        for _ in range(2000):
            file.write("\n".join(lines[1:]) + "\n")
    profile, connection = read_profile(PROFILE), Connection("dutch_permits", str(tmp_path))
    tracemalloc.start()
    samples = list(take_sample(profile, connection, 100))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert [len(sample.records) for sample in samples] == [100, 100]
    assert (tmp_path / "dutch_permits_big.csv").stat().st_size > 20_000_000
    assert peak < 10_000_000


def test_what_looks_personal() -> None:
    assert [kind_by_name(name) for name in ("SĐT", "Địa chỉ thường trú", "e_mail", "MaHoSo", "TenTTHC")] == [
        "telephone number", "address", "e-mail", None, None
    ]  # fmt: skip
    assert kind_by_values(["0251 3861 234"] * 3) == "telephone number"
    assert kind_by_values(["20230101000000", "150000000", "NL.1"] * 3) is None
    assert shape_of("Bịa 12/A") == "Aaa 99/A"


def test_wrong_use(tmp_path: Path) -> None:
    assert cchc("profile", "check", str(PROFILE), "--delivery", "/nowhere/at_all.csv").code == 2
    assert cchc("profile", "try", str(PROFILE), "--delivery", str(EXPORT), "--rows", "0").code == 2
    said = cchc("profile", "try", str(PROFILE))
    assert (said.code, "has no connection" in said.err) == (1, True)
    said = cchc("profile", "check", str(PROFILE))
    assert (said.code, "no delivery was looked at" in said.out) == (0, True)
    assert json.dumps(said.err) == '""'


def everything(settings: Settings) -> dict[str, list[str]]:
    """Every row of every table of the warehouse, and every file below its home."""
    schemas = tuple(row["nspname"] for row in rows_of(settings, "select nspname from pg_namespace where nspname !~ '^pg_|^information'"))
    held = table_rows(settings, schemas=schemas)
    files = sorted(path for path in settings.home.rglob("*") if path.is_file())
    return held | {str(path): [sha256(path.read_bytes()).hexdigest()] for path in files}


def test_what_would_go_to_quarantine_by_which_rule(warehouse: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The sample breaks the rules that the load breaks afterwards, and leaves the warehouse and its folders byte for byte as they were."""
    lines = EXPORT.read_text(encoding="utf-8").splitlines()
    header = lines[0].split(",")
    rows = [dict(zip(header, line.split(","), strict=True)) for line in lines[1:]]
    for row in rows:
        case = row["case:concept:name"]
        row["case:department"] = "Nowhere" if case == "case-900003" else row["case:department"]  # K6
        row["case:deadline"] = "soon" if case in ("case-900004", "case-900005") else row["case:deadline"]  # K3
    rows[-2]["concept:instance"] = ""  # KEY of a step
    folder = tmp_path / "in"
    folder.mkdir()
    made = [lines[0], *(",".join(row.values()) for row in rows), "a line, of three, cells"]
    (folder / EXPORT.name).write_text("\n".join(made) + "\n", encoding="utf-8")
    monkeypatch.setenv("CCHC_SOURCES_DIR", str(PROFILE.parent))
    connect(monkeypatch, "dutch_permits", conn_type="fs", host=str(folder))

    before = everything(warehouse)
    said = cchc("profile", "try", "dutch_permits")
    assert everything(warehouse) == before
    told = re.findall(r"rule (\S+), (quarantine|only a warning): (\d+) records", said.out)
    assert told, said.out + said.err

    assert cchc("init").code == 0
    loaded = cchc("ingest", "dutch_permits")
    assert loaded.code == 0, loaded.err
    found = rows_of(
        warehouse,
        "select entity, rule, action, count(*) as n from ops.quarantine where entity in ('dossiers', 'dossier_steps') group by 1, 2, 3",
    )
    assert sorted(told) == sorted(
        (row["rule"], "quarantine" if row["action"] == "quarantine" else "only a warning", str(row["n"])) for row in found
    )
    assert {rule for rule, _, _ in told} >= {"K2", "K3", "K6", "KEY"}
    assert "records would go to quarantine; a load with more than 5.0% and more than 20 is blocked" in said.out
    assert said.code == 1


def test_a_record_that_no_rule_sets_aside_and_no_table_can_hold(warehouse: Settings, tmp_path: Path) -> None:
    lines = EXPORT.read_text(encoding="utf-8").splitlines()
    header = lines[0].split(",")
    row = dict(zip(header, lines[-1].split(","), strict=True)) | {"case:concept:name": ""}
    export = tmp_path / EXPORT.name
    export.write_text("\n".join([*lines[:-1], ",".join(row.values())]) + "\n", encoding="utf-8")
    said = looked("try", tmp_path, delivery=export)
    assert f"WRONG 1 records without a value in case:concept:name (dossier_code) break no rule (first line {len(lines)})" in said.out, (
        said.out
    )


def test_without_a_warehouse_the_rules_are_not_asked_and_that_is_said(tmp_path: Path) -> None:
    said = looked("try", tmp_path)
    assert "LOOK the rules of the suites were not asked, because they need the warehouse: " in said.out
    assert not (tmp_path / "home").exists()
