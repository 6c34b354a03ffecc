"""What of CCHC_HOME a backup packs is unpacked as it was, and nothing outside, by each Python that the product runs on."""

from __future__ import annotations

import tarfile
from collections.abc import Callable
from pathlib import Path

import pytest

from cchc.embedded.backup_files import OF_HOME, copy_home, restore_home
from cchc.errors import WrongUse


@pytest.fixture(params=[True, False], ids=["with a filter", "of Debian 12"])
def python(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """A Python whose tarfile filters what it unpacks, and one of before 3.11.4, whose tarfile knows no filter."""
    if request.param:
        if not hasattr(tarfile, "data_filter"):
            pytest.skip("this Python has no filter")
        return
    monkeypatch.delattr(tarfile, "data_filter", raising=False)
    own = tarfile.TarFile.extractall

    def without_a_filter(archive: tarfile.TarFile, path: str = ".", members: object = None) -> None:
        own(archive, path, members)  # type: ignore[arg-type] # as it came

    monkeypatch.setattr(tarfile.TarFile, "extractall", without_a_filter)


@pytest.mark.filterwarnings("ignore:Python 3.14 will:DeprecationWarning")
@pytest.mark.usefixtures("python")
def test_what_is_packed_is_unpacked(tmp_path: Path) -> None:
    home, other = tmp_path / "home", tmp_path / "other"
    for name, text in (("secrets/privacy_key", "k"), ("publications/2023-06/1/a.csv", "a"), ("airflow/accounts.json", "{}")):
        (home / name).parent.mkdir(parents=True, exist_ok=True)
        (home / name).write_text(text)
        (home / name).chmod(0o600)
    (home / "publications" / "2023-06" / "newest").symlink_to("1")
    copied, lacking = copy_home(home, tmp_path / "home.tar.gz")
    assert (len(copied), lacking, set(OF_HOME) >= {"secrets", "airflow/accounts.json"}) == (3, [], True)
    other.mkdir()
    restore_home(other, tmp_path / "home.tar.gz")
    assert {name: (other / name).read_text() for name in copied} == {name: (home / name).read_text() for name in copied}
    assert (other / "secrets" / "privacy_key").stat().st_mode & 0o777 == 0o600
    assert (other / "publications" / "2023-06" / "newest" / "a.csv").read_text() == "a"


def test_a_folder_on_another_disk_is_packed_and_a_link_that_leads_out_is_told(tmp_path: Path) -> None:
    """Of a folder that is a link, a backup had the link alone, without a word, and could not be restored."""
    home, disk, other = tmp_path / "home", tmp_path / "disk", tmp_path / "other"
    for folder in (home, disk / "2023-06", other):
        folder.mkdir(parents=True)
    (disk / "2023-06" / "a.csv").write_text("a")
    (disk / "2023-06" / "same.csv").symlink_to("../2023-06/a.csv")
    (disk / "2023-06" / "out.csv").symlink_to(tmp_path / "home.tar.gz")
    (disk / "2023-06" / "up.csv").symlink_to("../../home/x")
    (disk / "2023-06" / "circle").symlink_to("circle")
    (disk / "2023-06" / "way").symlink_to("out.csv")
    (home / "publications").symlink_to(disk)
    (home / "secrets").symlink_to(tmp_path / "not mounted")
    copied, lacking = copy_home(home, tmp_path / "home.tar.gz")
    out = "is a link that leads out of its folder: what it names is not in the backup"
    assert list(copied) == ["publications/2023-06/a.csv"]
    assert lacking == [
        "secrets is a link to a place that is not there",
        f"publications/2023-06/out.csv {out}",
        f"publications/2023-06/up.csv {out}",
        f"publications/2023-06/way {out}",
    ]
    restore_home(other, tmp_path / "home.tar.gz")
    assert sorted(path.name for path in (other / "publications" / "2023-06").iterdir()) == ["a.csv", "circle", "same.csv"]
    assert (other / "publications" / "2023-06" / "same.csv").read_text() == "a"


def named(name: str) -> Callable[[tarfile.TarInfo], None]:
    """The change of a member that gives it a name."""
    return lambda member: setattr(member, "name", name)


def link(kind: bytes, target: str) -> Callable[[tarfile.TarInfo], None]:
    """The change of a member that makes a link of it."""

    def change(member: tarfile.TarInfo) -> None:
        member.type, member.linkname = kind, target

    return change


WRONG: dict[str, Callable[[tarfile.TarInfo], None]] = {
    "a way up": named("secrets/../../outside"),
    "an absolute name": named("/tmp/outside"),
    "a link that leads out": link(tarfile.SYMTYPE, "../../outside"),
    "a link with an absolute target": link(tarfile.SYMTYPE, "/tmp/outside"),
    "a hard link": link(tarfile.LNKTYPE, "../outside"),
    "a pipe": link(tarfile.FIFOTYPE, ""),
    "a device": link(tarfile.CHRTYPE, ""),
}


@pytest.mark.filterwarnings("ignore:Python 3.14 will:DeprecationWarning")
@pytest.mark.usefixtures("python")
@pytest.mark.parametrize("wrong", WRONG)
def test_an_archive_with_anything_else_is_refused_whole(wrong: str, tmp_path: Path) -> None:
    home = tmp_path / "home"
    home.mkdir()
    with tarfile.open(tmp_path / "home.tar.gz", "w:gz") as archive:
        archive.addfile(tarfile.TarInfo("secrets/good"))
        member = tarfile.TarInfo("secrets/wrong")
        WRONG[wrong](member)
        archive.addfile(member)
    with pytest.raises(WrongUse, match="is no file or folder below it; nothing was unpacked"):
        restore_home(home, tmp_path / "home.tar.gz")
    assert list(home.iterdir()) == []
