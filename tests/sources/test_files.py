"""Delivered files: formats, files without an end, day files with manifests, and another vendor's export."""

from __future__ import annotations

import gzip
import json
import os
import shutil
from collections.abc import Callable
from dataclasses import replace
from datetime import date, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any

import openpyxl
import orjson
import pytest

from cchc.errors import NotConfigured, SourceUnavailable
from cchc.period import ZONE, now
from cchc.sources import amounts, times
from cchc.sources.connection import Connection
from cchc.sources.extract import extract
from cchc.sources.fields import Earlier, Share
from cchc.sources.landing import Landed, Window
from cchc.sources.profile import Profile
from tests.sources.conftest import KEY, T, profile, records, rows
from tests.support.deliveries import PAYMENT_HEADER
from tests.support.permits import EXPORTS, Export

SIGNATURE = "IdKySo,IdVanBan,NguoiKyId,ThoiDiemKy,LoaiChungThu,HopLe,NgayCapNhat"


@pytest.fixture
def read(inbox: Path, landing: str) -> Callable[..., list[Landed]]:
    def run(name: str = "payments", *, extract_id: int = 1, window: Window | None = None, **options: Any) -> list[Landed]:
        connection = Connection(name, str(inbox))
        return extract(profile(name), connection, window or Window(None, T), landing, extract_id=extract_id, privacy_key=KEY, **options)

    return run


def row(code: str, amount: str = "50.000", kind: str = "PAY", status: str = "1", at: str = "05/01/2023 08:00:00") -> str:
    return (
        f"DH{code};GD{code};H1;1.000001;H19.16;{kind};{amount};{amount};0;qr;1;{status};00;VCB;{at};;BL{code};Nguyễn Văn Nộp;0071000123456"
    )


def day_file(
    inbox: Path,
    name: str = "giaodich_20230105.csv",
    lines: list[str] | None = None,
    trailer: str | None = "#TONG;2;100.000",
    revision: int = 1,
    **declared: Any,
) -> None:
    """A day file and its manifest; `declared` overrides what the manifest says (None = no manifest)."""
    body = [PAYMENT_HEADER, *(lines if lines is not None else [row("1"), row("2")]), *([trailer] if trailer else [])]
    data = ("\ufeff" + "".join(line + "\r\n" for line in body)).encode()
    data = gzip.compress(data, mtime=0) if name.endswith(".gz") else data
    (inbox / name).write_bytes(data)
    manifest = {"file": name, "rows": 2, "amount": 100000, "sha256": sha256(data).hexdigest(), "revision": revision} | declared
    (inbox / (name.removesuffix(".gz").removesuffix(".csv") + ".json")).write_text(json.dumps(manifest))


def test_a_day_file(inbox: Path, read: Callable[..., list[Landed]]) -> None:
    refund = row("3", "20.000", kind="REFUND")
    day_file(inbox, lines=[row("1"), row("2"), refund, row("4", "9.999", status="4")], trailer="#TONG;4;100.000", rows=4)
    (load,) = read()
    assert load.status == "landed"
    assert all(check.ok for check in load.checks)
    assert [check.rule for check in load.checks] == ["B1", "B2", "B3", "B4", "B5", "B6"]
    assert [line[0] for line in rows(load)] == [2, 3, 4, 5]
    assert records(load)[0]["SoTien"] == "50.000"
    facts = {key: load.manifest[key] for key in ("rows_delivered", "amount_delivered", "trailer", "file_date", "revision", "complete")}
    assert facts == {
        "rows_delivered": 4,
        "amount_delivered": 100000,
        "trailer": {"rows": 4, "amount": 100000},
        "file_date": "2023-01-05",
        "revision": 1,
        "complete": True,
    }


