"""Personal data and secret records never reach the disk."""

from __future__ import annotations

import gzip
import hmac
import json
from collections.abc import Callable
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pytest
import zstandard

from cchc.errors import NotConfigured
from cchc.period import ZONE
from cchc.sources.connection import Connection
from cchc.sources.extract import extract
from cchc.sources.landing import Folder, Landed, Window, complete_manifest
from cchc.sources.privacy import keyed
from cchc.sources.secrecy import purge_landing
from cchc.staging.key_ids import key_id
from tests.sources.conftest import KEY, T, profile, records, rows
from tests.support.source_server import Source

Pull = Callable[..., dict[str, Landed]]
PLANTED = {
    "ChuHoSo": "Nguyễn Thị Riêng Tư",
    "SoGiayToChuHoSo": "075199001234",
    "MaDoiTuong": "acc-998877",
    "Email": "rieng.tu@example.org",
    "Fax": "02513999888",
    "SoDienThoai": "0912000111",
    "TrichYeuHoSo": "Đơn của bà Riêng Tư",
    "ThongTinKhac": "nhà số 5 đường Bí Mật",
}


def on_disk(folder: Path) -> bytes:
    """Every byte of a folder, parts unpacked."""
    found = b""
    for path in folder.rglob("*"):
        found += path.name.encode()
        if path.is_file():
            data = path.read_bytes()
            found += zstandard.ZstdDecompressor().decompress(data) if path.suffix == ".zst" else data
    return found


def scan(folder: Path, planted: list[str]) -> list[str]:
    """Which planted texts stand on the disk, written as they are or escaped."""
    content = on_disk(folder)
    return [text for text in planted if text.encode() in content or json.dumps(text)[1:-1].encode() in content]


def test_the_scan_sees_what_is_there(tmp_path: Path) -> None:
    (tmp_path / "part-1.zst").write_bytes(zstandard.ZstdCompressor().compress('["Nguyễn Thị Riêng Tư"]'.encode()))
    assert scan(tmp_path, list(PLANTED.values())) == ["Nguyễn Thị Riêng Tư"]


def test_no_personal_value_reaches_landing(source: Source, pull: Pull, tmp_path: Path) -> None:
    lists = {
        "DinhDanhCHS": [{"LoaiDinhDanh": "1", "SoDinhDanh": "075199001234"}],
        "TaiLieuNop": [{"MaThanhPhanHoSo": "TP1", "TenTepDinhKem": "CCCD Riêng Tư.pdf", "DuongDanTaiTepTin": "/kho/075199001234.pdf"}],
        "DanhSachGiayToKetQua": [{"MaGiayToKetQua": "K", "DuongDanTepTinKetQua": " /kho/075199001234.pdf "}],
    }
    source.records["dossiers"] = [
        {"MaHoSo": "H1", "NgaySuaCuoi": "20230105080000", "UnknownField": "Nguyễn Thị Riêng Tư", **PLANTED, **lists},
        {"MaHoSo": "H2", "NgaySuaCuoi": "20230105080000", **{name: {"x": "Nguyễn Thị Riêng Tư"} for name in PLANTED}},
        {"NgaySuaCuoi": "20230105080000", **PLANTED},
        ["Nguyễn Thị Riêng Tư"],
    ]
    source.records["dossier_steps"] = [{"MaBuoc": "B1", "NguoiXuLy": "Trần Văn Cán Bộ", "NoiDungXuLy": "gọi 0912000111"}]
    loads = pull()
    planted = [*PLANTED.values(), "Trần Văn Cán Bộ", "Riêng Tư", "075199001234", "/kho/", KEY, "s3cret-value"]
    assert scan(tmp_path / "landing", planted) == []
    first = records(loads["dossiers"])[0]
    assert first["SoGiayToChuHoSo"] == keyed("075199001234", KEY.encode())
    assert len(first["SoGiayToChuHoSo"]) == 32
    assert first["TaiLieuNop"][0]["DuongDanTaiTepTin"] == first["DanhSachGiayToKetQua"][0]["DuongDanTepTinKetQua"]
    assert first["DinhDanhCHS"] == [{"LoaiDinhDanh": "1"}]
    assert records(loads["dossiers"])[1]["SoGiayToChuHoSo"] == "(malformed)"


