"""A missing column or field is reported and blocks the delivery; it never counts as empty. All tests use `cchc ingest`."""

from __future__ import annotations

import copy
import csv
import io
from pathlib import Path
from typing import Any

import openpyxl
import pytest
import yaml

from cchc.settings import PROJECT, Settings
from tests.support.cli import cchc, connect
from tests.support.deliveries import dossier, dossier_file
from tests.support.district import CLOCK
from tests.support.source_server import Source, serving
from tests.support.warehouse import rows_of

# another vendor's export: one table a week, headings in Vietnamese
TABLE: dict[str, Any] = {
    "source": "mot_cua",
    "name_vi": "Bản xuất của một phần mềm khác",
    "owner": "Văn phòng",
    "zone": "Asia/Ho_Chi_Minh",
    "time_formats": ["dd/MM/yyyy HH:mm"],
    "files": {"full": True},
    "entities": {
        "dossiers": {
            "model": "dossier",
            "file_pattern": "hoso_*.{csv,xlsx}",
            "key": ["Mã hồ sơ"],
            "columns": {
                "dossier_code": "Mã hồ sơ",
                "unit_code": "Mã đơn vị",
                "received_at": {"from": "Ngày tiếp nhận", "critical": True},
                "due_at": {"from": "Ngày hẹn trả", "critical": True},
                "processed_at": {"from": "Ngày kết thúc", "critical": True},
                "channel_code": {"from": "Kênh", "default": "1"},
                "status_code": "Trạng thái",
            },
        }
    },
}
COLUMNS = ["Mã hồ sơ", "Mã đơn vị", "Ngày tiếp nhận", "Ngày hẹn trả", "Ngày kết thúc", "Kênh", "Trạng thái", "Người nộp"]
STATE = "select count(*) as n, count(due_at) as due, count(*) filter (where channel_code = 2) as online from core.dossier"