@pytest.mark.parametrize(
    ("change", "rule", "words"),
    [
        ({"file": "giaodich_20230106.csv"}, "B1", "name: expected giaodich_20230106.csv, found giaodich_20230105.csv"),
        ({"sha256": "0" * 64}, "B2", f"expected {'0' * 64}, found"),
        ({"rows": 3}, "B3", "rows: expected 3, found 2"),
        ({"amount": 100001}, "B4", "amount: expected 100001, found 100000"),
        ({"revision": 2}, "B5", "revision: expected 2, found 1"),
        ({"trailer": "#TONG;3;100.000"}, "B6", "found [2, 100000]"),
        ({"trailer": "#TONG;2;1"}, "B6", "expected [2, 1]"),
        ({"trailer": None}, "B6", "found none"),
        ({"lines": [row("1"), "#TONG;2;100.000", row("2")]}, "B6", "found 2 lines after it"),
        ({"lines": [row("1"), row("2", "5.00")]}, "B4", "1 amounts that are no numbers"),
    ],
)
def test_a_day_file_that_disagrees_is_blocked_by_name(
    inbox: Path, read: Callable[..., list[Landed]], tmp_path: Path, change: dict[str, Any], rule: str, words: str
) -> None:
    day_file(inbox, **change)
    (load,) = read()
    assert load.status == "blocked"
    assert rule in [check.rule for check in load.checks if not check.ok]
    assert load.message is not None
    assert f"file giaodich_20230105.csv is blocked: {rule}" in load.message or rule in load.message
    assert words in load.message
    assert load.path == ""
    assert not list(tmp_path.rglob("part-*"))


def test_a_corrected_manifest_is_read_again_and_the_same_one_is_not(inbox: Path, read: Callable[..., list[Landed]]) -> None:
    day_file(inbox, rows=3)
    (load,) = read()
    known = {"giaodich_20230105.csv": load.manifest["sha256"]}
    assert read(extract_id=2, known_files=known) == []
    day_file(inbox)
    (load,) = read(extract_id=3, known_files=known)
    assert load.status == "landed"
    assert read(extract_id=4, known_files={"giaodich_20230105.csv": load.manifest["sha256"]}) == []


def test_a_day_file_is_judged_again_when_the_profile_counts_otherwise(inbox: Path, landing: str) -> None:
    """The amounts are summed by an entry of the profile: where that was wrong, the file is not."""
    day_file(inbox)
    payments = profile("payments")
    assert payments.files is not None
    wrong = replace(payments, files=replace(payments.files, thousands=","))

    def read_by(given: Profile, extract_id: int, known: dict[Any, str]) -> list[Landed]:
        connection = Connection("payments", str(inbox))
        return extract(given, connection, Window(None, T), landing, extract_id=extract_id, privacy_key=KEY, known_files=known)

    (load,) = read_by(wrong, 1, {})
    assert (load.status, "2 amounts that are no numbers" in (load.message or "")) == ("blocked", True)
    known: dict[Any, str] = {("payments", "giaodich_20230105.csv"): load.manifest["sha256"]}
    assert read_by(wrong, 2, known) == []
    assert [load.status for load in read_by(payments, 3, known)] == ["landed"]


def test_a_day_that_has_not_come_is_told_where_t_is_the_moment_of_the_run(inbox: Path, read: Callable[..., list[Landed]]) -> None:
    """A mistyped year would else never be read, and nobody would know."""
    day_file(inbox, "giaodich_20320105.csv")
    day_file(inbox)
    assert [load.file_name for load in read()] == ["giaodich_20230105.csv"], "a later window has it"
    by_clock = Window(None, datetime(2023, 1, 9, tzinfo=ZONE), is_by_clock=True)
    landed, waiting = read(window=by_clock, extract_id=2)
    assert (landed.status, waiting.status, waiting.file_name) == ("landed", "waiting", "giaodich_20320105.csv")
    assert "its day, 2032-01-05, has not come; where it is mistyped, ask the sender for the right name" in (waiting.message or "")


def test_revisions_in_any_order_and_only_days_before_t(inbox: Path, read: Callable[..., list[Landed]]) -> None:
    day_file(inbox, "giaodich_20230105_r10.csv.gz", revision=10)
    day_file(inbox, "giaodich_20230105_r2.csv", revision=2)
    day_file(inbox, "giaodich_20230105.csv")
    day_file(inbox, "giaodich_20230630.csv")
    day_file(inbox, "giaodich_20230701.csv")
    loads = read()
    assert [(load.file_name, load.manifest["revision"]) for load in loads] == [
        ("giaodich_20230105.csv", 1),
        ("giaodich_20230105_r2.csv", 2),
        ("giaodich_20230105_r10.csv.gz", 10),
        ("giaodich_20230630.csv", 1),
    ]
    start = datetime(2023, 6, 30, tzinfo=ZONE)
    assert [load.file_name for load in read(extract_id=2, window=Window(start, T, explicit=True))] == ["giaodich_20230630.csv"]
    assert len(read(extract_id=3, window=Window(start, T))) == 4  # late files of old days come with the usual window


