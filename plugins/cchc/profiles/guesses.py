"""Guess, from the names and the values of a sample, which field fills which column of a model, and how its values are written."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any
from zoneinfo import ZoneInfo

import pyarrow as pa

from cchc.profiles.hints import CHANGED, letters, likeness
from cchc.profiles.personal import kind_by_name, kind_by_values
from cchc.sources.codes import CODES
from cchc.sources.needs import IDENTITY
from cchc.sources.time_patterns import Rules
from cchc.staging import parse

MOST = 0.95  # so many of the values must be read by one pattern
# in the order in which they are tried: the day comes before the month where both can be meant
TIME_FORMATS = (
    "iso", "dd/MM/yyyy HH:mm:ss", "dd/MM/yyyy HH:mm", "dd/MM/yyyy", "dd-MM-yyyy HH:mm:ss", "dd-MM-yyyy HH:mm", "dd-MM-yyyy", "dd.MM.yyyy",
    "yyyyMMddHHmmss", "yyyyMMdd", "yyyy/MM/dd HH:mm:ss", "yyyy/MM/dd", "MM/dd/yyyy HH:mm:ss", "MM/dd/yyyy HH:mm", "MM/dd/yyyy",
    "dd-MMM-yyyy", "d MMM yyyy", "d MMMM yyyy", "dd-MMM-yy", "d MMM yy", "dd/MM/yy", "dd-MM-yy", "dd.MM.yy", "epoch_ms", "json_date",
)  # fmt: skip
MISSING = ("NULL", "null", "N/A", "n/a", "-", "--", "None")
WHOLE = re.compile(r"-?\d+")
GROUPED = re.compile(r"-?\d{1,3}(?:([., ])\d{3})+")
IDENTIFIERS = {"id", "ma", "code", "so", "key", "uuid", "number", "identifier"}
NEAR_IDENTIFIER = 0.5
AROUND = ("dossier_code", "document_code")  # the codes of records in which others are nested
FLAGS = {"0", "1", "true", "false"}
PIVOT = 1950  # what two digits of a year are taken for, which is marked as a guess
MOMENT = re.compile(r"1\d{12}")  # milliseconds since 1970 of this time; other numbers of 12 or 13 digits are rather codes
# a number with a fraction, with or without marks of thousands, by its decimal mark
FRACTIONS = {
    ",": re.compile(r"-?(?:\d+|\d{1,3}(?:\.\d{3})+|\d{1,3}(?: \d{3})+)(?:,\d{1,2})?"),
    ".": re.compile(r"-?(?:\d+|\d{1,3}(?:,\d{3})+|\d{1,3}(?: \d{3})+)(?:\.\d{1,4})?"),
}
TIMES = ("timestamp with time zone", "date")
# by type of a column of a model: the kinds of columns of a database that can fill it; for whole numbers that is `number`
KINDS = {**dict.fromkeys(TIMES, ("time",)), "boolean": ("flag",), "text": ("text", "number"), "jsonb": ()}


@dataclass
class Field:
    """A field of a sample: its values as texts, without missing ones, in the order of the records.

    `kind`: of a column of a database or a field of a description, of which no value is known: `time`, `flag`, `number`, `text` or `other`.
    `refers`: the table to which a foreign key leads.
    """

    name: str
    values: list[str]
    zone: ZoneInfo
    kind: str | None = None
    refers: str | None = None

    @cached_property
    def distinct(self) -> Counter[str]:
        """Its values, each with how often it was met."""
        return Counter(self.values)

    @cached_property
    def personal(self) -> str | None:
        """The kind of personal data that it looks like."""
        return kind_by_name(self.name) or (None if self.time_format else kind_by_values(self.values))

    @cached_property
    def time_format(self) -> str | None:
        """The pattern by which nearly all of its values are times; None where there is none."""
        if self.kind == "time":
            return "iso"
        words = pa.array(self.values, type=pa.string())
        for pattern in TIME_FORMATS if self.values else ():
            if pattern == "epoch_ms" and not all(MOMENT.fullmatch(value) for value in self.values):
                continue
            if len(words) - parse.times(words, (pattern,), self.zone, Rules(self.zone, PIVOT)).null_count >= MOST * len(words):
                return pattern
        return None

    @property
    def has_two_digits(self) -> bool:
        """Whether the years of its times have two digits."""
        return re.search(r"(?<!y)yy(?!y)", self.time_format or "") is not None

    @cached_property
    def decimal(self) -> str | None:
        """The mark before the fraction of its numbers; None where none of them has a fraction, or they do not agree."""
        if not self.values or self.time_format is not None or all(WHOLE.fullmatch(value) for value in self.distinct):
            return None
        fits = [mark for mark, shape in FRACTIONS.items() if all(shape.fullmatch(value) for value in self.distinct)]
        with_one = [mark for mark in fits if any(re.search(rf"\{mark}\d{{1,2}}$", value) for value in self.distinct)]
        return with_one[0] if len(with_one) == 1 else None

    @property
    def look(self) -> str:
        """What its values look like, for people: a time with its pattern, or a number; empty for texts and where no value is known."""
        if self.time_format is not None and self.values:
            return f" (a time: {self.time_format})"
        is_number = bool(self.values) and (
            self.decimal is not None or self.thousands is not None or all(map(WHOLE.fullmatch, self.distinct))
        )
        return " (a number)" if is_number and self.kind is None else ""

    @property
    def may_be_month_first(self) -> bool:
        """Whether its times can also be read with the month before the day."""
        if not (self.time_format or "").startswith("dd/MM"):
            return False
        words = pa.array(self.values, type=pa.string())
        turned = ((self.time_format or "").replace("dd/MM", "MM/dd"),)
        return bool(parse.times(words, turned, self.zone, Rules(self.zone, PIVOT)).null_count == 0)

    @cached_property
    def thousands(self) -> str | None:
        """The mark between groups of three digits, where all of its numbers have one or are small."""
        if self.decimal is not None:
            marks = {sign for value in self.distinct for sign in ".,  " if sign != self.decimal and sign in value}
            return marks.pop() if len(marks) == 1 else None
        marks = {match.group(1) for value in self.values if (match := GROUPED.fullmatch(value))}
        others = [value for value in self.values if not GROUPED.fullmatch(value)]
        return marks.pop() if len(marks) == 1 and all(WHOLE.fullmatch(value) for value in others) else None

    def fits(self, kind: str, codes: dict[str, str] | None) -> bool:
        """Whether its values can be of an SQL type. What has codes can be any words."""
        if self.kind is not None:
            return self.kind in KINDS.get(kind, ("number",)) or (bool(codes) and self.kind in ("number", "text"))
        if not self.values or codes:
            return self.time_format is None or not self.values
        if kind in TIMES:
            return self.time_format is not None
        if kind == "boolean":
            return all(value.lower() in FLAGS for value in self.distinct)
        if kind == "text":
            return self.time_format is None
        return kind != "jsonb" and (
            self.thousands is not None or self.decimal is not None or all(WHOLE.fullmatch(value) for value in self.distinct)
        )


@dataclass
class Guess:
    """The fields of a sample, and by column of the model the field that may fill it, with how near the names are (0 to 1)."""

    fields: dict[str, Field]
    columns: dict[str, tuple[Field, float]] = field(default_factory=dict)
    changed: Field | None = None


def fields_of(rows: list[dict[str, Any]], zone: ZoneInfo, header: Iterable[str]) -> dict[str, Field]:
    """The fields of flat records, in their order, those of the header of a table first."""
    found = {}
    for name in dict.fromkeys((*header, *(name for row in rows for name in row))):
        raw = parse.texts([row.get(name) for row in rows])
        values = [value for value in raw.to_pylist() if value not in (None, "", parse.MALFORMED, *MISSING)]
        found[name] = Field(name, values, zone)
    return found


def guess(fields: dict[str, Field], model: str, layout: dict[str, str], words: dict[str, set[str]]) -> Guess:
    """Which field may fill which column: the nearest names first, a field once, and only where its values can be of the column's type."""
    guessed = Guess(fields)
    scored = []
    for column, kind in layout.items():
        codes = CODES.get(model, {}).get(column)
        for each in fields.values():
            score = nearness(each, column, words.get(column, set()))
            is_left_out = each.personal is not None and column != "applicant_key"
            if column == "deleted_at" and score < 1:  # a wrong guess would take records out; `ngày xong` is near `ngày xóa`
                continue
            if score > 0 and kind != "jsonb" and not is_left_out and each.fits(kind, codes):
                scored.append((score, column, each))
    scored.sort(key=lambda item: -item[0])
    used: set[str] = set()
    for score, column, each in scored:
        if column not in guessed.columns and each.name not in used:
            guessed.columns[column] = each, score
            used.add(each.name)
    _identify(guessed, model, layout, used)
    clocks = [each for each in fields.values() if each.name not in used and each.time_format and nearness(each, "changed_at", set(CHANGED))]
    guessed.changed = clocks[0] if clocks else None
    return guessed


