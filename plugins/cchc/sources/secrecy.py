"""Secret records are counted but never stored.

A record is secret if its secrecy field is missing or has any value that is not open. It is dropped before the landing and counted: distinct
keys by local day of the change time, secrecy and unit. If a record that landed earlier becomes secret, `purge_landing` removes it from all
parts of all extracts.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, timedelta
from hashlib import sha256
from typing import Any
from zoneinfo import ZoneInfo

import orjson
import zstandard

from cchc.sources.landing import MANIFEST, Folder, part_lines, read_manifest, write_manifest
from cchc.sources.privacy import clean
from cchc.sources.profile import Secret
from cchc.sources.times import TimeReader

MISSING = "(missing)"


class Secrets:
    """The secret records of an entity in one extract, over all of its pages or files. They are only kept in memory."""

    def __init__(self, rule: Secret, zone: ZoneInfo, read_time: TimeReader, is_missing: Callable[[Any], bool], end: datetime) -> None:
        self.rule, self.zone, self.read_time, self.is_missing = rule, zone, read_time, is_missing
        self.default_time = end - timedelta(microseconds=1)
        self._open = frozenset(rule.open)
        self._met: dict[tuple[date, str, str], set[int]] = {}
        self._secret_at: dict[str, datetime] = {}
        self._reopened: set[str] = set()
        self._keyless = 0
        self._days: set[date] = set()

    def is_open(self, record: dict[str, Any]) -> bool:
        """Whether the record may be stored, by its own secrecy field."""
        value = record.get(self.rule.field)
        return isinstance(value, str) and (value in self._open or clean(value) in self._open)

    def drop(self, record: dict[str, Any], key: str | None, changed_at: Any) -> None:
        """Count a secret record; the caller drops it."""
        at = self._time(changed_at)
        place = (at.astimezone(self.zone).date(), self._label(record, self.rule.field), self._label(record, self.rule.unit))
        self._keyless += key is None  # each record without a key counts as a separate one
        self._met.setdefault(place, set()).add(hash(key) if key is not None else hash((None, self._keyless)))
        if key is not None:
            self._secret_at[key] = max(at, self._secret_at.get(key, at))
            if self._secret_at[key] == at:
                self._reopened.discard(key)

    def keeps(self, key: str | None, changed_at: Any) -> bool:
        """Whether an open record may land. It may not if a version of its key that is at least as new is secret."""
        if key is None or key not in self._secret_at:
            return True
        if self._time(changed_at) <= self._secret_at[key]:
            return False
        self._reopened.add(key)
        return True

    def see_day(self, changed_at: Any) -> None:
        """Note that a record of that day was read, open or secret."""
        self._days.add(self._time(changed_at).astimezone(self.zone).date())

    def days_read(self, start: datetime | None, whole_window: bool) -> list[date]:
        """The local days whose counts this extract replaces: all days of the window, or for files the days that occur in them."""
        if not whole_window:
            return sorted(self._days)
        last = self.default_time.astimezone(self.zone).date()
        first = start.astimezone(self.zone).date() if start is not None else min((*self._days, last))
        return [first + timedelta(days=number) for number in range((last - first).days + 1)]

    @property
    def counts(self) -> dict[tuple[date, str, str], int]:
        """Distinct keys by (local day, secrecy, unit)."""
        return {place: len(keys) for place, keys in sorted(self._met.items())}

    @property
    def keys(self) -> set[str]:
        """The keys whose newest version in this extract is secret."""
        return set(self._secret_at) - self._reopened

    def _time(self, value: Any) -> datetime:
        read = None if value is None or self.is_missing(value) else self.read_time(value)
        return self.default_time if read is None else read

    def _label(self, record: dict[str, Any], name: str) -> str:
        value = clean(record.get(name))
        return MISSING if value is None or self.is_missing(value) else str(value)[:50]


def purge_landing(landing_url: str, source: str, entity: str, keys: set[str], extract_id: int | None = None) -> int:
    """Remove the lines with one of `keys` from the landing of an entity, in all extracts or in one. Returns the number of removed lines.

    The parts are rewritten; counts and sha256 in the manifests are corrected, and `purged` has the number. Folders without a manifest,
    left by failed extracts, may contain the records and are removed completely. The function may be called again after a crash.
    """
    if not keys:
        return 0
    purged = 0
    base = Folder(landing_url).child(source)
    extracts = base.names("directory") if extract_id is None else [f"{extract_id:08d}"]
    for extract in extracts:
        folder = base.child(extract, entity)
        for load in (folder, *(folder.child(name) for name in folder.names("directory"))):
            purged += _purge_load(load, keys)
    return purged


def _purge_load(folder: Folder, keys: set[str]) -> int:
    names = folder.names("file")
    if not names:
        return 0
    manifest = read_manifest(folder)
    if manifest is None:
        for name in names:
            folder.remove(name)
        return 0
    purged, changed = 0, False
    for part in manifest["parts"]:
        data = folder.read(part["name"])
        lines = part_lines(data)
        kept = [line for line in lines if record_key(orjson.loads(line)[1], manifest["key"], manifest.get("key_else")) not in keys]
        if len(kept) < len(lines):
            data = zstandard.ZstdCompressor(level=1).compress(b"".join(line + b"\n" for line in kept))
            folder.write(part["name"], data)
            purged += len(lines) - len(kept)
        if part["records"] != len(kept):
            part["sha256"], part["records"], changed = sha256(data).hexdigest(), len(kept), True
    if changed:
        manifest["purged"] = manifest.get("purged", 0) + manifest["records"] - sum(part["records"] for part in manifest["parts"])
        manifest["records"] = sum(part["records"] for part in manifest["parts"])
        write_manifest(folder, manifest)
    for name in names:
        if name.endswith(".tmp") or (name != MANIFEST and name not in {part["name"] for part in manifest["parts"]}):
            folder.remove(name)
    return purged


def record_key(record: dict[str, Any] | None, fields: list[str], fields_else: list[str] | None) -> str | None:
    """The key of a landed record: its key fields joined by |; None if one of them is absent."""
    if record is None:
        return None
    for names in (fields, fields_else or []):
        parts = [record.get(name) for name in names]
        if parts and all(part is not None and part != "" for part in parts):
            return "|".join(map(str, parts))
    return None
