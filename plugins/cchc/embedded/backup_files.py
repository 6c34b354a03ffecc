"""The files of a backup: landing, and what of CCHC_HOME cannot be made again; and whether they are those that the warehouse names.

The warehouse leads: its moment is held first, then files are copied. What came into landing since is more than it names, and harmless.
What was removed or rewritten since is found by comparing with what the warehouse names at its moment.
"""

from __future__ import annotations

import hashlib
import io
import json
import os
import tarfile
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path

import psycopg

from cchc.errors import CchcError, WrongUse
from cchc.files import write_private
from cchc.settings import Settings
from cchc.sources.landing import MANIFEST, Folder, is_unfinished

HOME = "home.tar.gz"
LANDING = "landing"
OF_HOME = ("secrets", "publications", "airflow/accounts.json", "airflow/passwords.json")
PRIVATE_FOLDER = 0o700


def copy_home(home: Path, target: Path) -> tuple[dict[str, str], list[str]]:
    """Pack what cannot be made again of CCHC_HOME. Gives the SHA-256 of each file, by its name below CCHC_HOME, and sentences: what lacks.

    A closing removes or renames what one before it had left of an edition. A folder of CCHC_HOME may be a link to another disk: what lies
    there is packed. A link within it that leads out of it is not followed, because it may lead anywhere.
    """
    copied: dict[str, str] = {}
    lacking: list[str] = []
    with tarfile.open(target, "w:gz") as archive:
        for part in OF_HOME:
            if (home / part).exists():
                folder = (home / part).resolve()
                _pack(archive, folder, folder, part, copied, lacking)
            elif (home / part).is_symlink():
                lacking.append(f"{part} is a link to a place that is not there")
    return copied, lacking


def _pack(archive: tarfile.TarFile, folder: Path, path: Path, name: str, copied: dict[str, str], lacking: list[str]) -> None:
    """Add what lies in a folder to an archive, the SHA-256 of each file to `copied`, and what leads out or is gone to `lacking`."""
    try:
        member = archive.gettarinfo(path, name)
        if member.issym() and not _is_link_within(folder, path, member.linkname):
            lacking.append(f"{name} is a link that leads out of its folder: what it names is not in the backup")
            return
        if member.isdir() or member.issym():
            archive.addfile(member)
            for child in sorted(path.iterdir()) if member.isdir() else ():
                _pack(archive, folder, child, f"{name}/{child.name}", copied, lacking)
            return
        data = path.read_bytes()  # whole, before its length is written: it may become shorter while it is read
    except FileNotFoundError:
        lacking.append(f"{name} was removed or renamed while CCHC_HOME was copied")
        return
    member.type, member.linkname, member.size = tarfile.REGTYPE, "", len(data)
    archive.addfile(member, io.BytesIO(data))
    copied[name] = hashlib.sha256(data).hexdigest()


def _is_link_within(folder: Path, place: Path, target: str) -> bool:
    """Whether a link that stands at a place leads to somewhere in a folder, however many links are on the way."""
    leads_to = Path(os.path.realpath(place.parent / target))  # Path.resolve raises where links lead in a circle
    return not Path(target).is_absolute() and leads_to.is_relative_to(folder)


def restore_home(home: Path, source: Path) -> None:
    """Unpack into CCHC_HOME. Raises WrongUse, before anything is written, where a file is there with other content."""
    with tarfile.open(source) as archive:
        for member in archive:
            there = home / member.name
            file = archive.extractfile(member) if member.isfile() else None
            if file is not None and there.exists() and there.read_bytes() != file.read():
                raise WrongUse(f"{there} is there and is not the file of the backup; nothing is overwritten: move it away")
        _unpack(archive, home, source)


def _unpack(archive: tarfile.TarFile, home: Path, source: Path) -> None:
    """Write the files and folders of an archive below a folder, as the own user. Raises WrongUse for what would lie outside, or is neither.

    Python has a filter for that since 3.11.4; Debian 12 has 3.11.2, which restored nothing.
    """
    root = home.resolve()
    for member in archive.getmembers():
        place = root / member.name
        is_inside = place.resolve().is_relative_to(root) and (not member.issym() or _is_link_within(root, place, member.linkname))
        if not is_inside or not (member.isfile() or member.isdir() or member.issym()):
            raise WrongUse(f"{source} is no backup of a CCHC_HOME: {member.name} is no file or folder below it; nothing was unpacked")
        member.uid, member.gid, member.uname, member.gname = os.geteuid(), os.getegid(), "", ""
        member.mode &= 0o755
    if hasattr(tarfile, "data_filter"):
        archive.extractall(root, filter="data")
    else:
        archive.extractall(root)  # noqa: S202  # each member was looked at