def test_a_day_file_with_its_ending_in_capitals(inbox: Path, read: Callable[..., list[Landed]]) -> None:
    day_file(inbox, "giaodich_20230105.CSV")
    (inbox / "giaodich_20230105.CSV.json").rename(inbox / "giaodich_20230105.json")
    (load,) = read()
    assert (load.status, load.file_name, load.manifest["file_date"]) == ("landed", "giaodich_20230105.CSV", "2023-01-05")


def test_waiting_for_the_manifest_is_told_after_a_day(inbox: Path, read: Callable[..., list[Landed]]) -> None:
    day_file(inbox)
    (inbox / "giaodich_20230105.json").unlink()
    (load,) = read()
    assert (load.status, load.overdue) == ("waiting", False)
    assert "manifest giaodich_20230105.json is not there" in (load.message or "")
    old = (now() - timedelta(hours=25)).timestamp()
    os.utime(inbox / "giaodich_20230105.csv", (old, old))
    (load,) = read(extract_id=2)
    assert load.overdue
    assert "more than a day" in (load.message or "")
    (inbox / "giaodich_20230105.json").write_text('{"file": "gia')
    assert read(extract_id=3)[0].status == "waiting"
    (inbox / "giaodich_20230105.json").write_text('{"file": "giaodich_20230105.csv"}')
    (load,) = read(extract_id=4)
    assert (load.status, "lacks rows, amount, sha256, revision" in (load.message or "")) == ("blocked", True)


def test_a_manifest_without_its_file_and_a_name_off_the_pattern(inbox: Path, read: Callable[..., list[Landed]]) -> None:
    day_file(inbox)
    (inbox / "giaodich_20230105.csv").unlink()
    (inbox / "giaodich_20231305.csv").write_text("x\n")
    blocked, waiting = read()
    assert (blocked.status, blocked.checks[0].rule) == ("blocked", "B1")
    assert "giaodich_20231305.csv" in (blocked.message or "")
    assert (waiting.status, "its data file is not there" in (waiting.message or "")) == ("waiting", True)
    assert waiting.file_name == "giaodich_20230105.json"