def test_no_personal_value_of_files_reaches_landing(tmp_path: Path, landing: str) -> None:
    inbox = tmp_path / "inbox"
    inbox.mkdir()
    record = {"MaHoSo": "H1", "NgaySuaCuoi": "20230105080000", **PLANTED}
    (inbox / "dossiers_1.ndjson.gz").write_bytes(gzip.compress((json.dumps(record) + "\n").encode()))
    (inbox / "dossiers_2.csv").write_text(";".join(record) + "\n" + ";".join(record.values()) + "\nNguyễn Thị Riêng Tư;x\n")
    extract(profile("one_stop"), Connection("one_stop", str(inbox)), Window(None, T), landing, extract_id=1, privacy_key=KEY)
    assert scan(tmp_path / "landing", list(PLANTED.values())) == []
    assert b"H1" in on_disk(tmp_path / "landing")


def test_keys_and_hashes() -> None:
    key = KEY.encode()
    assert keyed("", key) == "" == keyed("  ", key)
    assert keyed(" Tiê\u0301p ", key) == keyed("Tiếp", key) != keyed("Tiếp", b"another")
    assert keyed(75199001234, key) == keyed("75199001234", key)
    for each in (key, b"another", key):  # the hash of records that are stored, whichever key was used before
        assert keyed("Tiếp", each) == hmac.digest(each, "Tiếp".encode(), "sha256").hex()[:32]
    assert key_id("one_stop", "H1") == key_id("one_stop|H1") != key_id("one_stop", "H2")
    assert -(2**63) <= key_id("x") < 2**63


def test_an_empty_privacy_key_is_refused(pull: Pull, url: str, landing: str) -> None:
    with pytest.raises(NotConfigured, match="CCHC_PRIVACY_KEY"):
        extract(profile("one_stop"), Connection("one_stop", url, "a", "b"), Window(None, T), landing, extract_id=1, privacy_key="")


# secrecy


def document(key: Any, secrecy: Any = "thuong", at: str = "2023-01-05T08:00:00", unit: Any = "H19.16.2", **fields: Any) -> dict[str, Any]:
    return {"IdVanBan": key, "DoMat": secrecy, "NgayCapNhat": at, "MaDonViXuLy": unit, "SoKyHieu": f"so-{key}", **fields}


def test_secret_records_are_counted_and_never_land(source: Source, pull: Pull, tmp_path: Path) -> None:
    source.records["documents"] = [
        document("VB-open"),
        document("VB-mat", "mat"),
        document("VB-mat", "mat", "2023-01-05T09:00:00"),  # again on that day: one key
        document("VB-mat", "mat", "2023-01-07"),  # and on another day: counts there too
        document("VB-none", None, unit=None),
        document("VB-odd", "Thuong"),
        document("VB-late", "mat", "2023-07-01T00:00:00"),
        document("VB-utc", "tuyet_mat", "2023-01-05T18:00:00Z"),
        document("VB-notime", "mat", "soon"),
        document(None, "mat"),
    ]
    source.total = 8
    load = pull("documents", ["documents"], start=datetime(2023, 1, 4, 12, tzinfo=ZONE))["documents"]
    assert [record["IdVanBan"] for record in records(load)] == ["VB-open"]
    assert load.secret_counts == {
        (date(2023, 1, 5), "mat", "H19.16.2"): 2,
        (date(2023, 1, 7), "mat", "H19.16.2"): 1,
        (date(2023, 1, 5), "(missing)", "(missing)"): 1,
        (date(2023, 1, 5), "Thuong", "H19.16.2"): 1,
        (date(2023, 1, 6), "tuyet_mat", "H19.16.2"): 1,
        (date(2023, 6, 30), "mat", "H19.16.2"): 1,
    }
    assert (load.secret_days[0], load.secret_days[-1], len(load.secret_days)) == (date(2023, 1, 4), date(2023, 6, 30), 178)
    assert load.secret_keys == {"VB-mat", "VB-none", "VB-odd", "VB-utc", "VB-notime"}
    assert scan(tmp_path / "landing", ["VB-mat", "VB-none", "VB-odd", "VB-utc", "VB-notime", "so-VB-mat"]) == []


