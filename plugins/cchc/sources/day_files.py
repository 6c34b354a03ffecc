"""Day files with a manifest and a trailer: does the file say what its manifest says?

The rules of a file as a whole, named B1…: a file that breaks one is blocked, and the best earlier revision stays in force.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime
from hashlib import sha256
from typing import Any

import orjson

from cchc.sources.described import described
from cchc.sources.files import Tally, Unfinished, Unreadable, whole_number
from cchc.sources.landing import Check, Folder
from cchc.sources.profile import FileManifest, Files

SHA256 = "[0-9a-fA-F]{64}"


@dataclass(frozen=True)
class FileName:
    """What the name of a file says: its day and its revision (1 = the first)."""

    day: date
    revision: int


def parse_name(name: str, files: Files) -> FileName | None:
    """Day and revision from a file's name; None where the name does not fit."""
    found = re.fullmatch(files.name or "", name)
    if not found:
        return None
    groups = found.groupdict()
    try:
        digits = re.sub(r"\D", "", groups["date"])
        # a file of a month is one of its first day
        day = datetime.strptime(digits, "%Y%m%d" if len(digits) != 6 else "%Y%m").date()  # noqa: DTZ007  # a day has no zone
    except ValueError:
        return None
    return FileName(day, int(groups.get("revision") or 1))


def same_delivery(name: str, files: Files) -> tuple[tuple[str, str], ...] | None:
    """What a file's name says beside its revision: files that agree in it take one another's place. None where the name does not fit."""
    found = re.fullmatch(files.name or "", name)
    if found is None or parse_name(name, files) is None:
        return None
    return tuple(sorted((group, value) for group, value in found.groupdict(default="").items() if group != "revision"))


def manifest_name(name: str, manifest: FileManifest) -> str:
    """The name of the manifest beside a data file: the last suffix (after .gz) replaced."""
    return name.removesuffix(".gz").rpartition(".")[0] + manifest.suffix


def read_manifest(folder: Folder, name: str, manifest: FileManifest) -> tuple[dict[str, Any], bytes]:
    """The manifest's agreed fields and its bytes. Raises Unfinished where it is not there or half, Unreadable where it is no manifest."""
    other = manifest_name(name, manifest)
    try:
        data = folder.read(other)
    except FileNotFoundError:
        raise Unfinished(f"its manifest {other} is not there") from None
    try:
        body = orjson.loads(data)
    except orjson.JSONDecodeError:
        raise Unfinished(f"its manifest {other} is not whole JSON") from None
    names = (manifest.file, manifest.rows, manifest.amount, manifest.sha256, manifest.revision)
    if not isinstance(body, dict) or any(key not in body for key in names):
        lacking = [key for key in names if not isinstance(body, dict) or key not in body]
        raise Unreadable(f"its manifest {other} lacks {', '.join(lacking)}")
    return {key: body[key] for key in names}, data


def identity(data_sha256: str, manifest_bytes: bytes) -> str:
    """What tells one delivery of a file and its manifest from another: when either is corrected, the pair is read again."""
    return sha256(data_sha256.encode() + manifest_bytes).hexdigest()


def checks(name: str, sha: str, parsed: FileName, declared: dict[str, Any], tally: Tally, files: Files) -> list[Check]:
    """The rules of the file as a whole, each with what was expected and what was found."""
    manifest = _manifest(files)
    wanted_rows = whole_number(declared[manifest.rows], files.thousands)
    wanted_amount = whole_number(declared[manifest.amount], files.thousands)
    wanted_revision = whole_number(declared[manifest.revision], None)
    found = [
        _equal("B1", "name", declared[manifest.file], name, "", *([files.name] if files.name else [])),
        sha256_check(declared, sha, files),
        _equal("B3", "rows", wanted_rows, tally.rows),
        _equal("B4", "amount", wanted_amount, tally.amount, _unread(tally)),
        _equal("B5", "revision", wanted_revision, parsed.revision),
    ]
    if files.trailer is not None:
        trailer = tally.trailer
        if trailer is None:
            found.append(Check("B6", False, f"trailer: expected a last line {files.trailer};<rows>;<amount>, found none"))
        elif tally.after_trailer:
            found.append(Check("B6", False, f"trailer: expected it on the last line, found {tally.after_trailer} lines after it"))
        else:
            numbers = [whole_number(cell, files.thousands) for cell in trailer[1:3]]
            found.append(_equal("B6", "trailer (rows, amount)", numbers, [tally.rows, tally.amount], _unread(tally)))
    return found


def sha256_check(declared: dict[str, Any], sha: str, files: Files) -> Check:
    """B2: the bytes as delivered are those of the manifest."""
    return _equal("B2", "sha256 of the bytes as delivered", str(declared[_manifest(files).sha256]).strip().lower(), sha, "", SHA256)


def _manifest(files: Files) -> FileManifest:
    assert files.manifest is not None  # noqa: S101  # only files with one are checked
    return files.manifest


def _unread(tally: Tally) -> str:
    return f" ({tally.unread_amounts} amounts that are no numbers counted as 0)" if tally.unread_amounts else ""


def _equal(rule: str, what: str, expected: Any, found: Any, note: str = "", *allowed: str) -> Check:
    """Whether two values agree. What the manifest says is only repeated where it is a number, or fits one of the patterns `allowed`."""
    told = "no whole number" if expected is None else described(expected, *allowed) if isinstance(expected, str) else str(expected)
    return Check(rule, expected == found, f"{what}: expected {told}, found {found}{note}")


def kept(declared: dict[str, Any], files: Files) -> dict[str, Any]:
    """What a manifest says, to be kept in ops.load: whatever is neither a number, a name of a file nor a sha256 only by its kind."""
    allowed = (SHA256, *([files.name] if files.name else []))
    return {key: value if isinstance(value, (int, float)) else described(value, *allowed) for key, value in declared.items()}
