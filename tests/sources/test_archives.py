"""Zip archives in a drop folder: each file in them is read once, by its own name; what cannot be read blocks itself alone."""

from __future__ import annotations

import gzip
import io
import struct
import warnings
import zipfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from cchc.settings import PROJECT
from cchc.sources.check import check_connection
from cchc.sources.connection import Connection
from cchc.sources.extract import extract
from cchc.sources.landing import Landed, Window
from cchc.sources.profile import load_profile
from tests.sources.conftest import KEY, T, records
from tests.sources.document_box import SOURCE, Box, body, document
from tests.support.deliveries import payment_day

TABLE = "ma;soKyHieu;banHanh.ngay;banHanh.donVi.ma;capNhat\n"


def line(number: int) -> str:
    return f"VB-{number};{number}/QĐ;04/05/2023;VD.1;2023-05-04T08:00:00+07:00\n"


def packed(files: dict[str, str | bytes] | list[tuple[str, str | bytes]], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", method) as archive, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of a name that comes twice
        for name, data in files.items() if isinstance(files, dict) else files:
            archive.writestr(name, data)
    return out.getvalue()


def with_flag(archive: bytes, name: str, flags: int, method: int | None = None) -> bytes:
    """The archive with other flags (and another method) in the entry of a file, as encrypting it sets them."""
    out = bytearray(archive)
    at = out.index(b"PK\x01\x02")
    while name.encode() != out[at + 46 : at + 46 + struct.unpack_from("<H", out, at + 28)[0]]:
        at = out.index(b"PK\x01\x02", at + 1)
    struct.pack_into("<H", out, at + 8, flags)
    if method is not None:
        struct.pack_into("<H", out, at + 10, method)
    return bytes(out)


@pytest.fixture
def archives(tmp_path: Path, landing: str) -> Box:
    folder = tmp_path / "inbox"
    folder.mkdir()
    box = Box(folder, landing)
    box.only("documents", file_pattern="*.{csv,json}", records=None)
    return box


def codes(load: Landed) -> list[str]:
    return [record["ma"] for record in records(load)]


def test_the_files_of_an_archive_are_read_as_files(archives: Box) -> None:
    archives.only("documents", file_pattern="*.{csv,json}", records=None)
    good = packed(
        {
            "a.csv": TABLE + line(1),
            "sub/b.json": str(body(document(2)))[len('{"trangThai": "ok", "ketQua": {"vanBan": ') : -2],
            "sub/c.csv.gz": gzip.compress((TABLE + line(3)).encode()),
            "sub/": "",
            "note.txt": "x",
            "inner.zip": packed({"d.csv": TABLE + line(4)}),
        }
    )
    archives.put("2023/may.ZIP", good)
    archives.put("e.csv", TABLE + line(5))
    archives.put("empty.zip", packed({}))
    loads = archives.by_name("documents")
    told = str(loads.pop("(other files)").message)
    assert {name: (load.message, codes(load)) for name, load in loads.items()} == {
        "2023/may.ZIP/a.csv": (None, ["VB-1"]),
        "2023/may.ZIP/sub/b.json": (None, ["VB-2"]),
        "2023/may.ZIP/sub/c.csv.gz": (None, ["VB-3"]),
        "e.csv": (None, ["VB-5"]),
    }
    assert "an archive in an archive, which is not opened: 2023/may.ZIP/inner.zip" in told
    assert "an archive without files: empty.zip" in told
    assert "no entity of the profile has a file_pattern: 2023/may.ZIP/note.txt" in told
    known = {name: load.manifest["sha256"] for name, load in loads.items()}
    assert [load.file_name for load in archives.read(extract_id=2, known_files=known)] == ["(other files)"], "each is read once"
    archives.put("2023/may.ZIP", packed({"a.csv": TABLE + line(1), "new.csv": TABLE + line(6)}))
    again = archives.by_name("documents", extract_id=3, known_files=known)
    assert list(again) == ["2023/may.ZIP/new.csv", "(other files)"], "a file that is the same in a new archive is known"


@pytest.mark.parametrize(
    ("bad", "make", "words"),
    [
        ("../bad.csv", lambda files: packed(files), "its name in the archive is no plain path"),
        ("/etc/bad.csv", lambda files: packed(files), "its name in the archive is no plain path"),
        ("c:bad.csv", lambda files: packed(files), "its name in the archive is no plain path"),
        ("x\\bad.csv", lambda files: packed(files), "its name in the archive is no plain path"),
        ("x//bad.csv", lambda files: packed(files), "its name in the archive is no plain path"),
        ("bad.csv", lambda files: packed([*files.items(), ("bad.csv", TABLE + line(8))]), "the archive has 2 files of this name"),
        ("bad.csv", lambda files: with_flag(packed(files), "bad.csv", 1), "it is encrypted"),
        ("bad.csv", lambda files: with_flag(packed(files), "bad.csv", 0, 9), "a method that is not read (number 9)"),
        ("bad.csv", lambda files: packed(files, 0).replace(b"VB-9;9", b"VB-9;8"), "is damaged (BadZipFile)"),
        ("bad.csv", lambda files: packed(files | {"bad.csv": "not;a;header\n1;2;3\n"}), "it lacks 5 of the 5 columns"),
    ],
)
def test_a_bad_file_in_an_archive_blocks_itself(archives: Box, bad: str, make: Callable[[dict[str, str]], bytes], words: str) -> None:
    archives.put("a.zip", make({"a.csv": TABLE + line(1), bad: TABLE + line(9), "z.csv": TABLE + line(2)}))
    loads = archives.by_name("documents")
    assert {name: load.status for name, load in loads.items()} == {
        "a.zip/a.csv": "landed",
        f"a.zip/{bad}": "blocked",
        "a.zip/z.csv": "landed",
    }
    assert f"file a.zip/{bad} is blocked: B0 " in str(loads[f"a.zip/{bad}"].message)
    assert words in str(loads[f"a.zip/{bad}"].message)
    known = {name: load.manifest["sha256"] for name, load in loads.items()}
    assert archives.read(extract_id=2, known_files=known) == [], "the same archive is not told again"
    assert not list(archives.folder.parent.rglob("bad.csv")), "nothing is unpacked to the disk"


def test_an_archive_that_cannot_be_trusted_is_refused_whole(archives: Box, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CCHC_MAX_FILE_MB", "1")
    whole = packed({"a.csv": TABLE + line(1), "b.csv": TABLE + line(2)})
    archives.put("cut.zip", whole[:-30])
    archives.put("late.zip", whole[200:])
    archives.put("none.zip", "")
    archives.put("bomb.zip", packed({f"{n}.csv": b"\0" * 600_000 for n in range(2)}))
    archives.put("many.zip", packed([(f"{n}.csv", "") for n in range(50_001)], 0))
    archives.put("good.zip", whole)
    loads = archives.by_name("documents")
    assert {name: load.status for name, load in loads.items()} == {
        "good.zip/a.csv": "landed",
        "good.zip/b.csv": "landed",
        "cut.zip": "waiting",
        "late.zip": "waiting",
        "none.zip": "waiting",
        "bomb.zip": "blocked",
        "many.zip": "blocked",
    }
    assert "file cut.zip: it is no whole zip archive" in str(loads["cut.zip"].message)
    assert "more than 1 MB when they are unpacked (CCHC_MAX_FILE_MB)" in str(loads["bomb.zip"].message)
    assert "an archive of more than 50,000 files" in str(loads["many.zip"].message)
    monkeypatch.setenv("CCHC_MAX_FILE_MB", "2")
    known = {name: str(load.manifest.get("sha256")) for name, load in loads.items() if load.status != "waiting"}
    again = archives.by_name("documents", extract_id=2, known_files=known)
    assert "file bomb.zip/0.csv: there is no newline" in str(again["bomb.zip/0.csv"].message), "with another limit it is opened"


def test_more_bytes_than_declared_are_not_unpacked(archives: Box) -> None:
    good = packed({"a.csv": TABLE + line(1) * 50_000})
    size = struct.pack("<L", len((TABLE + line(1) * 50_000).encode()))
    archives.put("lies.zip", good.replace(size, struct.pack("<L", 1000)))
    (load,) = archives.read()
    assert (load.status, "is damaged (BadZipFile)" in str(load.message)) == ("blocked", True)


def test_an_archive_is_left_alone_where_the_profile_does_not_open_it(archives: Box) -> None:
    assert archives.profile.files is not None
    archives.profile = replace(archives.profile, files=replace(archives.profile.files, archives=False))
    archives.put("a.zip", packed({"a.csv": TABLE + line(1)}))
    (told,) = archives.read()
    assert "no entity of the profile has a file_pattern: a.zip" in str(told.message)
    assert "files.archives: true there opens zip archives" in str(told.message)
    said = check_connection(Connection(SOURCE, str(archives.folder)), archives.profile)
    assert "1 entries of the drop folder are left alone" in said


# day files with their manifests


def payments(tmp_path: Path, landing: str, *, claimed: int = 50_000, **left_out: bool) -> list[Landed]:
    """A zip archive with two days of payments and their manifests, read by the project's profile with `files.archives`."""
    folder = tmp_path / "inbox"
    days = [payment_day(tmp_path / "sender", "20230105"), payment_day(tmp_path / "sender", "20230106", claimed=claimed)]
    files = [each for day in days for each in (day, day.with_suffix(".json")) if not left_out.get(f"without{each.suffix[1:]}")]
    folder.mkdir()
    (folder / "thang.zip").write_bytes(packed({f"thang1/{each.name}": each.read_bytes() for each in files}))
    profile = load_profile(PROJECT / "include" / "sources", "payments")
    assert profile.files is not None
    profile = replace(profile, files=replace(profile.files, archives=True, subfolders=True))
    return extract(profile, Connection("payments", str(folder)), Window(None, T), landing, extract_id=1, privacy_key=KEY)


def test_a_manifest_in_an_archive_judges_the_file_beside_it(tmp_path: Path, landing: str) -> None:
    good, bad = payments(tmp_path, landing, claimed=1)
    assert (good.file_name, good.status) == ("thang.zip/thang1/giaodich_20230105.csv", "landed")
    assert (good.manifest["file_date"], good.manifest["manifest"]["rows"], good.manifest["records"]) == ("2023-01-05", 1, 1)
    assert [check.rule for check in good.checks if not check.ok] == []
    assert (bad.status, [check.rule for check in bad.checks if not check.ok]) == ("blocked", ["B4"])


def test_a_file_in_an_archive_waits_for_its_manifest_and_the_other_way_round(tmp_path: Path, landing: str) -> None:
    loads = payments(tmp_path, landing, withoutjson=True)
    assert [load.status for load in loads] == ["waiting", "waiting"]
    assert "manifest thang.zip/thang1/giaodich_20230105.json is not there" in str(loads[0].message)


def test_a_manifest_in_an_archive_without_its_file_waits(tmp_path: Path, landing: str) -> None:
    loads = payments(tmp_path, landing, withoutcsv=True)
    assert [load.status for load in loads] == ["waiting", "waiting"]
    assert "manifest thang.zip/thang1/giaodich_20230105.json: its data file is not there" in str(loads[0].message)