def copy_landing(landing_url: str, target: Path, previous: Path | None, known: Mapping[str, str]) -> dict[str, str]:
    """Copy landing into the folder `target`. Gives the SHA-256 of each file, by its name below landing.

    `previous`: the folder of the landing in the backup before this one, and `known` the SHA-256 of its files. A file that is the same there
    is linked, not written again: of a landing that grows by a day, a backup takes the room of the day. It is read before, because a disk
    may have changed it since: one damaged file would otherwise be in every later backup.
    """
    landing = Folder(landing_url)
    copied = {}
    for name in sorted(_files_below(landing)):
        if is_unfinished(name.rpartition("/")[2]):
            continue
        try:
            data = landing.read(name)
        except FileNotFoundError:  # retention was faster; whether the warehouse names it is looked at afterwards
            continue
        copied[name] = hashlib.sha256(data).hexdigest()
        place = target / name
        place.parent.mkdir(parents=True, exist_ok=True, mode=PRIVATE_FOLDER)
        is_same = previous is not None and known.get(name) == copied[name] and _has(previous / name, copied[name])
        if not (previous is not None and is_same and _is_linked(previous / name, place)):
            write_private(place, data)
    return copied


def _files_below(folder: Folder) -> Iterator[str]:
    """The names of all files below a folder. Raises OSError for one that may not be looked into: fsspec's `find` leaves it out silently."""
    if folder.fs.async_impl:  # a store of objects: it has no folders, and is asked once for all
        paths = folder.fs.find(folder.path) if folder.fs.exists(folder.path) else []
        yield from (path.removeprefix(folder.path).lstrip("/") for path in paths)
        return
    for name, kind in folder.entries():
        if kind == "directory":
            yield from (f"{name}/{below}" for below in _files_below(folder.child(name)))
        else:
            yield name


def require_no_landing(landing_url: str) -> None:
    """Raise WrongUse where the landing into which a backup would be restored has files: they may be those of the original."""
    landing = Folder(landing_url)
    if landing.entries():
        raise WrongUse(f"the landing {landing_url} is not empty, and nothing is overwritten: set CCHC_LANDING_URL to a new place")


def lacking(connection: psycopg.Connection, copied: Path, landed: Mapping[str, str], home: Mapping[str, str]) -> list[str]:
    """What the warehouse names at its moment and the copied files lack, as sentences. `landed`, `home`: SHA-256 by name.

    `copied`: the folder with the copy of landing, whose own manifests count: a record that became secret is taken out of a part later. A
    warehouse that `cchc init` has not brought to this version yet keeps other names; nothing is looked at, and that is said.
    """
    newest = connection.execute("select to_regclass('mart.publication_bundle'), to_regclass('ops.withdrawal')").fetchone()
    if newest is None or None in newest:
        return ["the warehouse is of an earlier version: whether every load has its landing, and every paper its file, was not looked at"]
    found = []
    for load, path in connection.execute("select load_id, landing_path from ops.load where landing_path is not null order by 1"):
        if not _is_complete(copied, path, landed):
            found.append(f"load {load}: its landing {path} is gone or is not what landed")
    papers = "select path, sha256 from mart.publication_report order by 1"
    found += [
        f"the published paper {path} is gone or is not what was published"
        for path, sha256 in connection.execute(papers)
        if home.get(path) != sha256
    ]
    bundles = "select path from mart.publication_bundle order by 1"
    return found + [
        f"the bundle of the edition {path} is gone"
        for (path,) in connection.execute(bundles)
        if not any(name.startswith(f"{path}/") for name in home)
    ]


def _is_complete(copied: Path, path: str, landed: Mapping[str, str]) -> bool:
    """Whether a load was copied with its manifest and all parts that this names."""
    if f"{path}/{MANIFEST}" not in landed:
        return False
    try:
        parts = json.loads((copied / path / MANIFEST).read_bytes())["parts"]
        return all(landed.get(f"{path}/{part['name']}") == part["sha256"] for part in parts)
    except (ValueError, KeyError, TypeError):  # it was cut off
        return False


def key_file(settings: Settings) -> bytes | None:
    """The content of the file of the privacy key; None where the key comes from the environment or there is none yet."""
    with suppress(FileNotFoundError):
        return (settings.home / "secrets" / "privacy_key").read_bytes()
    return None


def sha256_of(path: Path) -> str:
    """The SHA-256 of a file."""
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def require_whole(backup: Path, sha256: Mapping[str, str]) -> None:
    """Raise CchcError that names the first file of a backup that is missing or is not what was written."""
    for name, wanted in sha256.items():
        if not (backup / name).is_file() or sha256_of(backup / name) != wanted:
            raise CchcError(
                f"backup {backup.name}: {name} is missing or is not what was written, so nothing was restored. `cchc backup list` names "
                "the others (`--name NAME`); where the installation is whole, write another one"
            )


def _has(path: Path, sha256: str) -> bool:
    """Whether a file is there and has this content."""
    try:
        return sha256_of(path) == sha256
    except OSError:
        return False


def _is_linked(source: Path, target: Path) -> bool:
    try:
        os.link(source, target)
    except OSError:  # another file system, or the backup before was moved away
        return False
    return True