def test_a_record_that_turns_secret_within_the_extract_leaves_no_trace(source: Source, pull: Pull, tmp_path: Path) -> None:
    source.records["documents"] = [
        document("VB-a"),
        document("VB-b"),
        document("VB-a", "mat", "2023-01-06"),
        document("VB-c", "mat", "2023-01-06"),
        document("VB-c", "thuong", "2023-01-05"),  # an older version, delivered later
        document("VB-d", "mat", "2023-01-06"),
        document("VB-d", "thuong", "2023-01-07"),  # opened again
    ]
    source.total = 4
    load = pull("documents", ["documents"])["documents"]
    assert sorted(record["IdVanBan"] for record in records(load)) == ["VB-b", "VB-d"]
    assert load.secret_keys == {"VB-a", "VB-c"}
    assert scan(tmp_path / "landing", ["VB-a", "VB-c", "so-VB-a"]) == []
    assert (load.manifest["records"], load.manifest["purged"]) == (2, 1)
    assert complete_manifest(Folder(load.path)) == load.manifest
    again = pull("documents", ["documents"])["documents"]  # a retry cannot know the keys from the disk: it asks again
    assert (again.secret_keys, again.secret_counts) == (load.secret_keys, load.secret_counts)


def test_one_file_opens_what_another_makes_secret(tmp_path: Path, landing: str) -> None:
    inbox = tmp_path / "inbox"
    inbox.mkdir()
    (inbox / "documents_1.ndjson").write_text("".join(json.dumps(document(key)) + "\n" for key in ("VB-a", "VB-b")))
    (inbox / "documents_2.ndjson").write_text(json.dumps(document("VB-a", "mat", "2023-01-09")) + "\n")
    first, last = extract(
        profile("documents"), Connection("documents", str(inbox)), Window(None, T), landing, extract_id=1, privacy_key=KEY
    )
    assert [record["IdVanBan"] for record in records(first)] == ["VB-b"]
    assert (first.secret_counts, first.secret_keys) == ({}, set())
    assert last.secret_counts == {(date(2023, 1, 9), "mat", "H19.16.2"): 1}
    assert (last.secret_days, last.secret_keys) == ([date(2023, 1, 5), date(2023, 1, 9)], {"VB-a"})
    assert scan(tmp_path / "landing", ["VB-a"]) == []


def test_purge_reaches_all_landing_of_the_entity(source: Source, pull: Pull, landing: str, tmp_path: Path) -> None:
    source.records["documents"] = [document("VB-a"), document("VB-b"), document("VB-ab")]
    source.records["work_files"] = [{"IdHoSoCongViec": "VB-a", "DoMat": "thuong", "NgayCapNhat": "2023-01-05"}]
    loads = [pull("documents", extract_id=number) for number in (1, 2)]
    rubbish = tmp_path / "landing" / "documents" / "00000003" / "documents"
    rubbish.mkdir(parents=True)
    (rubbish / "part-00001.ndjson.zst").write_bytes(zstandard.ZstdCompressor().compress(b'[1, {"IdVanBan": "VB-a"}, null]\n'))
    assert purge_landing(landing, "documents", "documents", {"VB-a"}) == 2
    for load in loads:
        documents = load["documents"]
        documents.manifest = complete_manifest(Folder(documents.path)) or {}
        assert [record["IdVanBan"] for record in records(documents)] == ["VB-b", "VB-ab"]
        assert [line[0] for line in rows(documents)] == [2, 3]
        assert (documents.manifest["records"], documents.manifest["purged"], documents.manifest["parts"][0]["records"]) == (2, 1, 2)
        assert [record["IdHoSoCongViec"] for record in records(load["work_files"])] == ["VB-a"]
    assert not list(rubbish.iterdir())
    assert purge_landing(landing, "documents", "documents", {"VB-a"}) == 0
    assert purge_landing(landing, "documents", "documents", set()) == 0


def test_a_purge_that_was_interrupted_is_finished_by_the_next(source: Source, pull: Pull, landing: str) -> None:
    source.records["documents"] = [document("VB-a"), document("VB-b")]
    load = pull("documents", ["documents"])["documents"]
    folder = Folder(load.path)
    kept = zstandard.ZstdDecompressor().decompress(folder.read("part-00001.ndjson.zst")).splitlines(keepends=True)[1]
    folder.write("part-00001.ndjson.zst", zstandard.ZstdCompressor().compress(kept))  # the part is new, the manifest is old
    assert complete_manifest(folder) is None
    purge_landing(landing, "documents", "documents", {"VB-a"})
    manifest = complete_manifest(folder)
    assert manifest is not None
    assert (manifest["records"], manifest["purged"]) == (1, 1)
