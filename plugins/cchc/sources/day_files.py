"""Check a day file against its manifest and its trailer.

The rules for a whole file have the names B1, B2, …. A file that breaks one is blocked, and the best earlier revision stays in force.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from hashlib import sha256
from typing import Any

import orjson

from cchc.sources.amounts import delivered_amount, plain_amount, whole_number
from cchc.sources.delivered import Tally, Unfinished, Unreadable
from cchc.sources.described import described
from cchc.sources.inbox import Inbox, subject
from cchc.sources.kinds import small_ending
from cchc.sources.landing import Check
from cchc.sources.limits import FIRST_YEAR, FIRST_YEAR_ALONE, HIGHEST_REVISION, LAST_YEAR, MANIFEST_BYTES, MIB
from cchc.sources.name_patterns import is_shorter_than_a_day
from cchc.sources.profile import FileManifest, Files
from cchc.sources.unread import Gone

SHA256 = "[0-9a-fA-F]{64}"


@dataclass(frozen=True)
class FileName:
    """The day and the revision (1 is the first) in the name of a file; of a year or month its first day, and the last one as `end`."""

    day: date
    revision: int
    end: date | None = None

    @property
    def last_day(self) -> date:
        """The last day of what the name says."""
        return self.end or self.day


def parse_name(name: str, files: Files) -> FileName | None:
    """The day and the revision in a file's name; None if the name does not match, or if they are outside what can be meant."""
    match = matched_name(name, files)
    if match is None:
        return None
    groups = match.groupdict()
    try:
        day, end = _days(groups)
        revision = int(groups.get("revision") or 1)
    except ValueError:
        return None
    first = FIRST_YEAR if end is None else FIRST_YEAR_ALONE
    return FileName(day, revision, end) if first <= day.year <= LAST_YEAR and revision <= HIGHEST_REVISION else None


def _days(groups: dict[str, str | None]) -> tuple[date, date | None]:
    """The day that a name says, or the first and the last day of its year or month. Raises ValueError if it is none."""
    digits = re.sub(r"\D", "", groups["date"] or "")
    if "year" in groups or len(digits) == 4:
        year, month, day = int(groups.get("year") or digits), groups.get("month"), groups.get("day")
        first = date(year, int(month or 1), int(day or 1))
        if day:
            return first, None
        after = date(year + 1, 1, 1) if not month or month == "12" else date(year, int(month) + 1, 1)
        return first, after - timedelta(days=1)
    # a file for a month has the first day of the month
    only = datetime.strptime(digits, "%Y%m%d" if len(digits) != 6 else "%Y%m").date()  # noqa: DTZ007  # a day has no zone
    return only, None


def name_words(files: Files) -> str:
    """What names are allowed, in words."""
    words = f"expected a name like {files.name_words or files.name}"
    short = is_shorter_than_a_day(files.name_words or "")
    days = f"a year from {FIRST_YEAR_ALONE} to {LAST_YEAR}" if short else f"a day from {FIRST_YEAR} to {LAST_YEAR}"
    return f"{words}, with {days} and a revision of at most {HIGHEST_REVISION}"


def matched_name(name: str, files: Files) -> re.Match[str] | None:
    """A file's name as the profile's pattern for names finds it, with its ending in capitals or not.

    A pattern without / is about the last part of a path.
    """
    pattern = files.name or ""
    given = subject(name, pattern)
    return re.fullmatch(pattern, given) or re.fullmatch(pattern, small_ending(given))


def same_delivery(name: str, files: Files) -> tuple[tuple[str, str], ...] | None:
    """The parts of a file's name without its revision: files with the same parts replace one another. None if the name does not match."""
    match = matched_name(name, files)
    if match is None or parse_name(name, files) is None:
        return None
    return tuple(sorted((group, value) for group, value in match.groupdict(default="").items() if group != "revision"))


def manifest_name(name: str, manifest: FileManifest) -> str:
    """The name of the manifest beside a data file: the last suffix (after .gz) replaced."""
    return re.sub(r"\.gz\Z", "", name, flags=re.IGNORECASE).rpartition(".")[0] + manifest.suffix