@pytest.fixture
def drop(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """The drop folder of `mot_cua`; its profile is the only one besides the project's own one_stop."""
    folder = tmp_path / "drop"
    folder.mkdir()
    sources = tmp_path / "sources"
    sources.mkdir()
    (sources / "one_stop.yaml").write_text(
        (PROJECT / "include" / "sources" / "one_stop.yaml").read_text(encoding="utf-8"), encoding="utf-8"
    )
    monkeypatch.setenv("CCHC_SOURCES_DIR", str(sources))
    profile(tmp_path)
    connect(monkeypatch, "mot_cua", conn_type="fs", host=str(folder))
    connect(monkeypatch, "one_stop", conn_type="fs", host=str(folder))
    assert cchc("init").code == 0
    return folder


def profile(tmp_path: Path, **columns: Any) -> None:
    """Writes the profile, with other columns where they are given."""
    data = copy.deepcopy(TABLE)
    data["entities"]["dossiers"]["columns"] |= columns
    (tmp_path / "sources" / "mot_cua.yaml").write_text(yaml.safe_dump(data, allow_unicode=True, sort_keys=False), encoding="utf-8")


def table(folder: Path, name: str, first: int, count: int, *, renamed: dict[str, str] | None = None, without: str = "") -> None:
    """A table of `count` finished dossiers filed online, as CSV or XLSX by the name's ending."""
    rows = [[(renamed or {}).get(column, column) for column in COLUMNS]]
    for number in range(first, first + count):
        rows.append(
            [
                f"H19.16.21-230605-{number:04d}",
                "H19.16.21",
                "05/06/2023 08:00",
                "10/06/2023 17:00",
                "09/06/2023 10:00",
                "2",
                "9",
                "Nguyễn Văn Thử",
            ]
        )
    if without:
        rows = [[cell for cell, column in zip(row, COLUMNS, strict=True) if column != without] for row in rows]
    if name.endswith(".xlsx"):
        book = openpyxl.Workbook()
        for row in rows:
            book.worksheets[0].append(row)
        book.save(folder / name)
    else:
        out = io.StringIO()
        csv.writer(out, lineterminator="\n").writerows(rows)
        (folder / name).write_text(out.getvalue(), encoding="utf-8")


@pytest.mark.parametrize("ending", ["csv", "xlsx"])
def test_a_renamed_column_blocks_the_file_by_name(warehouse: Settings, drop: Path, tmp_path: Path, ending: str) -> None:
    """It was: 300 of 300 due dates null, channel 1 for all, exit code 0, doctor well."""
    table(drop, f"hoso_1.{ending}", 0, 300)
    said = cchc("ingest", "mot_cua", "--to", CLOCK)
    assert said.code == 0, said.err
    assert rows_of(warehouse, STATE) == [{"n": 300, "due": 300, "online": 300}]

    new = {"Ngày hẹn trả": "Hạn trả kết quả", "Kênh": "Kênh thực hiện"}
    table(drop, f"hoso_2.{ending}", 300, 300, renamed=new)
    table(drop, f"hoso_3.{ending}", 600, 10)
    said = cchc("ingest", "mot_cua", "--to", CLOCK)
    assert said.code == 3
    (told,) = [line for line in said.err.splitlines() if line.startswith("BLOCKED ")]
    assert told.startswith(
        f"BLOCKED mot_cua hoso_2.{ending}: mot_cua dossiers, file hoso_2.{ending} is blocked: B0 line 1: the header lacks 2 of "
    )
    assert "the 7 columns that the profile uses: Ngày hẹn trả (due_at), Kênh (channel_code)." in told
    assert "New here, and used by no column: Hạn trả kết quả, Kênh thực hiện, Người nộp." in told
    assert "Kênh → Kênh thực hiện" in told
    assert "correct columns.due_at, columns.channel_code of the entity dossiers in the profile mot_cua.yaml and ingest again" in told
    assert "stays" not in told, "nothing of this file was loaded before"
    assert rows_of(warehouse, STATE) == [{"n": 310, "due": 310, "online": 310}], "the other file of the run is loaded"
    blocked = rows_of(warehouse, "select message from ops.load where status = 'blocked'")
    assert [row["message"] in told for row in blocked] == [True]
    assert told.removeprefix("BLOCKED ").partition(": ")[2] in cchc("doctor").out

    # the profile is mended: the file is judged again, and all is well
    profile(tmp_path, due_at={"from": "Hạn trả kết quả", "critical": True, "optional": True, "reason": "the old version calls it otherwise"},
            channel_code={"from": "Kênh thực hiện", "optional": True, "reason": "the old version calls it otherwise", "default": "1"})  # fmt: skip
    said = cchc("ingest", "mot_cua", "--to", CLOCK)
    assert said.code == 0, said.err
    assert rows_of(warehouse, STATE) == [{"n": 610, "due": 610, "online": 610}]


@pytest.mark.parametrize("ending", ["csv", "xlsx"])
def test_an_optional_column_that_is_not_there_stays_null(warehouse: Settings, drop: Path, tmp_path: Path, ending: str) -> None:
    profile(tmp_path, channel_code={"from": "Kênh", "default": "1", "optional": True, "reason": "this office takes nothing online"})
    table(drop, f"hoso_1.{ending}", 0, 5)
    table(drop, f"hoso_2.{ending}", 5, 5, without="Kênh")
    said = cchc("ingest", "mot_cua", "--to", CLOCK)
    assert said.code == 0, said.err
    found = rows_of(warehouse, "select dossier_code, channel_code from core.dossier order by 1")
    assert [row["channel_code"] for row in found] == [2] * 5 + [None] * 5


def test_a_profile_that_asks_for_what_the_vendor_never_had(warehouse: Settings, drop: Path, tmp_path: Path) -> None:
    profile(tmp_path, refused_at="Ngày từ chối")
    table(drop, "hoso_1.csv", 0, 5)
    said = cchc("ingest", "mot_cua", "--to", CLOCK)
    assert said.code == 3
    assert "lacks 1 of the 8 columns that the profile uses: Ngày từ chối (refused_at)." in said.err
    assert (
        "Nothing of dossiers has been loaded yet: look at columns.refused_at of the entity dossiers in the profile mot_cua.yaml."
        in said.err
    )
    assert "sk the sender" not in said.err
    assert "Nguyễn Văn Thử" not in said.err
    assert rows_of(warehouse, STATE) == [{"n": 0, "due": 0, "online": 0}]


# --- JSON: a record may leave an empty field out, a delivery may not --------------------------------------------------------


def finished(first: int, count: int, **fields: Any) -> list[dict[str, Any]]:
    """Finished dossiers of June 2023."""
    return [dossier(f"H19.16.21-230605-{number:04d}", NgayTra="20230609110000", **fields) for number in range(first, first + count)]


def renamed(records: list[dict[str, Any]], old: str, new: str) -> list[dict[str, Any]]:
    return [{new if name == old else name: value for name, value in record.items()} for record in records]


def test_forty_records_with_a_renamed_due_date(warehouse: Settings, drop: Path) -> None:
    """It was: loaded, the rate 0/0, not provisional, exit code 0."""
    dossier_file(drop, "20230610", finished(0, 99) + [{k: v for k, v in finished(99, 1)[0].items() if k != "NgayHenTra"}])
    said = cchc("ingest", "one_stop", "--to", CLOCK)
    assert said.code == 0, said.err
    before = rows_of(warehouse, STATE)
    assert before == [{"n": 100, "due": 99, "online": 0}]

    dossier_file(drop, "20230611", renamed(finished(100, 40), "NgayHenTra", "NgayHen"))
    dossier_file(drop, "20230612", finished(200, 3))
    said = cchc("ingest", "one_stop", "--to", CLOCK)
    assert said.code == 3
    (told,) = [line for line in said.err.splitlines() if line.startswith("BLOCKED ")]
    assert (
        "file dossiers_20230611.ndjson is blocked: FIELDS NgayHenTra (due_at) is in none of the 40 records, but was in 99.0% of the 100 of earlier"
        in told
    )
    assert "New here, and used by no column: NgayHen. Nearest in name: NgayHenTra → NgayHen." in told
    assert "correct columns.due_at of the entity dossiers in the profile one_stop.yaml and ingest again" in told
    assert rows_of(warehouse, STATE) == [{"n": 103, "due": 102, "online": 0}], "the other file of the run is loaded"
    assert [row["rule"] for row in rows_of(warehouse, "select rule from ops.check_result where not is_success")] == ["FIELDS"]
    assert rows_of(warehouse, "select landing_path from ops.load where status = 'blocked'") == [{"landing_path": None}]
    assert cchc("ingest", "one_stop", "--to", CLOCK).code == 0, "judged once, until the profile changes"
    assert "dossiers_20230611.ndjson is blocked" in cchc("doctor").out


def test_a_first_delivery_without_a_critical_field(warehouse: Settings, drop: Path, tmp_path: Path) -> None:
    dossier_file(drop, "20230610", renamed(finished(0, 40), "NgayHenTra", "NgayHen"))
    said = cchc("ingest", "one_stop", "--to", CLOCK)
    assert said.code == 3
    assert "NgayHenTra (due_at) is in none of the 40 records of this first delivery, and no record can be judged without it" in said.err
    assert (
        "Nothing of dossiers has been loaded yet: look at columns.due_at of the entity dossiers in the profile one_stop.yaml." in said.err
    )
    assert rows_of(warehouse, STATE) == [{"n": 0, "due": 0, "online": 0}]
    path = tmp_path / "sources" / "one_stop.yaml"
    path.write_text(path.read_text(encoding="utf-8").replace("from: NgayHenTra,", "from: NgayHen,"), encoding="utf-8")
    assert cchc("ingest", "one_stop", "--to", CLOCK).code == 0, "the file is judged again by the profile that was mended"
    assert rows_of(warehouse, STATE) == [{"n": 40, "due": 40, "online": 0}]


def test_small_increments_of_open_dossiers_stop_nothing(warehouse: Settings, drop: Path) -> None:
    waiting = [
        {k: v for k, v in each.items() if k not in ("NgayKetThucXuLy", "NgayTra")} | {"TrangThaiHoSo": "4"} for each in finished(0, 210)
    ]
    dossier_file(drop, "20230610", finished(300, 900) + waiting[:100])
    assert cchc("ingest", "one_stop", "--to", CLOCK).code == 0
    for number in range(10):
        dossier_file(drop, f"2023061{number}_later", waiting[100 + number * 11 : 100 + number * 11 + 11])
        said = cchc("ingest", "one_stop", "--to", CLOCK)
        assert said.code == 0, said.err
        assert "drift: one_stop dossiers: in the newest delivery" in said.out
        assert "NgayTra (returned_at) is in none of the 11 records of dossiers_2023061" in said.out
    assert rows_of(warehouse, "select count(*) as n from core.dossier where processed_at is null") == [{"n": 210}]
    doctor = cchc("doctor").out
    assert doctor.count("NgayTra (returned_at) is in none of the") == 1, "the state of today, not a line a delivery"
    assert "drift: one_stop dossiers: no delivery so far had " in doctor
    dossier_file(drop, "20230620", finished(400, 2, GhiChu="x"))
    said = cchc("ingest", "one_stop", "--to", CLOCK)
    assert "drift: one_stop dossiers: in the newest delivery" in said.out
    assert "fields are new, and no column uses them: GhiChu (in 2 of 2)." in said.out
    doctor = cchc("doctor").out
    assert "is in none of the" not in doctor
    assert "drift: one_stop dossiers: fields that no column uses: GhiChu." in doctor


def test_a_field_that_is_renamed_in_a_part_of_a_delivery_is_told(warehouse: Settings, drop: Path) -> None:
    dossier_file(drop, "20230610", finished(0, 100))
    assert cchc("ingest", "one_stop", "--to", CLOCK).code == 0
    dossier_file(drop, "20230611", finished(100, 60) + renamed(finished(160, 40), "NgayHenTra", "NgayHen"))
    said = cchc("ingest", "one_stop", "--to", CLOCK)
    assert said.code == 0, said.err
    assert "NgayHenTra (due_at) is empty in 40% of 100 records; before in 0% of 100. Ask the vendor what has changed." in said.out
    assert "fields are new, and no column uses them: NgayHen (in 40 of 100)." in said.out


def http_source(monkeypatch: pytest.MonkeyPatch, base: str) -> None:
    connect(monkeypatch, "one_stop", conn_type="http", host=base, login="client", password="s3cret-value")


def test_a_field_renamed_over_http_in_the_middle(warehouse: Settings, drop: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing of the extract is published, T stays, and the next run asks for it again."""
    source = Source()
    source.page = 1000
    source.records = {
        "dossiers": finished(0, 60),
        "dossier_steps": [
            {"MaBuoc": "B1", "MaHoSo": "H19.16.21-230605-0000", "ThoiDiemXuLy": "20230605080000", "NgaySuaCuoi": "20230605080000"}
        ],
        "procedures": [],
        "assessments": [],
    }
    source.keys = {"2023-06": [{"MaHoSo": record["MaHoSo"], "DeletedOn": ""} for record in source.records["dossiers"]]}
    with serving(source) as base:
        http_source(monkeypatch, base)
        said = cchc("ingest", "one_stop", "--to", "2023-07-01T00:00:00+07:00")
        assert said.code == 0, said.err
        first, source.records["dossiers"] = (
            source.records["dossiers"],
            renamed(finished(60, 40, NgaySuaCuoi="20230705080000"), "NgayHenTra", "NgayHen"),
        )
        source.keys["2023-06"] += [{"MaHoSo": f"H19.16.21-230605-{n:04d}", "DeletedOn": ""} for n in range(60, 100)]
        said = cchc("ingest", "one_stop", "--from", "2023-07-01T00:00:00+07:00", "--to", "2023-08-01T00:00:00+07:00")
        assert said.code == 3, said.out
        assert (
            "one_stop dossiers is blocked: FIELDS NgayHenTra (due_at) is in none of the 40 records, but was in 100.0% of the 60" in said.err
        )
        assert "nothing of extract 2 of one_stop was published" in said.err
        assert rows_of(warehouse, STATE) == [{"n": 60, "due": 60, "online": 0}]
        assert [row["status"] for row in rows_of(warehouse, "select status from ops.extract order by extract_id")] == [
            "complete",
            "blocked",
        ]
        source.records["dossiers"] = first + renamed(source.records["dossiers"], "NgayHen", "NgayHenTra")
        said = cchc("ingest", "one_stop", "--to", "2023-08-01T00:00:00+07:00")
        assert said.code == 0, said.err
        assert rows_of(warehouse, STATE) == [{"n": 100, "due": 100, "online": 0}]


def test_a_retry_does_not_read_from_landing_what_never_landed(warehouse: Settings, drop: Path, tmp_path: Path) -> None:
    """The profile now reads the due date from another field; the landing of before has it under the old name alone."""
    dossier_file(drop, "20230610", finished(0, 5, HanMoi="20230611170000"))
    assert cchc("ingest", "one_stop", "--to", CLOCK).code == 0
    path = tmp_path / "sources" / "one_stop.yaml"
    path.write_text(path.read_text(encoding="utf-8").replace("from: NgayHenTra,", "from: HanMoi,"), encoding="utf-8")
    load_id = rows_of(warehouse, "select load_id from ops.load")[0]["load_id"]
    said = cchc("quarantine", "retry", "--load", str(load_id))
    assert said.code == 3
    assert (
        "landed when the profile did not use HanMoi (due_at) yet, so landing does not have it: deliver the file again under another name"
        in said.err
    )
    assert rows_of(warehouse, STATE) == [{"n": 5, "due": 5, "online": 0}]