def test_half_a_day_file_with_its_manifest_is_blocked(inbox: Path, read: Callable[..., list[Landed]]) -> None:
    for name in ("giaodich_20230105.csv", "giaodich_20230106.csv.gz"):
        day_file(inbox, name)
        data = (inbox / name).read_bytes()
        (inbox / name).write_bytes(data[: len(data) // 2])
    for load in read():
        assert load.status == "blocked"
        assert [check.rule for check in load.checks if not check.ok] == ["B0", "B2"]


# undated files


def test_csv_with_json_cells(inbox: Path, read: Callable[..., list[Landed]]) -> None:
    papers = json.dumps([{"MaThanhPhanHoSo": "TP1", "DuocSoHoa": "1", "DuongDanTaiTepTin": "/a.pdf", "TenTepDinhKem": "Đơn của ông A.pdf"}])
    columns = ["MaHoSo", "NgaySuaCuoi", "TaiLieuNop", "DanhSachLePhi", "TenTTHC"]
    others = sorted(set(profile("one_stop").entities["dossiers"].wire_fields) - set(columns))
    rest = "," * len(others)
    lines = [
        ",".join([*columns, *others]),
        f'H1,20230105080000,"{papers.replace(chr(34), chr(34) * 2)}",,"hai\ndòng"{rest}',
        f"H2,20230105080000,[not json,[],x{rest}",
        f'H3,20230105080000,"{{""a"": 1}}",[1],x{rest}',
        "H4,20230105080000",
        "",
        f"H5,20230701000000,,,{rest}",
    ]
    (inbox / "dossiers_2023.csv").write_text("\n".join(lines) + "\n", encoding="utf-8-sig")
    (load,) = read("one_stop", entities=["dossiers"])
    assert [line[0] for line in rows(load)] == [2, 4, 5, 6]
    first, second, third, fourth = rows(load)
    assert first[1]["TaiLieuNop"][0]["MaThanhPhanHoSo"] == "TP1"
    assert set(first[1]["TaiLieuNop"][0]) == {"MaThanhPhanHoSo", "DuocSoHoa", "DuongDanTaiTepTin"}
    assert first[1]["DanhSachLePhi"] == ""
    assert (second[1]["TaiLieuNop"], second[1]["DanhSachLePhi"]) == ("(malformed)", [])
    assert (third[1]["TaiLieuNop"], third[1]["DanhSachLePhi"]) == ("(malformed)", "(malformed)")
    assert (fourth[1], fourth[2]) == (None, f"2 cells where the header has {len(columns) + len(others)}")
    assert load.manifest["complete"] is False
    assert load.manifest["late"] == 1
    (load,) = read("one_stop", entities=["dossiers"], extract_id=2, window=Window(None, datetime(2023, 8, 1, tzinfo=ZONE)))
    assert (load.manifest["complete"], load.manifest["records"]) == (True, 5)


def test_ndjson_gz_and_xlsx(inbox: Path, read: Callable[..., list[Landed]]) -> None:
    lines = [b'{"IdKySo": 1, "NgayCapNhat": "2023-01-05"}', b"", b"not json", b'"text"', b'{"IdKySo": 2, "NgayCapNhat": "2023-01-05"}']
    (inbox / "signatures_1.ndjson.gz").write_bytes(gzip.compress(b"\n".join(lines) + b"\n"))
    book = openpyxl.Workbook()
    sheet = book.worksheets[0]
    columns = ["IdVanBan", "DoMat", "NgayBanHanh", "NgayCapNhat", "KySo", "TrichYeu"]
    others = sorted(set(profile("documents").entities["documents"].wire_fields) - set(columns))
    sheet.append([*columns, *others])
    sheet.append([7, "thuong", date(2023, 1, 4), datetime(2023, 1, 5, 8), True, "Về việc của bà B"])
    sheet.append([None] * 6)
    sheet.append(["VB8", "thuong", "04/01/2023", "2023-01-05", "false", ""])
    book.save(inbox / "documents_1.xlsx")
    documents, signatures = read("documents")
    assert [line[0] for line in rows(documents)] == [2, 4]
    assert records(documents)[0] == dict.fromkeys(others, "") | {
        "IdVanBan": 7,
        "DoMat": "thuong",
        "NgayBanHanh": "04/01/2023",
        "NgayCapNhat": "2023-01-05T08:00:00",
        "KySo": True,
    }
    assert [(line[0], line[2]) for line in rows(signatures)] == [
        (1, None),
        (3, rows(signatures)[1][2]),
        (4, "not an object (str)"),
        (5, None),
    ]
    assert rows(signatures)[1][2].startswith("not JSON")


@pytest.mark.parametrize(
    ("name", "data", "words"),
    [
        ("signatures_1.ndjson", b'{"IdKySo": 1}\n{"IdKySo": 2}', "no newline after its last line"),
        ("signatures_1.ndjson", b"", "it is empty"),
        ("signatures_1.csv", f"{SIGNATURE}\n1,2023-01-0".encode(), "no newline after its last line"),
        ("signatures_1.csv", b"IdKySo,NgayCa", "no newline after its last line"),
        ("signatures_1.csv", f'{SIGNATURE}\n1,"2023\n'.encode(), "it ends within quotes"),
        ("signatures_1.csv", f"{SIGNATURE}\n1,ạ".encode()[:-1], "it ends within a letter"),
        ("signatures_1.csv.gz", gzip.compress(f"{SIGNATURE}\n1,2023-01-05\n".encode() * 99)[:-12], "gzip is broken"),
        ("signatures_1.csv.gz", b"IdKySo,NgayCapNhat\n", "gzip is broken"),
        ("signatures_1.xlsx", b"PK\x03\x04 half a workbook", "no whole workbook"),
    ],
)
def test_a_file_without_an_end_is_left_for_the_next_run(
    inbox: Path, read: Callable[..., list[Landed]], tmp_path: Path, name: str, data: bytes, words: str
) -> None:
    (inbox / name).write_bytes(data)
    (load,) = read("documents", entities=["signatures"])
    assert (load.status, load.file_name) == ("waiting", name)
    assert words in (load.message or "")
    assert f"documents signatures, file {name}" in (load.message or "")
    assert not list(tmp_path.rglob("part-*"))
    assert not list(tmp_path.rglob("manifest.json"))


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (f"{SIGNATURE},IdKySo\n".encode(), "line 1: the header has IdKySo twice. Ask the sender for a corrected file."),
        (
            f"{SIGNATURE}\n1,2023-01-05\n2,\xff\n3,x\n".encode("latin-1"),
            "it is not utf-8-sig: byte 0xff after line 0. No file of signatures has been loaded yet: look at files.formats.encoding in the "
            "profile documents.yaml; where that is right, ask the sender",
        ),
        (b"\n", "line 1: there is no header. Ask the sender for a corrected file."),
    ],
)
def test_a_file_that_cannot_be_understood_is_blocked(inbox: Path, read: Callable[..., list[Landed]], data: bytes, words: str) -> None:
    (inbox / "signatures_1.csv").write_bytes(data)
    (load,) = read("documents", entities=["signatures"])
    assert load.status == "blocked"
    assert words in (load.message or "")
    assert "stays" not in (load.message or ""), "there is nothing that could"
    assert read("documents", entities=["signatures"], extract_id=2, known_files={"signatures_1.csv": load.manifest["sha256"]}) == []