def nearness(each: Field, column: str, words: set[str]) -> float:
    """How near a field is to a column: by its name, of a nested one also by its last keys, of a foreign key by the other table too."""
    name, factor = each.name, 1.0
    if name.startswith("parent."):
        name, factor = name.removeprefix("parent."), 0.9
    keys = name.split(".")
    found = [likeness(name, column, words), likeness(name.removeprefix("case:"), column, words)]  # XES: an attribute of the trace
    if len(keys) > 1:  # `hoSo.ma` is a `mã hồ sơ`, `dossier.code` a code of a dossier
        found += [likeness(keys[-1] + keys[-2], column, words), likeness("".join(keys[-2:]), column, words)]
        found.append(0.9 * likeness(keys[-1], column, words))
    if each.refers is not None:
        found.append(likeness(f"ma{each.refers}", column, words))
    return factor * max(found)


def _identify(guessed: Guess, model: str, layout: dict[str, str], used: set[str]) -> None:
    """Take a field that is called an identifier for the code of a record, or of the record around it, where no name was near."""
    own = next(iter(IDENTITY.get(model, ())), None)
    around = [name for name in AROUND if name in layout and name != own]
    for column in (*((own,) if own is not None else ()), *around):
        free = [each for each in guessed.fields.values() if each.name not in used and each.personal is None and not each.time_format]
        named = [each for each in free if _is_identifier(each, of_record=column == own)]
        if column not in guessed.columns and named:
            guessed.columns[column] = named[0], NEAR_IDENTIFIER
            used.add(named[0].name)


def _is_identifier(each: Field, *, of_record: bool) -> bool:
    """Whether a field is called an identifier: of the record, where its values differ, or of the record around it."""
    name = letters(each.name.rpartition(".")[2])
    if name not in IDENTIFIERS and not (of_record and (name.startswith("id") or name.endswith("id"))):
        return False
    if of_record:
        is_own = not each.name.startswith("parent.") and ("." not in each.name or bool(each.values))
        return is_own and len(each.distinct) == len(each.values)
    return each.name.startswith("parent.") and each.name.count(".") == 1


def missing_words(rows: list[dict[str, Any]]) -> list[str]:
    """Texts of the records that mean that a value is missing, as far as they are known words."""
    met = {value for row in rows for value in row.values() if isinstance(value, str)}
    return [word for word in MISSING if word in met]
