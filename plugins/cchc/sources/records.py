"""Process each delivered record before the landing: check its shape, secrecy and change time, redact it, find its key, count it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

import orjson

from cchc.errors import CchcError
from cchc.sources import privacy
from cchc.sources.distinct import Distinct
from cchc.sources.event_picks import Picks
from cchc.sources.fields import FieldCounts
from cchc.sources.hidden_letters import hidden_letter
from cchc.sources.landing import Window
from cchc.sources.limits import KEY_BYTES
from cchc.sources.profile import Entity, Profile
from cchc.sources.secrecy import Secrets
from cchc.sources.sequence import Numbers
from cchc.sources.times import late_test, month_reader
from cchc.sources.where import row_test

FIRST_MONTH = "2000-01"
BATCH_RECORDS = 100  # taken at once; 1,000, which presumably leave the caches of the processor before they land, cost a sixth more
_Event = tuple[int, privacy.Record, privacy.Record]
_SORTED = orjson.OPT_SORT_KEYS


Watch = Callable[[Entity, list[tuple[int, Any]], bool], None]
"""Sees an entity, its (line, record) pairs as delivered, and whether their lists are text; it may end the extract by an error."""
_watch: ContextVar[Watch | None] = ContextVar("watch", default=None)


@contextmanager
def watched(watch: Watch) -> Iterator[None]:
    """Let `watch` see all records that any extract takes meanwhile, before anything is taken out of them."""
    token = _watch.set(watch)
    try:
        yield
    finally:
        _watch.reset(token)


class Problem(str):
    """A text that takes the place of a record that could not be read; it says why."""


class Intake:
    """Takes the records of one load, returns the lines that may land, and counts them.

    `distinct_keys` and `keyless` count all delivered records, also the dropped ones, because the source's total is compared with them.
    `fields` counts the fields of the records that land. Each delivered record lands or is in one of `late`, `secret`, `merged` (a row of an
    event log that went into the record of its key), `left_out` (by the profile's `where`) and `seen_before` (a record of another reading of
    the same window).
    """

    def __init__(
        self,
        profile: Profile,
        entity: Entity,
        window: Window,
        privacy_key: bytes,
        secrets: Secrets | None = None,
        *,
        lists_are_text: bool = False,
    ) -> None:
        self.entity = entity
        self.secrets = secrets
        self.fields = FieldCounts(entity)
        self.delivered = 0
        self.late = 0
        self.secret = 0
        self.merged = 0
        self.left_out = 0
        self.seen_before = 0
        self.keyless = 0
        self.keyed = 0
        self._lists_are_text = lists_are_text
        self._key_names = tuple(names for names in (entity.key, entity.key_else) if names)
        self._joints = max(len(entity.key), len(entity.key_else or ())) - 1
        self._redact = privacy.redactor(entity, privacy_key, lists_are_text=lists_are_text)
        self.is_missing = missing_test(profile.missing)
        self._keeps = row_test(entity.where, self.is_missing)
        is_judged = entity.changed_at is not None and entity.mode == "window"
        self._is_late = late_test(profile.clock(entity), window.end) if is_judged else None
        self.numbers = Numbers(entity, self._is_late) if entity.sequence is not None else None
        self._keys = Distinct()
        self._keyless = Distinct()
        self._again: Distinct | None = None
        self._events: dict[str, _Event] | None = {} if entity.rows == "event" else None
        self._picks = Picks(profile, entity, self.is_missing)
        received = next((column for column in entity.columns if column.name == "received_at"), None)
        self._received = received.source if received is not None and entity.deletions is not None else None
        self._month_of = month_reader(profile.reading(received), FIRST_MONTH, profile.zone_of_days)
        self.received_months: dict[str, int] = {}

    @property
    def distinct_keys(self) -> int:
        """The number of distinct delivered keys."""
        return len(self._keys)

    @property
    def repeated(self) -> int:
        """How many records were delivered with a key that an earlier one has."""
        return self.keyed - len(self._keys)

    @property
    def least(self) -> int:
        """The smallest possible number of different delivered records, because rows without a key may be repeats."""
        return len(self._keys) + len(self._keyless)

    @property
    def most(self) -> int:
        """The largest possible number of different delivered records."""
        return len(self._keys) + self.keyless

    @property
    def fresh(self) -> int:
        """The number of different records in this reading of the window."""
        return self.least if self._again is None else len(self._again)

    def counts(self, landed: int, where: str) -> dict[str, int]:
        """What became of the delivered records, by name, when `landed` of them have landed. `where`: the source and its entity.

        Raises CchcError if the counts do not add up: then a record was lost without a word.
        """
        dropped = {
            "merged": self.merged,
            "left_out": self.left_out,
            "seen_before": self.seen_before,
            "late": self.late,
            "secret": self.secret,
        }
        if self.delivered != landed + sum(dropped.values()):
            told = ", ".join(f"{count} {name}" for name, count in dropped.items())
            raise CchcError(
                f"{where}: {self.delivered} records were delivered, and {landed} landed ({told}): the counts do not add up. Nothing was "
                "loaded. Run the ingest again; if it stays, report it"
            )
        return {"delivered": self.delivered} | dropped

    def read_again(self) -> None:
        """Begin another reading of the same window, of which only records not seen before land."""
        self._again = Distinct()

    def key(self, record: privacy.Record) -> str | None:
        """The key of a cleaned record; None if a part of it is missing or unreadable."""
        is_missing = self.is_missing
        for names in self._key_names:
            parts = []
            for name in names:
                value = record.get(name)
                if value is None or value == privacy.MALFORMED or is_missing(value):
                    break
                parts.append(value if type(value) is str else str(value))
            else:
                return parts[0] if len(parts) == 1 else "|".join(parts)
        return None

    def take(self, records: Iterable[tuple[int, Any]]) -> list[bytes]:
        """The landing lines of (line, record) pairs. For a record that is not an object, its problem lands."""
        lines: list[bytes] = []
        dumps, redact, key_of, counts = orjson.dumps, self._redact, self.key, self._counts
        secrets, is_late, changed_at = self.secrets, self._is_late, self.entity.changed_at or ""
        taken: list[privacy.Record] = []
        landed: list[privacy.Record] = []
        for line, record in self._watched(records):
            self.delivered += 1
            if type(record) is not dict:
                lines += self._take_problem(line, record)
                continue
            is_open = secrets is None or secrets.is_open(record)
            out = redact(record)
            key = key_of(out)
            if key is not None and (problem := self._key_problem(key)) is not None:
                lines += self._take_problem(line, problem)
                continue
            if not counts(key, out):
                self.seen_before += 1
                continue
            changed = out.get(changed_at)
            if is_late is not None and changed is not None and is_late(changed):
                self.late += 1
                continue
            if secrets is not None and self._is_secret(secrets, record, is_open, key, changed):
                self.secret += 1
                continue
            if self._keeps is not None and not self._is_kept(self._keeps, record):
                continue
            if self._received is not None:
                self._see_month(out.get(self._received))
            if self._events is not None and key is not None:
                self._merge(self._events, key, (line, record, out))
            else:
                taken.append(record)
                landed.append(out)
                lines.append(dumps([line, out, None], option=_SORTED))
        self.fields.see(taken, landed, lists_are_text=self._lists_are_text)
        return lines

    def _watched(self, records: Iterable[tuple[int, Any]]) -> Iterable[tuple[int, Any]]:
        """The records, after whoever watches the extract has seen them."""
        watch = _watch.get()
        if self.numbers is not None:
            records = self.numbers.seen(records)
        if watch is None:
            return records
        seen = list(records)
        watch(self.entity, seen, self._lists_are_text)
        return seen

    def _key_problem(self, key: str) -> Problem | None:
        """Why a record with this key is not taken; None if it is. Two records of which people see one key would be two, or become one."""
        if not self._joints and len(key) <= KEY_BYTES and key.isascii() and key.isprintable():
            return None  # most keys are such ones, and this is the cheapest way to know it
        if (size := len(key.encode())) > KEY_BYTES:
            return Problem(f"its key has {size} bytes; at most {KEY_BYTES} are read")
        if (letter := hidden_letter(key)) is not None:
            return Problem(f"its key has a character that nobody sees ({letter}); have the source send it without")
        if self._joints and key.count("|") > self._joints:
            return Problem("a part of its key has a |, by which the parts are joined, so it may be the key of another record")
        return None

    def _take_problem(self, line: int, record: Any) -> list[bytes]:
        """The landing line of a record that is not an object; none if the same one landed before."""
        problem = str(record) if isinstance(record, Problem) else f"not an object ({_type_name(record)})"
        if self._count_keyless(hash((problem, str(record)))):
            return [orjson.dumps([line, None, problem])]
        self.seen_before += 1
        return []

    def _counts(self, key: str | None, out: privacy.Record) -> bool:
        """Count a record by its key. Returns whether it may land; in a repeated reading of a window only new records may."""
        if key is None:
            return self._count_keyless(hash(orjson.dumps(out, option=_SORTED)))
        digest = hash(key)
        self.keyed += 1
        if self._again is not None:
            self._again.add(digest)
            if digest in self._keys:
                return False
        self._keys.add(digest)
        return True

    def _is_secret(self, secrets: Secrets, record: privacy.Record, is_open: bool, key: str | None, changed: Any) -> bool:
        """Whether a record must not land because it is secret, or because a newer version of its key is secret."""
        self.fields.see_secrecy(record)
        secrets.see_day(changed)
        if not is_open:
            secrets.drop(record, key, changed)
            return True
        return not secrets.keeps(key, changed)

    def _is_kept(self, keeps: Callable[[privacy.Record], bool], record: privacy.Record) -> bool:
        """Whether a delivered record counts by the row filter; it is judged as it was delivered, because its field need not land."""
        self.fields.see_filter(record)
        is_kept = keeps(record)
        self.left_out += not is_kept
        return is_kept

    def _merge(self, events: dict[str, _Event], key: str, event: _Event) -> None:
        """Take a row of an event log into the record of its key: the last row, with what the columns take of the rows before it."""
        before = events.get(key)
        self.merged += before is not None
        if self._picks:
            line, record, out = event
            names = record if before is None else {**before[1], **record}  # a field may stand in the first row alone
            event = (line, names, self._picks.merge(None if before is None else before[2], out))
        events[key] = event

    def rest(self) -> Iterator[bytes]:
        """The lines that were held back until the end, the last of several event rows of one key; each is written when it is asked for."""
        if not self._events:
            return iter(())
        held, self._events = self._events.values(), {}
        self.fields.see([record for _, record, _ in held], [out for _, _, out in held], lists_are_text=self._lists_are_text)
        return (orjson.dumps([line, out, None], option=_SORTED) for line, _, out in held)

    def _see_month(self, received: Any) -> None:
        """Count a landed record by its local month of reception."""
        if received is None or self.is_missing(text := str(received)):
            return
        month = self._month_of(text)
        if month is not None:
            self.received_months[month] = self.received_months.get(month, 0) + 1

    def _count_keyless(self, digest: int) -> bool:
        """Count a record without a key. Returns whether it may land."""
        if self._again is not None:
            self._again.add(digest)
            if digest in self._keyless:
                return False
        self._keyless.add(digest)
        self.keyless += 1
        return True


def missing_test(patterns: tuple[str, ...]) -> Callable[[Any], bool]:
    """A test whether a delivered value means missing, by the profile's list (`*` at the end: prefix). null is always missing."""
    exact = frozenset(pattern for pattern in patterns if not pattern.endswith("*"))
    prefixes = tuple(pattern[:-1] for pattern in patterns if pattern.endswith("*"))

    def is_missing(value: Any) -> bool:
        if type(value) is str:
            return value in exact or (bool(prefixes) and value.startswith(prefixes))
        return value is None

    return is_missing


def _type_name(value: Any) -> str:
    return "null" if value is None else type(value).__name__
