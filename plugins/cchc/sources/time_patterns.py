"""Patterns of times: what may stand in `time_formats` and `formats` of a profile, compiled once and read strictly.

A pattern is a word (`iso`, `epoch`, `epoch_ms`, `json_date`, `excel_serial`), letters as ICU has them (`dd-MMM-yy HH:mm`), or directives of
strptime (`%d-%b-%y`). Each form reads a text, writes a moment where it can, and tells by which short cuts a text in it may be judged.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from functools import lru_cache
from zoneinfo import ZoneInfo

from cchc.sources.time_words import HALVES, MONTHS, MONTHS_WRITTEN, WEEKDAYS, WEEKDAYS_WRITTEN, alternatives, word

_ISO = re.compile(
    r"(\d{4})-(\d{2})-(\d{2})(?:[T ](\d{2}):(\d{2})(?::(\d{2})(?:[.,](\d{1,9}))?)?(?:(Z)|([+-])(\d{2})(?::?(\d{2}))?)?)?", re.ASCII
)
_OFFSET = re.compile(r"(Z)|([+-])(\d{2})(?::?(\d{2}))?", re.ASCII | re.IGNORECASE)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_EXCEL = datetime(1899, 12, 30)  # noqa: DTZ001  # day 0 of serial numbers from 61 on; those before it are off by a leap day that never was
_FIRST_SERIAL, _LAST_SERIAL = 61, 2_958_465  # 1 March 1900 to 31 December 9999

FIXED = {"yyyy": 4, "yy": 2, "MM": 2, "dd": 2, "HH": 2, "hh": 2, "mm": 2, "ss": 2}
VARIABLE = ("M", "d", "H", "h", "m", "s", "S")
NAMES: dict[str, Mapping[str, int]] = {"MMM": MONTHS, "MMMM": MONTHS, "EEE": WEEKDAYS, "EEEE": WEEKDAYS, "a": HALVES}
OFFSETS = ("X", "XX", "XXX", "Z")
_PART = {"yyyy": "year", "yy": "year", "MMM": "month", "MMMM": "month", "EEEE": "EEE", "XX": "X", "XXX": "X", "Z": "X"} | {
    token: name for name, tokens in (("month", "MM M"), ("day", "dd d"), ("hour", "HH H hh h"), ("minute", "mm m"), ("second", "ss s"))
    for token in tokens.split()
}  # fmt: skip
_DIRECTIVES = {
    "Y": "yyyy", "y": "yy", "m": "M", "d": "d", "e": "d", "b": "MMM", "B": "MMMM", "h": "MMM", "H": "H", "I": "h", "p": "a", "M": "m",
    "S": "s", "f": "S", "z": "X", "a": "EEE", "A": "EEEE",
}  # fmt: skip
_STRFTIME = {"yyyy": "%Y", "yy": "%y", "MM": "%m", "dd": "%d", "HH": "%H", "hh": "%I", "mm": "%M", "ss": "%S"}
WORDS = ("iso", "epoch", "epoch_ms", "json_date", "excel_serial")


@dataclass(frozen=True)
class Rules:
    """What a text alone does not say.

    `zone`: where a time without an offset is local. `pivot`: the first of the hundred years that two digits mean. `ignores_offset`: an
    offset that stands in the text is not meant, so the time is a local one.
    """

    zone: ZoneInfo
    pivot: int | None = None
    ignores_offset: bool = False


class Form:
    """One form of times. `fixed`: the layout of texts of one width, of yyyy MM dd HH mm ss and marks; None for other forms.

    `digits`: the widths of texts of digits alone that may be in this form. `dashed`: what a text with - as its fifth character is in this
    form: one that begins with yyyy-MM-dd ("day"), none ("never"), or perhaps another one ("maybe").
    """

    fixed: str | None = None
    digits: range = range(0)
    dashed: str = "never"

    def read(self, text: str, rules: Rules) -> datetime | None:
        """The moment that a text means; None, or ValueError or OverflowError, if it is not in this form."""
        raise NotImplementedError

    def write(self, value: datetime, rules: Rules) -> str | None:
        """A local time in this form; None if the form has no room for all of it, to the second."""
        raise NotImplementedError


class _Iso(Form):
    dashed = "day"

    def read(self, text: str, rules: Rules) -> datetime | None:
        match = _ISO.fullmatch(text)
        if match is None:
            return None
        year, month, day, hour, minute, second, fraction, *offset = match.groups()
        tz = _zone_of(offset, rules)
        return datetime(int(year), int(month), int(day), int(hour or 0), int(minute or 0), int(second or 0), _micros(fraction), tz)

    def write(self, value: datetime, rules: Rules) -> str | None:
        return value.isoformat()


@dataclass(frozen=True)
class _Epoch(Form):
    """Seconds or milliseconds since 1970; `ticks` of them are a second. Few digits are refused: they may be a day, or stand for nothing."""

    ticks: int
    pattern: re.Pattern[str]
    digits: range

    def read(self, text: str, rules: Rules) -> datetime | None:
        match = self.pattern.fullmatch(text)
        if match is None:
            return None
        return _EPOCH + timedelta(microseconds=int(Decimal(match[1]) * 1_000_000 / self.ticks))

    def write(self, value: datetime, rules: Rules) -> str | None:
        return None


class _Serial(Form):
    """Days since 1899-12-30 as Excel counts them, with the time as a fraction of a day: local, to the nearest second."""

    digits = range(2, 8)
    _PATTERN = re.compile(r"\d{2,7}(?:\.\d{1,20})?", re.ASCII)

    def read(self, text: str, rules: Rules) -> datetime | None:
        if self._PATTERN.fullmatch(text) is None:
            return None
        days, fraction = divmod(Decimal(text), 1)
        if not _FIRST_SERIAL <= days <= _LAST_SERIAL:
            return None
        return (_EXCEL + timedelta(days=int(days), seconds=round(fraction * 86_400))).replace(tzinfo=rules.zone)

    def write(self, value: datetime, rules: Rules) -> str | None:
        passed = value.replace(tzinfo=None, microsecond=0) - _EXCEL
        fraction = (Decimal(passed.seconds) / 86_400).quantize(Decimal("1.0000000000"))
        return f"{(passed.days + fraction).normalize():f}" if passed.days >= _FIRST_SERIAL else None


@dataclass(frozen=True)
class Tokens(Form):
    """A pattern of letters. `pieces`: each token, or the text between tokens, with whether it is a token."""

    name: str
    pieces: tuple[tuple[str, bool], ...]
    expression: re.Pattern[str]
    fixed: str | None
    digits: range
    dashed: str

    @property
    def tokens(self) -> list[str]:
        """The tokens in their order."""
        return [piece for piece, is_token in self.pieces if is_token]

    def read(self, text: str, rules: Rules) -> datetime | None:
        """The moment that a text means; None, or ValueError or OverflowError, if it is not in this form."""
        match = self.expression.fullmatch(text)
        if match is None:
            return None
        found = dict(zip(self.tokens, match.groups(), strict=True))
        parts = {"day": 1} | {_PART[token]: int(value) for token, value in found.items() if _is_number(token)}
        tz: ZoneInfo | timezone = rules.zone
        for token, value in found.items():
            if token == "yy":  # noqa: S105  # a token of a pattern
                parts["year"] = _full_year(int(value), rules)
            elif token in ("MMM", "MMMM"):
                parts["month"] = MONTHS.get(word(value), 0)  # 0, which is no month, for letters that only look like those of the list
            elif token == "a":  # noqa: S105
                parts["hour"] = _hour(parts["hour"], value)
            elif token[0] == "S":
                parts["microsecond"] = _micros(value)
            elif token in OFFSETS:
                tz = _zone_of(_groups(_OFFSET.fullmatch(value)), rules)
        return datetime(**parts, tzinfo=tz)

    def write(self, value: datetime, rules: Rules) -> str | None:
        """A local time in this form; None if the form has no room for all of it, to the second."""
        tokens = set(self.tokens)
        if any(token in OFFSETS for token in tokens):
            return None
        parts = {_PART.get(token, token) for token in tokens}
        needed = {"hour": value.hour, "minute": value.minute, "second": value.second}
        if (any(needed.values()) and not {"hour", "minute"} <= parts) or (value.second and "second" not in parts):
            return None
        if "yy" in tokens and _full_year(value.year % 100, rules) != value.year:
            return None
        return "".join(_written(piece, value) if is_token else piece for piece, is_token in self.pieces)


def _written(token: str, value: datetime) -> str:
    if token in ("MMM", "MMMM"):
        return MONTHS_WRITTEN[token][value.month - 1]
    if token in ("EEE", "EEEE"):
        return WEEKDAYS_WRITTEN[token][value.weekday()]
    if token == "a":  # noqa: S105
        return "PM" if value.hour >= 12 else "AM"
    if token[0] == "S":
        return f"{value.microsecond:06d}".ljust(9, "0")[: max(len(token), 1)]
    if token in VARIABLE:
        return str(
            {"M": value.month, "d": value.day, "H": value.hour, "h": value.hour % 12 or 12, "m": value.minute, "s": value.second}[token]
        )
    return value.strftime(_STRFTIME[token]).zfill(FIXED[token])


@lru_cache(maxsize=256)
def form(name: str) -> Form:
    """The form of this name. Raises ValueError, which says what is wrong with it."""
    if name in _SPECIAL:
        return _SPECIAL[name]
    pieces = _of_strptime(name) if "%" in name else _of_letters(name)
    tokens = [piece for piece, is_token in pieces if is_token]
    for part, needed in (("year", "yyyy or yy"), ("month", "MM, M or MMM"), ("day", "dd or d")):
        if part not in {_PART.get(token) for token in tokens} and not (part == "day" and name == "yyyy-MM"):
            raise ValueError(f"it has no {part} ({needed})")
    _require_agreement(tokens)
    _require_ends(pieces)
    expression = "".join(_expression(piece) if is_token else re.escape(piece) for piece, is_token in pieces)
    layout = name if "%" not in name and "'" not in name and name.isascii() and set(tokens) <= FIXED.keys() - {"yy", "hh"} else None
    dashed = "maybe" if layout is None or layout[4:5] == "-" else "never"
    if layout is not None and layout.startswith("yyyy-MM-dd"):
        dashed = "day"
    return Tokens(name, pieces, re.compile(expression, re.IGNORECASE), layout, _widths(pieces), dashed)


def _of_letters(name: str) -> tuple[tuple[str, bool], ...]:
    """The pieces of an ICU pattern: runs of one letter are tokens, what stands in quotes and all other characters are text."""
    pieces: list[tuple[str, bool]] = []
    for match in re.finditer(r"'((?:[^']|'')*)'|(([A-Za-z])\3*)|(.)", name, re.DOTALL):
        quoted, token, _, other = match.groups()
        if token is None:
            pieces.append(("'" if match[0] == "''" else (quoted.replace("''", "'") if quoted is not None else other), False))
        elif token in FIXED or token in VARIABLE or token in NAMES or token in OFFSETS or re.fullmatch("S{1,9}", token):
            pieces.append((token, True))
        else:
            raise ValueError(f"{token!r} is no part of a time; letters that stand in the text are quoted, such as 'T'")
    return tuple(pieces)


def _of_strptime(name: str) -> tuple[tuple[str, bool], ...]:
    pieces: list[tuple[str, bool]] = []
    for match in re.finditer(r"%-?(.)|([^%]+)|%", name, re.DOTALL):
        directive, other = match.groups()
        if directive == "%":
            pieces.append(("%", False))
        elif other is not None:
            pieces.append((other, False))
        elif directive in _DIRECTIVES:
            pieces.append((_DIRECTIVES[directive], True))
        else:
            raise ValueError(f"{match[0]!r} is no directive that is read; there are: {' '.join(f'%{letter}' for letter in _DIRECTIVES)} %%")
    return tuple(pieces)


def _require_agreement(tokens: list[str]) -> None:
    parts = [_PART.get(token, "S" if token[0] == "S" else token) for token in tokens]
    if twice := {part for part in parts if parts.count(part) > 1}:
        raise ValueError(f"it has {', '.join(sorted(twice))} twice")
    is_short = any(token in ("hh", "h") for token in tokens)
    if is_short != ("a" in tokens):
        raise ValueError("hours of twelve (hh, h, %I) and the half of the day (a, %p) go together")


def _require_ends(pieces: tuple[tuple[str, bool], ...]) -> None:
    """Raise ValueError if a number of no fixed width stands beside another number: nobody could say where one ends."""
    pieces = tuple(piece for piece in pieces if piece[0])
    for (before, is_before), (after, is_after) in itertools.pairwise(pieces):
        numbers = is_before and is_after and all(_is_number(token) or token[0] == "S" for token in (before, after))
        if numbers and (before in VARIABLE or after in VARIABLE):
            raise ValueError(f"{before} and {after} stand side by side, so nobody can say where the first ends")


def _is_number(token: str) -> bool:
    return token in FIXED or (token in VARIABLE and token != "S")  # noqa: S105


def _expression(token: str) -> str:
    if token in NAMES:
        return f"({alternatives(NAMES[token])})"
    if token in OFFSETS:
        return r"(Z|[+-][0-9]{2}(?::?[0-9]{2})?)"
    if token in VARIABLE:
        return "([0-9]{1,9})" if token == "S" else "([0-9]{1,2})"  # noqa: S105
    return f"([0-9]{{{FIXED.get(token, len(token))}}})"


def _widths(pieces: tuple[tuple[str, bool], ...]) -> range:
    """The widths of texts of digits alone that the pieces may match."""
    least = most = 0
    for piece, is_token in pieces:
        if not is_token and not piece.isdigit():
            return range(0)
        if is_token and (piece in NAMES or piece in OFFSETS):
            return range(0)
        is_variable = is_token and piece in VARIABLE
        least += 1 if is_variable else len(piece)
        most += (9 if piece == "S" else 2) if is_variable else len(piece)
    return range(least, most + 1)


def _hour(hour: int, half: str) -> int:
    """The hour of the day of an hour of twelve."""
    is_afternoon = HALVES.get(word(half))
    if is_afternoon is None or not 1 <= hour <= 12:
        raise ValueError("no hour of twelve")
    return hour % 12 + (12 if is_afternoon else 0)


def _full_year(digits: int, rules: Rules) -> int:
    if rules.pivot is None:
        raise ValueError("two digits of a year, and nobody says which century")
    return rules.pivot + (digits - rules.pivot) % 100


def _micros(fraction: str | None) -> int:
    return int((fraction or "0").ljust(6, "0")[:6])


def _groups(match: re.Match[str] | None) -> list[str | None]:
    return [] if match is None else list(match.groups())


def _zone_of(offset: list[str | None], rules: Rules) -> ZoneInfo | timezone:
    """The zone of the groups (Z, sign, hours, minutes) of an offset; that of the rules where there is none."""
    utc, sign, hours, minutes = offset
    if int(hours or 0) > 23 or int(minutes or 0) > 59:
        raise ValueError("no offset has so many hours or minutes")
    if rules.ignores_offset or not (utc or sign):
        return rules.zone
    shift = timedelta(hours=int(hours or 0), minutes=int(minutes or 0))
    return timezone(-shift if sign == "-" else shift)


_SPECIAL: dict[str, Form] = {
    "iso": _Iso(),
    "epoch": _Epoch(1, re.compile(r"(\d{9,10}(?:\.\d{1,9})?)", re.ASCII), range(9, 11)),
    "epoch_ms": _Epoch(1000, re.compile(r"(\d{12,13}(?:\.\d{1,9})?)", re.ASCII), range(12, 14)),
    "json_date": _Epoch(1000, re.compile(r"\\?/Date\((-?\d{1,14})(?:[+-]\d{4})?\)\\?/", re.ASCII), range(0)),
    "excel_serial": _Serial(),
}