def test_a_blocked_file_is_judged_again_when_the_profile_reads_it_otherwise(inbox: Path, landing: str) -> None:
    (inbox / "signatures_1.csv").write_text(
        SIGNATURE.replace("HopLe", "Hợp lệ") + "\n1,V1,N1,2023-01-05,ca_nhan,true,2023-01-05\n", "utf-8"
    )
    documents = profile("documents").with_entities(["signatures"])

    def read_again(given: Profile, extract_id: int, known: dict[Any, str]) -> list[Landed]:
        connection = Connection("documents", str(inbox))
        return extract(given, connection, Window(None, T), landing, extract_id=extract_id, privacy_key=KEY, known_files=known)

    (load,) = read_again(documents, 1, {})
    assert load.status == "blocked"
    known: dict[Any, str] = {("signatures", "signatures_1.csv"): load.manifest["sha256"]}
    assert read_again(documents, 2, known) == [], "nothing has changed"
    signatures = documents.entities["signatures"]
    columns = tuple(replace(column, source="Hợp lệ") if column.name == "is_valid" else column for column in signatures.columns)
    mended = replace(documents, entities={"signatures": replace(signatures, columns=columns)})
    (load,) = read_again(mended, 3, known)
    assert (load.status, records(load)[0]["Hợp lệ"]) == ("landed", "true")
    known = {("signatures", "signatures_1.csv"): load.manifest["sha256"]}
    assert read_again(mended, 4, known) == read_again(documents, 5, known) == [], "what was loaded is not read again"


def test_a_header_that_lacks_columns_is_told_with_what_is_new(inbox: Path, read: Callable[..., list[Landed]]) -> None:
    lines = ["IdKySo,IdVanBan,Người ký,Thời điểm ký,LoaiChungThu,NgayCapNhat,Ghi chú", "1,V1,N1,2023-01-05,ca_nhan,2023-01-05,x"]
    (inbox / "signatures_1.csv").write_text("\n".join(lines) + "\n", "utf-8")
    shares = {"ThoiDiemKy": Share(10, 10, 10), "HopLe": Share(10, 10, 10), "NguoiKyId": Share(10, 0, 0)}
    (load,) = read("documents", entities=["signatures"], earlier={"signatures": Earlier(1, shares, frozenset({"signatures_1.csv"}))})
    assert load.message == (
        "documents signatures, file signatures_1.csv is blocked: B0 line 1: the header lacks 3 of the 7 columns that the profile uses: "
        "NguoiKyId (person_code), ThoiDiemKy (signed_at), HopLe (is_valid). New here, and used by no column: Ghi chú, Người ký, Thời điểm ký. "
        "Nearest in name: NguoiKyId → Người ký, ThoiDiemKy → Thời điểm ký. "
        "Earlier deliveries had ThoiDiemKy (signed_at), HopLe (is_valid): where the vendor has renamed this, correct columns.signed_at, "
        "columns.is_valid of the entity signatures in the profile documents.yaml and ingest again; where it was left out, ask the sender for a "
        "corrected delivery. No earlier delivery had NguoiKyId (person_code): look at columns.person_code of the entity signatures in the "
        "profile documents.yaml. What the source does not have at all is marked optional: true there, with a reason. "
        "What was loaded of this file before stays."
    )


