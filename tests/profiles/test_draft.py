"""`cchc profile draft`: a made-up vendor's file becomes a profile with marked guesses, a person fills in, and it loads to known figures."""

from __future__ import annotations

from pathlib import Path

import openpyxl
import orjson
import psycopg
import pytest
from sqlalchemy import make_url

from cchc.profiles.guesses import Field, guess
from cchc.settings import PROJECT, Settings
from cchc.sources.profile import read_profile
from cchc.warehouse import embedded as postgres
from tests.support.cli import Said, cchc, connect
from tests.support.warehouse import admin, rows_of

HEADER = "Số hồ sơ;Thủ tục;Ngày nhận;Hẹn trả;Ngày xong;Đơn vị;Kênh tiếp nhận;Họ và tên;Số CCCD;Ngày sửa;Ghi chú"
# two on time, one late, one without an end, one whose end is missing by a word of the vendor
ROWS = (
    "HS-1;Khai sinh;02/05/2023 08:00;10/05/2023 17:00;09/05/2023 09:00;Một cửa;Trực tuyến;Người Bịa Đặt;079301000123;09/05/2023 09:00;x",
    "HS-2;Khai sinh;03/05/2023 08:00;11/05/2023 17:00;11/05/2023 16:00;Một cửa;Tại quầy;Người Bịa Hai;079301000124;11/05/2023 16:00;x",
    "HS-3;Kết hôn;04/05/2023 08:00;12/05/2023 17:00;20/05/2023 09:00;Phòng Nội vụ;Tại quầy;Người Bịa Ba;079301000125;20/05/2023 09:00;x",
    "HS-4;Kết hôn;05/05/2023 08:00;15/05/2023 17:00;;Một cửa;Trực tuyến;Người Bịa Tư;079301000126;05/05/2023 08:00;x",
    "HS-5;Kết hôn;08/05/2023 08:00;16/05/2023 17:00;NULL;Một cửa;Tại quầy;Người Bịa Năm;079301000127;08/05/2023 08:00;x",
)
FILLED = {
    "name_vi: TODO": "name_vi: Một cửa của nhà cung cấp bịa",
    "owner: TODO": "owner: Thử",
    '"Một cửa": TODO': '"Một cửa": H19.16.21',
    '"Phòng Nội vụ": TODO': '"Phòng Nội vụ": H19.16.2',
    '"Trực tuyến": TODO': '"Trực tuyến": "2"',
    '"Tại quầy": TODO': '"Tại quầy": "1"',
}


@pytest.fixture
def export(tmp_path: Path) -> Path:
    folder = tmp_path / "in"
    folder.mkdir()
    path = folder / "motcua_thang_05.csv"
    path.write_text("\n".join((HEADER, *ROWS)) + "\n", encoding="utf-8")
    return path


def drafted(sample: Path, output: Path, model: str = "dossier") -> Said:
    return cchc("profile", "draft", str(sample), "--model", model, "--output", str(output))


