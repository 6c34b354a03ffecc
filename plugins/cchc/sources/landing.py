"""The landing: the folder of a load with its parts and its manifest. The extract writes it, and staging reads it.

`{landing_url}/{source}/{extract_id:08d}/{entity}[/{file name}]/part-00001.ndjson.zst …, manifest.json`. A line of a part is the JSON
array `[line, record, problem]`. A folder with a manifest is complete; a folder without one was left by a failed extract. Every file is
written under another name and then renamed, through fsspec.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date, datetime
from hashlib import sha256
from pathlib import Path
from secrets import token_hex
from typing import IO, Any

import fsspec
import orjson
import zstandard
from fsspec.implementations.local import LocalFileSystem

from cchc.errors import CchcError, WrongUse
from cchc.files import private_folder
from cchc.states import LoadStatus

PART_RECORDS = 20_000
PART_BYTES = 16 * 2**20
PIECE_LINES = 100
MANIFEST = "manifest.json"
LONGEST_FOLDER = 200


@dataclass(frozen=True)
class Window:
    """The window of change time of an extract: from `start` (included; None: everything) to `end` (excluded), which becomes known_at.

    `explicit`: the caller gave `start`. Only then day files before it are left out, because files may arrive late and out of order.
    `is_by_clock`: `end` is the moment of the run and nobody chose it; then it must not be much later than the newest file of a drop folder.
    `numbers`: by entity, the number of a change that the complete extracts up to T have reached (`sequence`).
    """

    start: datetime | None
    end: datetime
    explicit: bool = False
    is_by_clock: bool = False
    numbers: dict[str, int] = field(default_factory=dict)

    def __str__(self) -> str:
        return f"[{self.start.isoformat() if self.start else 'beginning'}, {self.end.isoformat()})"


@dataclass(frozen=True)
class Check:
    """The result of one rule about a whole delivered file."""

    rule: str
    ok: bool
    message: str


@dataclass
class Landed:
    """One load after the extract: `landed`, `waiting` for its manifest or the rest of the file, or `blocked` by a check.

    `path`: the URL of its folder; empty if nothing landed. `overdue`: it has been waiting for more than a day, so a notice is necessary.
    `secret_keys`: keys whose newest version is secret, so their stored versions must be deleted. `secret_keys` and `secret_counts` are
    never written to the landing.
    """

    entity: str
    path: str
    file_name: str | None = None
    manifest: dict[str, Any] = field(default_factory=dict)
    status: str = LoadStatus.LANDED
    message: str | None = None
    checks: list[Check] = field(default_factory=list)
    secret_counts: dict[tuple[date, str, str], int] = field(default_factory=dict)
    secret_days: list[date] = field(default_factory=list)
    secret_keys: set[str] = field(default_factory=set)
    overdue: bool = False
    load_id: int | None = None


class Folder:
    """A folder on any file system of fsspec, with whole-file atomic writes."""

    def __init__(self, url: str, options: dict[str, Any] | None = None) -> None:
        self.url = url.rstrip("/")
        self.fs, path = fsspec.core.url_to_fs(url, **(options or {}))
        self.path = path.rstrip("/")

    def child(self, *names: str) -> Folder:
        """A folder in this folder."""
        other = object.__new__(Folder)
        other.fs, other.url, other.path = self.fs, "/".join((self.url, *names)), "/".join((self.path, *names))
        return other

    def entries(self) -> list[tuple[str, str]]:
        """The sorted entries of this folder, each with its kind (`file`, `directory` or another); none if it does not exist."""
        try:
            entries = self.fs.ls(self.path, detail=True, refresh=True) if self.fs.async_impl else self.fs.ls(self.path, detail=True)
        except FileNotFoundError:
            return []
        return sorted((entry["name"].rstrip("/").rpartition("/")[2], entry["type"]) for entry in entries)

    def names(self, kind: str) -> list[str]:
        """The sorted names of the files (`file`) or folders (`directory`) in this folder; none if it does not exist."""
        return [name for name, found in self.entries() if found == kind]

    def is_there(self) -> bool:
        """Whether the folder exists."""
        return bool(self.fs.isdir(self.path))

    def open(self, name: str) -> IO[bytes]:
        """A file in this folder as a stream of bytes."""
        stream: IO[bytes] = self.fs.open(f"{self.path}/{name}", "rb")
        return stream

    def exists(self, name: str) -> bool:
        """Whether a file of this name is there."""
        return bool(self.fs.exists(f"{self.path}/{name}"))

    def modified(self, name: str) -> datetime | None:
        """When the file was last written; None if the file system does not say so."""
        try:
            at: datetime = self.fs.modified(f"{self.path}/{name}")
        except (NotImplementedError, OSError, KeyError):
            return None
        return at

    def stamp(self, name: str) -> str | None:
        """What says that a file is the same as before without reading it; None: it must be read, as on a disk of this machine."""
        return None

    def close(self) -> None:
        """Leave the server of the folder, where there is one."""

    def read(self, name: str) -> bytes:
        """The bytes of a file in this folder."""
        data: bytes = self.fs.cat_file(f"{self.path}/{name}")
        return data

    def write(self, name: str, data: bytes) -> None:
        """Write a file, completely or not at all. Raises OSError, which names the file: a full disk does not by itself."""
        temporary = f"{self.path}/.{name}.tmp"
        try:
            self.fs.makedirs(self.path, exist_ok=True)
            self.fs.pipe_file(temporary, data)
            self.fs.mv(temporary, f"{self.path}/{name}")
        except OSError as error:
            error.filename = error.filename or f"{self.path}/{name}"
            raise

    def remove(self, name: str | None = None) -> None:
        """Remove a file, or this folder with everything in it."""
        path = self.path if name is None else f"{self.path}/{name}"
        if self.fs.exists(path):
            self.fs.rm(path, recursive=name is None)


def load_folder(landing_url: str, source: str, extract_id: int, entity: str, file_name: str | None = None) -> Folder:
    """The folder of one load."""
    folder = Folder(landing_url).child(source, f"{extract_id:08d}", entity)
    return folder if file_name is None else folder.child(folder_name(file_name))


def folder_name(file_name: str) -> str:
    """The name of the folder in the landing for a delivered file: one folder also for a file whose name is a path with /.

    fsspec takes two colons for the beginning of another address, so they are written in another form, too. Other names stay as they are.
    A long path is cut, with a hash of the whole in place of the rest: file systems take 255 bytes.
    """
    if not any(mark in file_name for mark in ("/", "%2F", "::", "%3A")):
        return file_name
    name = file_name.replace("%", "%25").replace("/", "%2F").replace("::", "%3A%3A")
    return name if len(name.encode()) <= LONGEST_FOLDER else f"{name[:40]}%{sha256(file_name.encode()).hexdigest()[:32]}"


def place_below(landing_url: str, path: str) -> str | None:
    """The folder of a load as ops.load keeps it: below the landing, so that a copy of the installation finds its own. None: nothing landed.

    Raises CchcError for a folder that is not below the landing.
    """
    if not path:
        return None
    root = landing_url.rstrip("/") + "/"
    if not path.startswith(root):
        raise CchcError(f"the landing {path} is not below {landing_url} (CCHC_LANDING_URL)")
    return path.removeprefix(root)


def place_of(landing_url: str, below: str | None) -> str:
    """The folder of a load, from what ops.load keeps of it; empty if nothing landed."""
    return f"{landing_url.rstrip('/')}/{below}" if below else ""


def copy_folder(source_url: str, target_url: str) -> int:
    """Copy every file of a folder into another one, which must be empty; the number of files. What is being written is left out.

    Raises WrongUse where the other one has files: they may be those of another installation.
    """
    source, target = Folder(source_url), Folder(target_url)
    if target.entries():
        raise WrongUse(f"the landing {target_url} is not empty, and nothing is overwritten: set CCHC_LANDING_URL to a new place")
    copied = 0
    for path in sorted(source.fs.find(source.path)):
        *folders, name = path.removeprefix(source.path).lstrip("/").split("/")
        if not is_unfinished(name):
            target.child(*folders).write(name, source.fs.cat_file(path))
            copied += 1
    return copied


def is_unfinished(name: str) -> bool:
    """Whether a file of this name is being written at this moment (`Folder.write`)."""
    return name.startswith(".") and name.endswith(".tmp")


def keep_private(landing_url: str) -> None:
    """Make the folder of the landing, on a disk of this machine, readable for the account of this program alone."""
    folder = Folder(landing_url)
    if isinstance(folder.fs, LocalFileSystem):
        private_folder(Path(folder.path))


def require_writable(landing_url: str, source: str) -> None:
    """Raise CchcError, which names the folder, unless files can be written and removed where a run of this source writes them.

    A file is written and removed, because rights do not tell it: a mount may be read-only, a disk full, a server in between. Nothing may be
    published where its journal cannot be written: a rebuild would do without it, and nobody would know before.
    """
    landing = Folder(landing_url)
    folders = [landing, *([landing.child(source)] if landing.exists(source) else [])]
    for folder in folders:
        name = f".{token_hex(8)}.tmp"  # one that is left behind by a kill is no file of the landing (`is_unfinished`)
        try:
            folder.fs.makedirs(folder.path, exist_ok=True)
            folder.fs.pipe_file(f"{folder.path}/{name}", b"")
            folder.remove(name)
        except OSError as error:
            raise CchcError(
                f"{source}: the landing {folder.url} cannot be written: {error.strerror or error}. Nothing was published or changed, "
                "because a rebuild would not know of it. Give this account the right to write there and the disk room, or set "
                "CCHC_LANDING_URL (docs/runbooks/stopped.md)"
            ) from error


class Writer:
    """Writes the parts of one load: at most 20,000 records and about 16 MB (before compression) each.

    What waits for its part is held in pieces of many lines. orjson leaves a line in the memory in which it was written, eight to sixteen KB
    for one of one KB, so the lines of a part took 170 MB.
    """

    def __init__(self, folder: Folder) -> None:
        self.folder = folder
        self.parts: list[dict[str, Any]] = []
        self.records = 0
        self._pieces: list[bytes] = []
        self._waiting = 0  # the lines in the pieces
        self._bytes = 0  # of these lines, without their ends
        self._compressor = zstandard.ZstdCompressor(level=1)

    def add(self, lines: Iterable[bytes]) -> None:
        """Add landing lines. A part is written whenever it is full."""
        if isinstance(lines, list) and len(lines) <= PIECE_LINES:
            piece = b"\n".join(lines)
            waiting, size = self._waiting + len(lines), self._bytes + len(piece) - max(0, len(lines) - 1)
            if waiting < PART_RECORDS and size < PART_BYTES:
                if lines:
                    self._pieces.append(piece)
                self._waiting, self._bytes = waiting, size
                return  # with them the part is not full
        loose: list[bytes] = []
        waiting, size = self._waiting, self._bytes
        for line in lines:
            loose.append(line)
            waiting += 1
            size += len(line)
            is_full = waiting >= PART_RECORDS or size >= PART_BYTES
            if is_full or len(loose) == PIECE_LINES:
                self._pieces.append(b"\n".join(loose))
                loose.clear()
            if is_full:
                self._waiting = waiting
                self._flush()
                waiting = size = 0
        if loose:
            self._pieces.append(b"\n".join(loose))
        self._waiting, self._bytes = waiting, size

    def close(self) -> None:
        """Write the remaining lines as the last part."""
        if self._waiting:
            self._flush()

    def _flush(self) -> None:
        self._pieces.append(b"")  # the last line ends, too; a second text of the whole part would be made by adding to the first
        data = self._compressor.compress(b"\n".join(self._pieces))
        name = f"part-{len(self.parts) + 1:05d}.ndjson.zst"
        self.folder.write(name, data)
        self.parts.append({"name": name, "records": self._waiting, "sha256": sha256(data).hexdigest()})
        self.records += self._waiting
        self._pieces, self._waiting, self._bytes = [], 0, 0


def write_manifest(folder: Folder, manifest: dict[str, Any]) -> None:
    """Write the manifest, which makes the load complete."""
    folder.write(MANIFEST, orjson.dumps(manifest, option=orjson.OPT_INDENT_2 | orjson.OPT_SORT_KEYS))


def read_manifest(folder: Folder) -> dict[str, Any] | None:
    """The manifest of a complete load, or None."""
    try:
        manifest: dict[str, Any] = orjson.loads(folder.read(MANIFEST))
        return manifest
    except (FileNotFoundError, orjson.JSONDecodeError):
        return None


def complete_manifest(folder: Folder) -> dict[str, Any] | None:
    """The manifest of a load whose parts all exist with their sha256; None otherwise."""
    manifest = read_manifest(folder)
    if manifest is None:
        return None
    try:
        whole = all(sha256(folder.read(part["name"])).hexdigest() == part["sha256"] for part in manifest["parts"])
    except FileNotFoundError:
        return None
    return manifest if whole else None


def part_lines(data: bytes) -> list[bytes]:
    """The lines of a part."""
    return zstandard.ZstdDecompressor().decompress(data).splitlines()


def read_parts(landed: Landed) -> Iterator[tuple[str, list[Any]]]:
    """The name and the parsed lines `[line, record, problem]` of each part of a load, in order."""
    folder = Folder(landed.path)
    for part in landed.manifest["parts"]:
        yield part["name"], [orjson.loads(line) for line in part_lines(folder.read(part["name"]))]
