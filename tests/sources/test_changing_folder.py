"""A drop folder that changes while it is read, or holds what is no file: it concerns that name alone, and nothing is waited for or followed."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path

import orjson
import pytest

from cchc.errors import SourceUnavailable
from cchc.sources import files
from cchc.sources.connection import Connection
from cchc.sources.extract import OTHERS, extract
from cchc.sources.inbox import Inbox
from cchc.sources.landing import Landed, Window
from tests.sources.conftest import KEY, T, profile, records
from tests.support.deliveries import PAYMENT_HEADER

COLUMNS = "IdKySo,IdVanBan,NguoiKyId,ThoiDiemKy,LoaiChungThu,HopLe,NgayCapNhat\n"
GOOD = (COLUMNS + "K1,V1,N1,2023-01-05T08:00:00,ca_nhan,true,2023-01-05T08:00:00\n").encode()
PAYMENTS = f"\ufeff{PAYMENT_HEADER}\r\n#TONG;0;0\r\n".encode()

Change = Callable[[Path], object]
Read = Callable[..., dict[str, Landed]]


@pytest.fixture
def read(inbox: Path, landing: str) -> Read:
    """A function: extract what is in the drop folder; file name → load."""

    def run(source: str = "documents") -> dict[str, Landed]:
        connection = Connection(source, str(inbox))
        loads = extract(profile(source), connection, Window(None, T), landing, extract_id=1, privacy_key=KEY)
        return {str(load.file_name): load for load in loads}

    return run


def after_digest(monkeypatch: pytest.MonkeyPatch, inbox: Path, name: str, change: Change) -> None:
    """Let a file change between the moment its hash is known and the moment its records are read."""
    real = files.digest

    def digest(box: Inbox, asked: str) -> str:
        found = real(box, asked)
        if asked == name:
            change(inbox / name)
        return found

    monkeypatch.setattr(files, "digest", digest)


def replaced_by_folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


def replaced_by_loop(path: Path) -> None:
    path.unlink()
    path.symlink_to(path)


def replaced_by_link(path: Path) -> None:
    path.rename(path.parent.parent / "elsewhere.csv")
    path.symlink_to(path.parent.parent / "elsewhere.csv")


def replaced_by_pipe(path: Path) -> None:
    path.unlink()
    os.mkfifo(path)


CHANGES: dict[str, tuple[Change, str]] = {
    "removed": (Path.unlink, "it was removed while the folder was read"),
    "a folder": (replaced_by_folder, "it is no ordinary file any more"),
    "a link to itself": (replaced_by_loop, "it is no ordinary file any more"),
    "a link to another place": (replaced_by_link, "it is no ordinary file any more"),
    "a pipe that nobody fills": (replaced_by_pipe, "it is no ordinary file any more"),
    "other bytes": (lambda path: path.write_bytes(GOOD + GOOD), "it changed while it was read"),
}


@pytest.mark.parametrize("what", CHANGES)
def test_a_file_that_changes_while_it_is_read_waits_and_the_others_are_read(
    inbox: Path, read: Read, monkeypatch: pytest.MonkeyPatch, what: str
) -> None:
    change, words = CHANGES[what]
    for name in ("signatures_a.csv", "signatures_b.csv"):
        (inbox / name).write_bytes(GOOD)
    after_digest(monkeypatch, inbox, "signatures_a.csv", change)
    loads = read()
    assert loads["signatures_a.csv"].status == "waiting" and words in str(loads["signatures_a.csv"].message)
    assert len(records(loads["signatures_b.csv"])) == 1


@pytest.mark.skipif(os.getuid() == 0, reason="root may read every file")
def test_a_file_that_is_locked_while_it_is_read_waits(inbox: Path, read: Read, monkeypatch: pytest.MonkeyPatch) -> None:
    (inbox / "signatures_a.csv").write_bytes(GOOD)
    after_digest(monkeypatch, inbox, "signatures_a.csv", lambda path: path.chmod(0))
    assert "may not read it" in str(read()["signatures_a.csv"].message)


def test_a_folder_that_vanishes_is_no_folder_without_files(inbox: Path, read: Read, monkeypatch: pytest.MonkeyPatch) -> None:
    (inbox / "signatures_a.csv").write_bytes(GOOD)
    after_digest(monkeypatch, inbox, "signatures_a.csv", lambda path: shutil.rmtree(path.parent))
    with pytest.raises(SourceUnavailable, match="vanished while it was read"):
        read()


NO_MANIFEST: dict[str, Change] = {
    "a folder": Path.mkdir,
    "a link to itself": lambda path: path.symlink_to(path),
    "a link to a file elsewhere": lambda path: path.symlink_to("/etc/passwd"),
    "a pipe that nobody fills": os.mkfifo,
}


@pytest.mark.parametrize("what", NO_MANIFEST)
def test_what_is_no_file_is_no_manifest_and_the_other_days_are_read(inbox: Path, read: Read, what: str) -> None:
    """It was opened before: a folder ended the whole source, and a pipe kept the run for ever."""
    for day in ("20230504", "20230505"):
        (inbox / f"giaodich_{day}.csv").write_bytes(PAYMENTS)
    told = {"file": "giaodich_20230505.csv", "rows": 0, "amount": 0, "sha256": sha256(PAYMENTS).hexdigest(), "revision": 1}
    (inbox / "giaodich_20230505.json").write_bytes(orjson.dumps(told))
    NO_MANIFEST[what](inbox / "giaodich_20230504.json")
    loads = read("payments")
    assert "its manifest giaodich_20230504.json is not there" in str(loads["giaodich_20230504.csv"].message)
    assert loads["giaodich_20230505.csv"].status == "landed"
    assert "giaodich_20230504.json" in str(loads[OTHERS].message)


def test_a_name_with_two_colons_is_no_address(inbox: Path, read: Read) -> None:
    """fsspec took it for two addresses, so the landing of the file was looked for elsewhere and the whole source failed."""
    (inbox / "signatures_zip::a.csv").write_bytes(GOOD)
    (inbox / "signatures_zip%3A%3Aa.csv").write_bytes(GOOD.replace(b"K1", b"K2"))
    loads = read()
    found = [records(loads[name])[0]["IdKySo"] for name in ("signatures_zip::a.csv", "signatures_zip%3A%3Aa.csv")]
    assert found == ["K1", "K2"]


@pytest.mark.parametrize("letter", ["\n", "\x1b", "\u202e", "\u200b", "\u2028"])
def test_a_name_with_characters_that_nobody_sees_is_left_alone_and_not_repeated(inbox: Path, read: Read, letter: str) -> None:
    """Such a name forges lines of a log, moves the cursor of a screen, or looks like another one."""
    (inbox / f"signatures_{letter}ERROR.csv").write_bytes(GOOD)
    (inbox / "signatures_ok.csv").write_bytes(GOOD)
    loads = read()
    assert loads.keys() == {"signatures_ok.csv", OTHERS}
    message = str(loads[OTHERS].message)
    assert "characters that nobody sees" in message and letter not in message and "ERROR" not in message