def test_draft_fill_in_load(warehouse: Settings, export: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    profile = tmp_path / "vendor_x.yaml"
    said = drafted(export, profile)
    text = profile.read_text(encoding="utf-8")
    assert said.code == 0, said.err
    assert said.out.count("FILL IN") == text.count("TODO") - 1 == len(FILLED), "each place to fill in is told; the comment has the word too"
    for line in (
        'time_formats: ["dd/MM/yyyy HH:mm"]  # guess\n',
        'missing: ["", "NULL"]  # guess',
        'key: ["Số hồ sơ"]  # guess',
        'changed_at: "Ngày sửa"  # guess',
        'file_pattern: "motcua_thang_*.csv"  # guess',
        'received_at: {from: "Ngày nhận", critical: true}  # guess',
        'applicant_key: {from: "Số CCCD", personal: hmac}  # guess',
        'status_code: {from: "Ngày xong", present: ["9", "4"]}  # guess',
        "# left out: Họ và tên looks like personal data (name of a person)",
        "# fields that no column uses: Ghi chú",
    ):
        assert line in text, text
    assert "Bịa" not in text and "079301" not in text

    unfilled = cchc("profile", "check", str(profile))
    assert unfilled.code == 1
    number = next(number for number, line in enumerate(text.splitlines(), 1) if "unit_code:" in line)
    assert f"line {number}, entities.dossiers.columns.unit_code.codes.Một cửa: a person must fill this in" in unfilled.out

    for place, value in FILLED.items():
        assert text.count(place) == 1, place
        text = text.replace(place, value)
    profile.write_text(text, encoding="utf-8")
    monkeypatch.setenv("CCHC_SOURCES_DIR", str(tmp_path))
    connect(monkeypatch, "vendor_x", conn_type="fs", host=str(export.parent))
    for action in ("check", "try"):
        assert cchc("profile", action, "vendor_x").code == 0
    assert cchc("init").code == 0
    loaded = cchc("ingest", "vendor_x")
    assert loaded.code == 0, loaded.err
    found = rows_of(
        warehouse,
        "select dossier_code, unit_code, channel, timeliness, to_char(received_at at time zone 'Asia/Ho_Chi_Minh', 'DD HH24') as received "
        "from mart.dossier where source_code = 'vendor_x' order by 1",
    )
    assert [(row["dossier_code"], row["unit_code"], row["received"]) for row in found] == [
        ("HS-1", "H19.16.21", "02 08"),
        ("HS-2", "H19.16.21", "03 08"),
        ("HS-3", "H19.16.2", "04 08"),
        ("HS-4", "H19.16.21", "05 08"),
        ("HS-5", "H19.16.21", "08 08"),
    ]
    assert sum(row["timeliness"] in ("early", "on_time") for row in found[:3]) == 2
    finished = rows_of(warehouse, "select count(*) as n from mart.dossier where finished_at is not null")
    online = rows_of(warehouse, "select count(*) as n from core.dossier where channel_code = 2")
    assert (finished, online) == ([{"n": 3}], [{"n": 2}])
    assert rows_of(warehouse, "select 1 from ops.quarantine where action = 'quarantine'") == []


def test_other_kinds_of_files_and_values(tmp_path: Path) -> None:
    """Tabs and an older encoding; a workbook; lines of JSON; marks of thousands; a day in the file's name; the month before the day."""
    old = tmp_path / "cu_1.csv"
    old.write_bytes("MaHoSo\tNgayNhan\tĐơn vi\u0323\nHS-1\t2023-05-02\tH19.16.21\n".encode("cp1258"))
    assert drafted(old, tmp_path / "cu.yaml").code == 0
    text = (tmp_path / "cu.yaml").read_text(encoding="utf-8")
    assert 'formats: {delimiter: "\\t", encoding: cp1258}  # guess' in text and 'unit_code: "Đơn vị"  # guess' in text, text

    book = openpyxl.Workbook()
    assert book.active is not None
    for row in (
        ["MaPhanAnh", "NgayGui", "TrangThai", "KenhTiepNhan"],
        ["P1", "05/25/2023", "xong", "1022"],
        ["P2", "05/26/2023", "xong", "1022"],
    ):
        book.active.append(row)
    book.save(tmp_path / "gopy_20230501.xlsx")
    assert drafted(tmp_path / "gopy_20230501.xlsx", tmp_path / "gopy.yaml", "feedback").code == 0
    text = (tmp_path / "gopy.yaml").read_text(encoding="utf-8")
    for line in (
        'time_formats: ["MM/dd/yyyy"]  # guess',
        r'name: "gopy_(?P<date>\\d{8})(?:_r(?P<revision>[1-9]\\d*))?\\.xlsx"  # guess',
        "changed_at: {file: date}",
        "file_date: {file: date}",
        "channel_code: KenhTiepNhan  # guess",
        "status_code: {from: TrangThai, codes: {xong: TODO}}  # guess",
        "is_about_procedures: {const: TODO}  # a rule asks for it",
    ):
        assert line in text, text

    lines = [
        {"MaGiaoDich": f"G{n}", "SoTien": "1.500.000", "ThoiGianGD": f"2023-05-0{n}T08:00:00", "LoaiGiaoDich": "PAY"} for n in range(1, 4)
    ]
    (tmp_path / "gd_20230501.ndjson").write_bytes(b"".join(orjson.dumps(line) + b"\n" for line in lines))
    said = drafted(tmp_path / "gd_20230501.ndjson", tmp_path / "gd.yaml", "payment")
    text = (tmp_path / "gd.yaml").read_text(encoding="utf-8")
    for line in (
        "manifest: {amount_field: TODO}",
        'amount_vnd: {from: SoTien, thousands: "."}  # guess',
        "kind_code: LoaiGiaoDich  # guess",
    ):
        assert line in text, text
    assert "files.manifest.amount_field: a person must fill this in" in said.out


@pytest.mark.parametrize(
    ("encoding", "header", "row"),
    [
        ("cp1252", "Protocolo;Situação;Data de abertura", "00{n}/2023;Concluída;{n:02d}/03/2023"),
        ("cp1252", "Aktenzeichen;Gebühr €;Größe", "A{n};12,50;{n:02d}"),
        ("cp1250", "Nr wniosku;Data złożenia;Wydział", "W/{n}/2023;{n:02d}.03.2023;Wydział Środowiska"),
        ("koi8_r", "Номер;Дата регистрации;Отдел", "О-{n};{n:02d}.03.2023;Отдел писем"),
        ("cp1251", "Номер;Дата регистрации;Отдел", "О-{n};{n:02d}.03.2023;Отдел писем"),
        ("cp932", "受付番号;受付日;担当課", "R5-{n};2023/04/{n:02d};市民課"),
        ("cp949", "접수번호;접수일자;부서", "K-{n};2023-03-{n:02d};민원과"),
        ("gb18030", "编号;受理日期;部门", "A{n};2023-03-{n:02d};公安局"),
        ("cp874", "เลขที่;วันที่รับ;หน่วยงาน", "{n};{n:02d}/03/2023;สำนักงานเขต"),
    ],
)
def test_letters_of_other_languages_are_read_as_they_were_written(tmp_path: Path, encoding: str, header: str, row: str) -> None:
    sample = tmp_path / "register_2023.csv"
    sample.write_bytes("".join(f"{line}\n" for line in (header, *(row.format(n=n) for n in range(1, 28)))).encode(encoding))
    said = drafted(sample, tmp_path / "register.yaml")
    assert said.code == 0, said.err
    text = (tmp_path / "register.yaml").read_text("utf-8")
    assert all(name in text for name in header.split(";")), text
    assert "# guess: look at the letters of the names" in text


def test_a_table_of_a_database_by_its_catalogue_alone(
    postgres_server: postgres.Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    admin(postgres_server, "create database vendor_draft")
    url = make_url(postgres_server.url("vendor_draft"))
    monkeypatch.setenv("AIRFLOW_CONN_SRC_VENDOR_Z", url.set(drivername="postgres").render_as_string(hide_password=False))
    profile = tmp_path / "vendor_z.yaml"
    try:
        with psycopg.connect(url.set(drivername="postgresql").render_as_string(hide_password=False)) as connection:
            connection.execute("create schema hs")
            connection.execute(
                "create table hs.hoso (ma_ho_so varchar(40) primary key, don_vi varchar(20), ngay_nhan timestamp, han_tra date, "
                "ngay_xong timestamp, so_cccd varchar(20), ho_ten text, ngay_sua timestamptz, kenh text, tep bytea, ngay_tra text)"
            )
            connection.execute(
                "insert into hs.hoso select 'H' || n, 'H19.16.21', '2023-05-02 08:00', '2023-05-10', null, '079301000123', 'Người Bịa', "
                "'2023-05-09', '1' from generate_series(1, 30) as n"
            )
        wrong = cchc("profile", "draft", "hs.hosso", "--table", "--model", "dossier", "--output", str(profile))
        assert (wrong.code, "no table or view 'hs.hosso'; did you mean 'hoso'?" in wrong.err, profile.exists()) == (1, True, False)
        said = cchc("profile", "draft", "hs.hoso", "--table", "--model", "dossier", "--output", str(profile))
        assert said.code == 0, said.err
        text = profile.read_text(encoding="utf-8")
        for line in (
            "database: {}",
            "table: hs.hoso",
            "key: [ma_ho_so]  # the primary key of the table",
            "changed_at: ngay_sua  # guess",
            "dossier_code: ma_ho_so  # guess",
            "unit_code: don_vi  # guess; map its values under 'codes' where they are not those of the model",
            "received_at: {from: ngay_nhan, critical: true}  # guess",
            "applicant_key: {from: so_cccd, personal: hmac}  # guess",
            'status_code: {from: ngay_xong, present: ["9", "4"]}  # guess',
            "# left out: ho_ten looks like personal data (name of a person)",
        ):
            assert line in text, text
        assert "returned_at" not in text, "a text is no time"
        assert "Bịa" not in text and "079301" not in text
        assert said.out.count("FILL IN") == text.count("TODO") - 1 == 2
        profile.write_text(text.replace(": TODO", ": Thử"), encoding="utf-8")
        tried = cchc("profile", "try", str(profile), "--rows", "10")
        assert tried.code == 0, tried.out + tried.err
    finally:
        admin(postgres_server, "drop database vendor_draft with (force)")
    refused = cchc("profile", "draft", "hs.hoso", "--table", "--model", "payment", "--output", str(tmp_path / "p.yaml"))
    assert refused.code == 1 and "has no connection" in refused.err


def test_every_draft_says_where_a_person_must_fill_in_and_is_well_otherwise(tmp_path: Path) -> None:
    """A sample of which nothing can be guessed: what `check` then finds is only what nobody has filled in yet."""
    sample = tmp_path / "x_20230501.csv"
    sample.write_text("q,w\nz,y\nz,y\n", encoding="utf-8")
    for model in (
        "dossier",
        "dossier_step",
        "procedure",
        "assessment",
        "document",
        "work_file",
        "signature",
        "leader",
        "payment",
        "survey_answer",
    ):
        said = drafted(sample, tmp_path / f"{model}_x.yaml", model)
        told = [line for line in said.out.splitlines() if line.startswith("FILL IN")]
        assert said.code == 0 and len(told) >= 3, said.out + said.err
        assert [line for line in told if "a person must fill this in" not in line] == [], model


def test_times_are_read_with_the_day_first_where_both_can_be_meant() -> None:
    zone = read_profile(PROJECT / "include" / "sources" / "feedback.yaml").zone_info
    both = Field("x", ["01/02/2023", "03/04/2023"], zone)
    assert (both.time_format, both.may_be_month_first) == ("dd/MM/yyyy", True)
    assert Field("x", ["01/31/2023", "03/04/2023"], zone).time_format == "MM/dd/yyyy"
    assert Field("x", ["31/01/2023"], zone).may_be_month_first is False
    assert Field("x", [], zone).time_format is None


def test_a_field_that_looks_personal_fills_no_column_but_the_hashed_one() -> None:
    zone = read_profile(PROJECT / "include" / "sources" / "feedback.yaml").zone_info
    numbers = [f"07930100012{n}" for n in range(5)]
    fields = {name: Field(name, numbers, zone) for name in ("unit_code", "CCCD")}
    found = guess(fields, "dossier", {"unit_code": "text", "applicant_key": "text"}, {"applicant_key": {"cccd"}})
    assert {column: each.name for column, (each, _) in found.columns.items()} == {"applicant_key": "CCCD"}


def test_wrong_use(export: Path, tmp_path: Path) -> None:
    said = drafted(export, tmp_path / "x.yaml", "dosier")
    assert (said.code, "did you mean 'dossier'?" in said.err) == (2, True)
    assert cchc("profile", "draft", str(export), "--model", "dossier").code == 2
    assert drafted(export.parent / "none.csv", tmp_path / "x.yaml").code == 2
    assert drafted(PROJECT / "README.md", tmp_path / "x.yaml").code == 2
    (tmp_path / "y.yaml").write_text("kept", encoding="utf-8")
    assert drafted(export, tmp_path / "y.yaml").code == 2
    assert (tmp_path / "y.yaml").read_text(encoding="utf-8") == "kept"
    empty = tmp_path / "empty.csv"
    empty.write_text("a,b\n", encoding="utf-8")
    said = drafted(empty, tmp_path / "z.yaml")
    assert (said.code, "no record of it can be read" in said.err, (tmp_path / "z.yaml").exists()) == (1, True, False)