def test_a_first_line_that_is_no_header_is_not_repeated(inbox: Path, read: Callable[..., list[Landed]]) -> None:
    """Without a header, or with its line break lost, the cells of line 1 are somebody's record."""
    record = "1;V1;Nguyễn Văn Thử;2023-01-05;ca_nhan;true;2023-01-05"
    (inbox / "signatures_1.csv").write_text(f"{record}\n{record}\n", "utf-8")
    (inbox / "signatures_2.csv").write_text(SIGNATURE.replace(",", ";") + f"{record}\n{record}\n", "utf-8")
    (inbox / "signatures_3.csv").write_text(record.replace(";", "|") + "\n", "utf-8")
    first, second, third = read("documents", entities=["signatures"])
    assert [load.status for load in (first, second, third)] == ["blocked"] * 3
    assert "line 1 is no header (7 cells, which are not repeated here): it lacks 7 of the 7 columns" in (first.message or "")
    assert "the header lacks 1 of the 7 columns that the profile uses: NgayCapNhat (change time). Nothing of" in (second.message or "")
    assert "look at files.formats.delimiter as well" in (third.message or "")
    assert not any(word in str(load) for load in (first, second, third) for word in ("Thử", "ca_nhan", "V1"))


def test_an_optional_column_may_be_missing(inbox: Path, landing: str) -> None:
    signatures = profile("documents").entities["signatures"]
    optional = tuple(
        replace(column, optional=True, reason="the old gateway does not tell") if column.name == "is_valid" else column
        for column in signatures.columns
    )
    given = replace(profile("documents"), entities={"signatures": replace(signatures, columns=optional)})
    (inbox / "signatures_1.csv").write_text(SIGNATURE.replace(",HopLe", "") + "\n1,V1,N1,2023-01-05,ca_nhan,2023-01-05\n", "utf-8")
    (load,) = extract(given, Connection("documents", str(inbox)), Window(None, T), landing, extract_id=1, privacy_key=KEY)
    assert load.status == "landed"
    assert "HopLe" in load.manifest["fields"]["mapped"]
    assert "HopLe" not in load.manifest["fields"]["present"]


def test_a_header_that_lacks_a_column_is_blocked(inbox: Path, read: Callable[..., list[Landed]]) -> None:
    (inbox / "khaosat_20230105.csv").write_bytes(b"MaPhieu;NgayKhaoSat;MaDonVi;MaHoSo\nP1;05/01/2023;H19.16;\n")
    (inbox / "khaosat_20230106.csv").write_bytes(
        "Ghi chú;MaPhieu;NgayKhaoSat;MaDonVi;MaHoSo;MucDoHaiLong\n?;P1;05/01/2023;H19.16;;5\n".encode()
    )
    book = openpyxl.Workbook()
    book.worksheets[0].append(["MaPhieu", "NgayKhaoSat", "MaDonVi", "MucDoHaiLong"])
    book.save(inbox / "khaosat_20230107.xlsx")
    first, second, third = read("survey")
    assert (first.status, "the header lacks 1 of the 5 columns that the profile uses: MucDoHaiLong (score)." in (first.message or "")) == (
        "blocked",
        True,
    )
    assert (third.status, "the header lacks 1 of the 5 columns that the profile uses: MaHoSo (dossier_code)." in (third.message or "")) == (
        "blocked",
        True,
    )
    assert second.status == "landed"
    assert (second.manifest["file_date"], second.manifest["revision"]) == ("2023-01-06", 1)
    assert records(second) == [{"MaPhieu": "P1", "NgayKhaoSat": "05/01/2023", "MaDonVi": "H19.16", "MaHoSo": "", "MucDoHaiLong": "5"}]


def test_a_retry_keeps_what_landed_even_when_the_sender_took_the_file_away(inbox: Path, read: Callable[..., list[Landed]]) -> None:
    (inbox / "signatures_1.csv").write_text(SIGNATURE.replace(",", ";") + "\n1;V1;N1;2023-01-05;ca_nhan;true;2023-01-05\n", "utf-8")
    (first,) = read("documents", entities=["signatures"])
    (inbox / "signatures_1.csv").unlink()
    (again,) = read("documents", entities=["signatures"])
    assert again.manifest == first.manifest
    assert records(again)[0]["IdKySo"] == "1"


def test_the_folder_must_be_there(landing: str, tmp_path: Path) -> None:
    with pytest.raises(SourceUnavailable, match=r"payments: the drop folder .*lost is not there"):
        extract(
            profile("payments"), Connection("payments", str(tmp_path / "lost")), Window(None, T), landing, extract_id=1, privacy_key=KEY
        )
    with pytest.raises(NotConfigured, match="cannot be opened"):
        extract(profile("payments"), Connection("payments", "nosuch://x"), Window(None, T), landing, extract_id=1, privacy_key=KEY)