def read_manifest(inbox: Inbox, name: str, manifest: FileManifest) -> tuple[dict[str, Any], bytes]:
    """The fields of the manifest and its bytes. Raises Unfinished if it is missing or incomplete, Unreadable if it is no manifest."""
    other = manifest_name(name, manifest)
    if not inbox.exists(other):
        raise Unfinished(f"its manifest {other} is not there")
    data = manifest_bytes(inbox, other)
    try:
        body = orjson.loads(data)
    except orjson.JSONDecodeError:
        raise Unfinished(f"its manifest {other} is not whole JSON") from None
    names = (manifest.file, manifest.rows, manifest.amount, manifest.sha256, manifest.revision)
    if not isinstance(body, dict) or any(key not in body for key in names):
        lacking = [key for key in names if not isinstance(body, dict) or key not in body]
        raise Unreadable(f"its manifest {other} lacks {', '.join(lacking)}")
    return {key: body[key] for key in names}, data


def manifest_bytes(inbox: Inbox, name: str) -> bytes:
    """The bytes of a manifest. Raises Unreadable if they are more than a manifest can have, Gone if it cannot be opened any more."""
    try:
        with inbox.open(name) as file:
            data: bytes = file.read(MANIFEST_BYTES + 1)
    except Gone as problem:
        raise Gone(f"its manifest {name}: {problem}") from None
    if len(data) > MANIFEST_BYTES:
        raise Unreadable(f"its manifest {name} has more than {MANIFEST_BYTES // MIB} MB")
    return data


def identity(data_sha256: str, manifest_bytes: bytes) -> str:
    """The identity of a file with its manifest: if either of them is corrected, it changes, and both are read again."""
    return sha256(data_sha256.encode() + manifest_bytes).hexdigest()


def checks(name: str, sha: str, parsed: FileName, declared: dict[str, Any], tally: Tally, files: Files) -> list[Check]:
    """The results of the rules for the whole file, each with the expected and the found value."""
    manifest = _manifest(files)
    wanted_rows = whole_number(declared[manifest.rows], files.thousands)
    wanted_amount = delivered_amount(declared[manifest.amount], files.thousands, files.decimal, files.signs)
    wanted_revision = whole_number(declared[manifest.revision], None)
    results = [
        _equal("B1", "name", declared[manifest.file], name.rpartition("/")[2], "", *([files.name] if files.name else [])),
        sha256_check(declared, sha, files),
        _equal("B3", "rows", wanted_rows, tally.rows),
        _equal("B4", "amount", wanted_amount, tally.amount, _unread(tally)),
        _equal("B5", "revision", wanted_revision, parsed.revision),
    ]
    if files.trailer is not None:
        trailer = tally.trailer
        if trailer is None:
            results.append(Check("B6", False, f"trailer: expected a last line {files.trailer};<rows>;<amount>, found none"))
        elif tally.after_trailer:
            results.append(Check("B6", False, f"trailer: expected it on the last line, found {tally.after_trailer} lines after it"))
        else:
            found = [tally.rows, plain_amount(tally.amount)]
            results.append(_equal("B6", "trailer (rows, amount)", read_trailer(trailer, files), found, _unread(tally)))
    return results


def read_trailer(trailer: list[str], files: Files) -> list[int | str | None]:
    """The number of rows and the sum in the last line of a file; None in the place of one that is no number, none for a missing cell."""
    rows = [whole_number(cell, files.thousands) for cell in trailer[1:2]]
    return [*rows, *(plain_amount(delivered_amount(cell, files.thousands, files.decimal, files.signs)) for cell in trailer[2:3])]


def sha256_check(declared: dict[str, Any], sha: str, files: Files) -> Check:
    """Rule B2: the sha256 of the delivered bytes is the one in the manifest."""
    return _equal("B2", "sha256 of the bytes as delivered", str(declared[_manifest(files).sha256]).strip().lower(), sha, "", SHA256)


def _manifest(files: Files) -> FileManifest:
    assert files.manifest is not None  # noqa: S101  # only files with one are checked
    return files.manifest


def _unread(tally: Tally) -> str:
    return f" ({tally.unread_amounts} amounts that are no numbers counted as 0)" if tally.unread_amounts else ""


def _equal(rule: str, what: str, expected: Any, actual: Any, note: str = "", *allowed: str) -> Check:
    """Whether two values are equal. The message shows the manifest value only if it is a number or matches a pattern in `allowed`."""
    shown = "no whole number" if expected is None else described(expected, *allowed) if isinstance(expected, str) else str(expected)
    return Check(rule, expected == actual, f"{what}: expected {shown}, found {actual}{note}")


def kept(declared: dict[str, Any], files: Files) -> dict[str, Any]:
    """The values of a manifest for ops.load. Values other than numbers, file names and sha256 hashes are replaced by their kind."""
    allowed = (SHA256, *([files.name] if files.name else []))
    return {key: value if isinstance(value, (int, float)) else described(value, *allowed) for key, value in declared.items()}
