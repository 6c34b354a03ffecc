"""Messages never show delivered text. Text is planted in every place that can be faulty, and searched in all messages.

In ops, in landing, in what a command prints, in logs. Names of fields and files, positions and counts may be told.
"""

from __future__ import annotations

import csv
import hashlib
import json
import logging
from collections.abc import Callable
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import openpyxl
import pytest
import zstandard

from cchc.settings import PROJECT, Settings
from tests.support.cli import Said, cchc, connect
from tests.support.declared import declared_workbook, figure
from tests.support.deliveries import PAYMENT_COLUMNS, payment
from tests.support.district import CLOCK
from tests.support.profiles import profiles_that_try_once
from tests.support.source_server import Source, serving
from tests.support.warehouse import rows_of

# the marks: a name (in several forms), an identity number, a telephone number
MARKS = ("Mật Thị Danh", "mat.danh@vi.du", "079123456789", "0909123456", "MatThiDanh")
NAME, MAIL, IDENTITY, PHONE, TOKEN = MARKS
SIGNATURE = ["IdKySo", "IdVanBan", "NguoiKyId", "ThoiDiemKy", "LoaiChungThu", "HopLe", "NgayCapNhat"]
WHOLE = {"IdKySo": "1", "IdVanBan": "V1", "NguoiKyId": "N1", "ThoiDiemKy": "2023-01-05", "LoaiChungThu": "ca_nhan", "HopLe": True,
         "NgayCapNhat": "2023-01-05"}  # fmt: skip
CITIZEN = [NAME, MAIL, IDENTITY, PHONE, TOKEN, "2023-01-05", "x"]


def places(settings: Settings) -> dict[str, str]:
    """Everything that a run leaves behind: tables of ops, staging and core, and files of landing."""
    found = {}
    for row in rows_of(
        settings, "select schemaname || '.' || tablename as name from pg_tables where schemaname in ('ops', 'core', 'staging', 'mart')"
    ):
        found[row["name"]] = str(rows_of(settings, f"select string_agg(cast(t as text), ' ') as all_of_it from {row['name']} as t"))
    for path in settings.home.rglob("*"):
        if path.is_file():
            data = path.read_bytes()
            found[str(path)] = (zstandard.ZstdDecompressor().decompress(data) if path.suffix == ".zst" else data).decode("utf-8", "replace")
    return found


@contextmanager
def nothing_told(settings: Settings, caplog: pytest.LogCaptureFixture, *, words: str) -> Any:
    """Runs a command inside, by the function that it gives: what it says has `words`, and no mark is anywhere after it."""
    said: list[Said] = []

    def run(*arguments: str) -> Said:
        said.append(cchc("--verbose", *arguments))
        return said[-1]

    with caplog.at_level(logging.DEBUG):
        yield run
    told = "".join(each.out + each.err for each in said) + cchc("doctor").out + cchc("quarantine", "show").out
    assert words in told, told
    everywhere = places(settings) | {"what was printed": told, "logs": caplog.text}
    assert [(place, mark) for place, text in everywhere.items() for mark in MARKS if mark in text] == []


def as_csv(path: Path, rows: list[list[str]], encoding: str = "utf-8", **form: Any) -> None:
    with path.open("w", encoding=encoding, newline="") as file:
        csv.writer(file, lineterminator="\n", **form).writerows(rows)


def as_xlsx(path: Path, rows: list[list[str]], title: str = "Sheet1") -> None:
    book = openpyxl.Workbook()
    book.worksheets[0].title = title
    for row in rows:
        book.worksheets[0].append(row)
    book.save(path)