def test_whole_numbers() -> None:
    good = {"50.000": 50000, "0": 0, "1.234.567": 1234567, "-5.000": -5000, "1234": 1234}
    assert {text: amounts.whole_number(text, ".") for text in good} == good
    assert all(amounts.whole_number(text, ".") is None for text in ("", "5.00", "1234.567", "1,5", "x", ".500", "1.5", "٣"))
    assert amounts.whole_number(7, None) == 7
    assert amounts.whole_number(True, None) is None


@pytest.mark.parametrize("export", EXPORTS)
def test_another_vendors_export_from_a_profile_alone(inbox: Path, landing: str, export: Export) -> None:
    shutil.copy(export.path, inbox)
    dutch = profile("dutch_permits", "docs/examples")
    loads = extract(dutch, Connection("dutch_permits", str(inbox)), Window(None, now()), landing, extract_id=1, privacy_key=KEY)
    dossiers, steps = (records(load) for load in loads)
    finished = [record for record in dossiers if record["case:enddate"]]
    assert (len(dossiers), len(steps), len(finished)) == (export.cases, export.events, export.ended)
    time_of = times.reader(dutch.time_formats, dutch.zone_info)

    def day(record: dict[str, Any], name: str) -> date:
        at = time_of(record[name])
        assert at is not None
        return at.astimezone(dutch.zone_info).date()

    assert sum(day(record, "case:enddate") <= day(record, "case:deadline") for record in finished) == export.not_late
    lines = [line[0] for line in rows(loads[0])]
    assert len(set(lines)) == export.cases
    assert max(lines) == export.events + 1


def test_several_rows_of_a_key_are_one_record_and_the_last_wins(inbox: Path, landing: str) -> None:
    dutch = profile("dutch_permits", "docs/examples")
    columns = ["case:concept:name", "case:enddate", "concept:instance"]
    others = sorted({name for entity in dutch.entities.values() for name in entity.wire_fields} - set(columns))
    rows_of_it = ["A,,t1", "B,,t2", "A,2020-01-01,t3", ",,t4"]
    lines = [",".join([*columns, *others]), *(row + "," * len(others) for row in rows_of_it)]
    (inbox / "dutch_permits_1.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    loads = extract(dutch, Connection("dutch_permits", str(inbox)), Window(None, now()), landing, extract_id=1, privacy_key=KEY)
    assert sorted((line[0], line[1]["case:concept:name"], line[1]["case:enddate"]) for line in rows(loads[0])) == [
        (3, "B", ""),
        (4, "A", "2020-01-01"),
        (5, "", ""),
    ]
    assert len(rows(loads[1])) == 4
    assert orjson.dumps(loads[1].manifest["key"]) == b'["concept:instance"]'


def test_what_stands_in_the_place_of_a_blocked_file(inbox: Path, read: Callable[..., list[Landed]]) -> None:
    def said(**options: Any) -> str:
        loads = {load.file_name: load for load in read(**options)}
        return loads["giaodich_20230105_r2.csv"].message or ""

    day_file(inbox, "giaodich_20230105_r2.csv", revision=3)
    day_file(inbox, "giaodich_20230106.csv")
    alone = "Ask the sender for a corrected file. Where every file is blocked alike, look at files.manifest and files.formats in the profile payments.yaml."
    assert said().endswith(f"{alone} Nothing has been loaded in its place.")
    day_file(inbox, "giaodich_20230105.csv")
    assert said(extract_id=2).endswith(f"{alone} giaodich_20230105.csv of this run may take its place.")
    published = {"payments": Earlier(2, {}, frozenset({"giaodich_20230105.csv", "giaodich_20230106.csv"}))}
    assert said(extract_id=3, earlier=published).endswith(
        "Ask the sender for a corrected file. Revision 1 (giaodich_20230105.csv) stays in force."
    )
    (inbox / "giaodich_20231305_r9.csv").write_text("x\n", encoding="utf-8")
    off = next(load for load in read(extract_id=4) if load.file_name == "giaodich_20231305_r9.csv")
    assert "No file of payments has been loaded yet: look at files.name in the profile payments.yaml; where that is right, ask" in (
        off.message or ""
    )
    off = next(load for load in read(extract_id=5, earlier=published) if load.file_name == "giaodich_20231305_r9.csv")
    assert (off.message or "").endswith(
        "ask the sender for a corrected file; where the source has changed for good, correct files.name in the profile payments.yaml."
    )
