"""Files are written whole or not at all, a secret is made once whoever asks first, and waiting ends."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from threading import Thread

import pytest

from cchc.errors import NotConfigured
from cchc.files import locked, make_once, tail, write_atomic, write_private
from cchc.settings import Settings
from cchc.waiting import wait_until

ROUNDS = 60
CALLERS = 4
# A process that answers each line with the secret of a home. All callers are told at the same moment, so they begin together.
ASK = """if True:
    import os, sys, time
    from cchc.settings import Settings
    print("ready", flush=True)
    for line in sys.stdin:
        os.environ["CCHC_HOME"], moment = line.split()
        settings = Settings.load()
        while time.time() < float(moment):
            pass
        try:
            print("secret", settings.make_secret("privacy_key"), flush=True)
        except Exception as error:
            print("error", repr(error), flush=True)
"""


def test_processes_that_begin_together_get_one_secret(tmp_path: Path) -> None:
    callers = [
        subprocess.Popen([sys.executable, "-c", ASK], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) for _ in range(CALLERS)
    ]
    try:
        assert all(caller.stdout is not None and caller.stdout.readline() == "ready\n" for caller in callers)
        for number in range(ROUNDS):
            home = tmp_path / str(number)
            home.mkdir()
            answers = _ask_together(callers, home)
            kept = (home / "secrets" / "privacy_key").read_text()
            assert len(kept) > 40
            assert answers == {f"secret {kept}\n"}, f"round {number}"
            assert [path.name for path in (home / "secrets").iterdir()] == ["privacy_key"]
    finally:
        for caller in callers:
            caller.communicate()


def _ask_together(callers: list[subprocess.Popen[str]], home: Path) -> set[str]:
    moment = time.time() + 0.03
    for caller in callers:
        assert caller.stdin is not None
        caller.stdin.write(f"{home} {moment}\n")
        caller.stdin.flush()
    return {caller.stdout.readline() for caller in callers if caller.stdout is not None}


def test_a_secret_is_private_and_stays(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CCHC_HOME", str(tmp_path))
    monkeypatch.delenv("CCHC_PRIVACY_KEY", raising=False)
    settings = Settings.load()
    with pytest.raises(NotConfigured, match=r"no secret .*privacy_key\. `cchc init` makes"):
        settings.privacy_key()
    assert list(tmp_path.iterdir()) == [], "a question makes no secret"
    settings.make_privacy_key()
    first = settings.privacy_key()
    settings.make_privacy_key()
    assert settings.privacy_key() == first
    file = tmp_path / "secrets" / "privacy_key"
    assert file.stat().st_mode & 0o777 == 0o600
    assert file.parent.stat().st_mode & 0o777 == 0o700
    file.write_text("")
    with pytest.raises(NotConfigured, match="is empty"):
        settings.make_privacy_key()
    with pytest.raises(NotConfigured, match="is empty"):
        settings.privacy_key()


def _to_nowhere(file: Path) -> None:
    file.unlink()
    file.symlink_to(file.parent / "nowhere")


def _folder(file: Path) -> None:
    file.unlink()
    file.mkdir()


@pytest.mark.parametrize(
    ("damage", "why"),
    [
        (lambda file: file.write_text(" \n"), "is empty"),
        (lambda file: file.write_bytes(b"\xff\xfe\x9d" * 12), "cannot be read: it is no text"),
        (lambda file: file.write_text(file.read_text()[:20]), r"has 20 characters, and a privacy key has at least 32: it was cut off"),
        (_folder, "cannot be read: Is a directory"),
    ],
)
def test_a_damaged_key_is_named_and_never_replaced(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, damage: Callable[[Path], object], why: str
) -> None:
    monkeypatch.setenv("CCHC_HOME", str(tmp_path))
    monkeypatch.delenv("CCHC_PRIVACY_KEY", raising=False)
    settings = Settings.load()
    settings.make_privacy_key()
    file = tmp_path / "secrets" / "privacy_key"
    assert settings.secrets_others_may_read() == []
    damage(file)
    for act in (settings.privacy_key, settings.make_privacy_key):
        with pytest.raises(NotConfigured, match=rf"The secret {file} {why}.* [Rr]estore it from the backup"):
            act()


def test_a_key_that_leads_nowhere_and_a_file_in_the_place_of_its_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CCHC_HOME", str(tmp_path))
    monkeypatch.delenv("CCHC_PRIVACY_KEY", raising=False)
    settings = Settings.load()
    settings.make_privacy_key()
    file = tmp_path / "secrets" / "privacy_key"
    _to_nowhere(file)
    with pytest.raises(NotConfigured, match="cannot be read: it is a link to .*nowhere, which is not there"):
        settings.make_privacy_key()
    file.unlink()
    file.parent.rmdir()
    file.parent.write_text("in the way")
    for act in (settings.privacy_key, settings.make_privacy_key):
        with pytest.raises(NotConfigured, match="cannot be read: (Not a directory|File exists)"):
            act()


def test_a_secret_that_others_may_read_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CCHC_HOME", str(tmp_path))
    settings = Settings.load()
    settings.make_secret("one")
    settings.make_secret("another")
    (tmp_path / "secrets" / "one").chmod(0o640)
    assert settings.secrets_others_may_read() == [tmp_path / "secrets" / "one"]
    (tmp_path / "secrets").chmod(0o711)
    assert settings.secrets_others_may_read() == [tmp_path / "secrets", tmp_path / "secrets" / "one"]


def test_a_key_from_outside_is_not_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CCHC_HOME", str(tmp_path))
    monkeypatch.setenv("CCHC_PRIVACY_KEY", "from outside")
    Settings.load().make_privacy_key()
    assert Settings.load().privacy_key() == "from outside"
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_cannot_be_written_stays_as_it_was(tmp_path: Path) -> None:
    path = tmp_path / "state.json"
    write_atomic(path, "first")
    with pytest.raises(UnicodeEncodeError):
        write_atomic(path, "\ud800")
    blocked = tmp_path / "folder"
    blocked.mkdir()
    with pytest.raises(OSError, match="folder"):
        write_atomic(blocked, "a folder has this name")
    assert path.read_text() == "first"
    assert sorted(entry.name for entry in tmp_path.iterdir()) == ["folder", "state.json"]


def test_permissions(tmp_path: Path) -> None:
    before = os.umask(0o027)
    try:
        write_atomic(tmp_path / "usual", b"\x00")
        write_private(tmp_path / "private", "x")
        write_private(tmp_path / "usual private", "x")
        write_private(tmp_path / "private", "y")
    finally:
        os.umask(before)
    modes = {path.name: path.stat().st_mode & 0o777 for path in tmp_path.iterdir()}
    assert modes == {"usual": 0o640, "private": 0o600, "usual private": 0o600}
    assert (tmp_path / "private").read_text() == "y"


def test_make_once_asks_only_where_there_is_nothing(tmp_path: Path) -> None:
    assert make_once(tmp_path / "a" / "b", lambda: "made") == "made"
    assert make_once(tmp_path / "a" / "b", lambda: pytest.fail("asked again")) == "made"


def test_a_lock_lets_one_in_at_a_time(tmp_path: Path) -> None:
    inside: list[str] = []

    def second() -> None:
        with locked(tmp_path / "new" / "lock"):
            inside.append("second")

    thread = Thread(target=second)
    with locked(tmp_path / "new" / "lock"):
        with pytest.raises(BlockingIOError), locked(tmp_path / "new" / "lock", wait=False):
            pytest.fail("two were let in")
        thread.start()
        thread.join(0.2)
        inside.append("first")
    thread.join()
    assert inside == ["first", "second"]


def test_the_end_of_a_log(tmp_path: Path) -> None:
    path = tmp_path / "log"
    assert tail(path) == "(there is no log)"
    path.write_bytes(b"one\n\n\ntwo\nthr\xffee\n")
    assert tail(path, 2) == "two\nthr\ufffdee"


def test_waiting_gives_the_last_answer() -> None:
    answers = iter([None, None, "here"])
    assert wait_until(lambda: next(answers), 60, 0) == "here"
    assert wait_until(list, 0) == []
    asked: list[int] = []
    assert wait_until(lambda: asked.append(1), 0.02, 60) is None
    assert len(asked) == 2, "it asks once more at the end, and does not sleep longer"

    def ends() -> bool:
        raise NotConfigured("no use in waiting")

    with pytest.raises(NotConfigured):
        wait_until(ends, 60)