@pytest.fixture
def drop(warehouse: Settings, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Callable[[str], Path]:
    """A function: the drop folder of a source, connected."""

    def folder(source: str) -> Path:
        path = tmp_path / source
        path.mkdir(exist_ok=True)
        connect(monkeypatch, source, conn_type="fs", host=str(path))
        return path

    return folder


GARBAGE = "".join((NAME, "|", IDENTITY)) + "\n"


@pytest.mark.parametrize(
    ("write", "words"),
    [
        (lambda at: as_csv(at / "signatures_1.csv", [CITIZEN, CITIZEN]), "line 1 is no header (7 cells"),
        (lambda at: as_xlsx(at / "signatures_1.xlsx", [CITIZEN, CITIZEN]), "line 1 is no header (7 cells"),
        (lambda at: as_csv(at / "signatures_1.csv", [CITIZEN], delimiter="|"), "line 1 is no header (1 cells"),
        (lambda at: as_csv(at / "signatures_1.csv", [[f"Danh sách của {NAME}"], SIGNATURE, CITIZEN]), "line 1 is no header"),
        (lambda at: as_csv(at / "signatures_1.csv", [[*SIGNATURE, *CITIZEN], CITIZEN]), "7 cells where the header has 14"),
        (lambda at: as_csv(at / "signatures_1.csv", [[*SIGNATURE[:-1], *CITIZEN], CITIZEN]), "the header lacks 1 of the 7 columns"),
        (lambda at: as_csv(at / "signatures_1.csv", [[*SIGNATURE, *SIGNATURE], CITIZEN]), "twice"),
        (lambda at: as_csv(at / "signatures_1.csv", [SIGNATURE, CITIZEN[:3]]), "3 cells where the header has 7"),
        (lambda at: as_csv(at / "signatures_1.csv", [SIGNATURE, CITIZEN], encoding="utf-16"), "it is not utf-8-sig"),
        (lambda at: (at / "signatures_1.csv").write_text(",".join(SIGNATURE) + "\n1," + GARBAGE.strip(), "utf-8"), "no newline after its last line"),
        (lambda at: (at / "signatures_1.csv").write_text(",".join(SIGNATURE) + '\n1,"' + GARBAGE, "utf-8"), "it ends within quotes"),
        (lambda at: (at / "signatures_1.csv.gz").write_text(GARBAGE, "utf-8"), "its gzip is broken"),
        (lambda at: (at / "signatures_1.xlsx").write_text(GARBAGE, "utf-8"), "it is no whole workbook"),
        (lambda at: (at / "signatures_1.ndjson").write_text(GARBAGE, "utf-8"), "not JSON"),
        (lambda at: (at / "signatures_1.ndjson").write_text(json.dumps(NAME) + "\n" + json.dumps([IDENTITY]) + "\n", "utf-8"), "not an object"),
        (lambda at: (at / "signatures_1.ndjson").write_text(json.dumps(WHOLE | {IDENTITY: 1, MAIL: NAME}) + "\n", "utf-8"), "landed"),
    ],
)  # fmt: skip
def test_files(
    warehouse: Settings, drop: Callable[[str], Path], caplog: pytest.LogCaptureFixture, write: Callable[[Path], Any], words: str
) -> None:
    write(drop("documents"))
    with nothing_told(warehouse, caplog, words=words) as run:
        run("ingest", "documents", "--to", CLOCK)


def test_a_sheet_of_another_name(
    warehouse: Settings, drop: Callable[[str], Path], caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    sources = tmp_path / "sources"
    sources.mkdir()
    text = (PROJECT / "include" / "sources" / "documents.yaml").read_text(encoding="utf-8")
    (sources / "documents.yaml").write_text(text.replace("\nfiles:\n", "\nfiles:\n  formats: {sheet: DuLieu}\n"), encoding="utf-8")
    monkeypatch.setenv("CCHC_SOURCES_DIR", str(sources))
    as_xlsx(drop("documents") / "signatures_1.xlsx", [SIGNATURE], title=NAME)
    with nothing_told(warehouse, caplog, words="none of its 1 sheets is named DuLieu") as run:
        run("ingest", "documents", "--to", CLOCK)


@pytest.mark.parametrize(
    ("manifest", "words"),
    [
        ({"file": NAME}, "name: expected a text of 12 characters"),
        ({"sha256": IDENTITY}, "sha256 of the bytes as delivered: expected a text of 12 characters"),
        ({"rows": f"{NAME} 1"}, "rows: expected no whole number, found 1"),
        ({"amount": PHONE + "x"}, "amount: expected no whole number"),
        ({"revision": MAIL}, "revision: expected no whole number"),
        ({"note": NAME}, "landed"),
        (NAME, "lacks file, rows, amount, sha256, revision"),
    ],
)
def test_manifests(warehouse: Settings, drop: Callable[[str], Path], caplog: pytest.LogCaptureFixture, manifest: Any, words: str) -> None:
    row = payment(NguoiNop=NAME, SoTaiKhoan=IDENTITY)
    lines = [";".join(PAYMENT_COLUMNS), ";".join(row[column] for column in PAYMENT_COLUMNS), "#TONG;1;50000"]
    data = ("\ufeff" + "\r\n".join(lines) + "\r\n").encode()
    folder = drop("payments")
    (folder / "giaodich_20230605.csv").write_bytes(data)
    right = {"file": "giaodich_20230605.csv", "rows": 1, "amount": 50000, "sha256": hashlib.sha256(data).hexdigest(), "revision": 1}
    (folder / "giaodich_20230605.json").write_text(
        json.dumps(right | manifest if isinstance(manifest, dict) else manifest), encoding="utf-8"
    )
    with nothing_told(warehouse, caplog, words=words) as run:
        run("ingest", "payments", "--to", CLOCK)


def test_a_trailer(warehouse: Settings, drop: Callable[[str], Path], caplog: pytest.LogCaptureFixture) -> None:
    lines = [";".join(PAYMENT_COLUMNS), f"#TONG;{NAME};{IDENTITY}", f"{NAME};{PHONE}"]
    data = ("\ufeff" + "\r\n".join(lines) + "\r\n").encode()
    folder = drop("payments")
    (folder / "giaodich_20230605.csv").write_bytes(data)
    manifest = {"file": "giaodich_20230605.csv", "rows": 0, "amount": 0, "sha256": hashlib.sha256(data).hexdigest(), "revision": 1}
    (folder / "giaodich_20230605.json").write_text(json.dumps(manifest), encoding="utf-8")
    with nothing_told(warehouse, caplog, words="trailer: expected it on the last line, found 1 lines after it") as run:
        run("ingest", "payments", "--to", CLOCK)


@pytest.mark.parametrize(
    ("cell", "value", "words"),
    [
        ("A2", NAME, "MaChiTieu a text of 12 characters is no indicator code"),
        ("A3", NAME, "MaChiTieu"),
        ("B2", NAME, "TuSo is a text of 12 characters, must be a whole number"),
        ("B2", int(IDENTITY), "TuSo is a number of 11 characters, must not be more than MauSo"),
        ("E2", NAME, "NgayCanCu is a text of 12 characters, must be a date"),
        ("J1", NAME, "loaded"),
    ],
)
def test_declared_workbooks(
    warehouse: Settings, drop: Callable[[str], Path], caplog: pytest.LogCaptureFixture, cell: str, value: Any, words: str
) -> None:
    book = declared_workbook([figure("staff_training_rate", 3, 4)])
    book["SoLieu"][cell] = value
    book.save(drop("declared") / "tukhai_H19.16.2_2023-06.xlsx")
    with nothing_told(warehouse, caplog, words=words) as run:
        run("ingest", "declared", "--to", CLOCK)


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (lambda h: h.reply({"error": NAME, "record": CITIZEN}, 400), "answered 400"),
        (lambda h: h.reply(f"<p>{NAME}</p>".encode(), 418), "answered 418"),
        (lambda h: h.reply({}, 302, {"Location": f"http://x/?{TOKEN}"}), "a redirect"),
        (lambda h: h.reply({"total": 1, "data": NAME}), "is no list but str"),
        (lambda h: h.reply({"total": NAME, "data": []}), "has no 'total'"),
        (lambda h: h.reply([NAME]), "is no object but list"),
        (lambda h: h.reply(f'{{"total": 1, "data": ["{NAME}'.encode()), "is not JSON or was cut off"),
        (lambda h: h.reply({"total": 9, "data": [], "next_cursor": [NAME]}), "neither text nor null but list"),
        (lambda h: h.reply({"total": 9, "data": [{"IdKySo": NAME}], "next_cursor": TOKEN}), "came before"),
        (lambda h: h.wfile.write(f"{TOKEN} {PHONE}\r\n\r\n".encode()) and setattr(h, "close_connection", True) or True, "no connection (BadStatusLine)"),  # type: ignore[func-returns-value]
    ],
)  # fmt: skip
def test_answers_over_http(
    warehouse: Settings, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, caplog: pytest.LogCaptureFixture,
    answer: Callable[[Any], bool], words: str,
) -> None:  # fmt: skip
    monkeypatch.setenv("CCHC_SOURCES_DIR", str(profiles_that_try_once(tmp_path / "sources", "one_stop")))
    monkeypatch.setattr("cchc.sources.http.FIRST_PAUSE_SECONDS", 0)  # an answer that cannot be read is asked for again
    source = Source()
    source.faults = {"/api/dossiers": [answer] * 10}
    with serving(source) as base:
        connect(monkeypatch, "one_stop", conn_type="http", host=base, login="client", password="s3cret-value")
        with nothing_told(warehouse, caplog, words=words) as run:
            assert run("ingest", "one_stop", "--to", CLOCK).code == 1


def test_records_over_http(warehouse: Settings, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    source = Source()
    source.page = 100
    source.records["dossiers"] = [
        NAME,
        [IDENTITY],
        {"ChuHoSo": NAME, "Email": MAIL, IDENTITY: 1, "TaiLieuNop": NAME, "DinhDanhCHS": [{"SoDinhDanh": IDENTITY}]},
    ]
    with serving(source) as base:
        connect(monkeypatch, "one_stop", conn_type="http", host=base, login="client", password="s3cret-value")
        with nothing_told(warehouse, caplog, words="not an object (str)") as run:
            assert run("ingest", "one_stop", "--to", CLOCK).code == 0
