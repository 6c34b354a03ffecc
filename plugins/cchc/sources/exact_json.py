"""Read JSON as it was written: no digit of a number is lost, and a field that stands twice in an object is told.

orjson, which is fast, makes a float of a number that has more than 64 bits, so two long keys become one, and takes the last of two fields
of one name. Whether a text may have either is found cheaply; only such a text is read again, number by number.

Cheapest where orjson writes the value with the very characters that were read, blanks apart, as it does if the source writes no escapes:
then nothing was lost. Elsewhere the fields are counted, and the numbers looked at.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from decimal import Decimal, InvalidOperation
from typing import Any

import orjson

from cchc.sources.fields import is_name
from cchc.sources.records import Problem

EXACT = 2**53  # whole numbers up to here are floats without loss
MOST_DIGITS = 16  # a float whose text is no longer has all digits that were written
LONGEST_NUMBER = 4300  # digits; more are no number that anybody means, and Python refuses to read them
_BLANKS = b" \t\r\n"
_HEAD = 2_000  # bytes from which the style of a text is seen
_OTHER_ESCAPES = (b"\\u", b"\\/")  # orjson writes only those escapes that it must
_PLAIN = frozenset((str, int, bool, type(None)))  # no object, no list, and no number that may have lost digits


def checked(text: bytes, value: Any) -> Any:
    """The value of a text of JSON, by what orjson made of it: read anew where digits were lost or a field may stand twice.

    A Problem stands in place of an object in which a field stands twice, and of the objects around it up to the next list.
    Raises ValueError or RecursionError where it cannot be read anew.
    """
    if _is_written_alike(text, value):
        return value
    fields, is_lossy = _seen(value, text)
    return exact(text) if is_lossy or _most_fields(text) != fields else value


def _is_written_alike(text: bytes, value: Any) -> bool:
    """Whether a value is written with the characters that it was read from, blanks apart: no digit is missing in it, and no field."""
    # one byte is looked for many times as fast as two, and most texts have no escape at all
    if b"\\" in text and any(escape in text[:_HEAD] for escape in _OTHER_ESCAPES):
        return False
    try:
        written = orjson.dumps(value)
    except TypeError:  # orjson reads objects that lie deeper in one another than it writes
        return False
    return written == text or written.translate(None, _BLANKS) == text.translate(None, _BLANKS)


def exact(text: bytes) -> Any:
    """The value of a text of JSON, as `checked` gives it. A number that no float holds is its text. Raises ValueError, RecursionError."""
    return json.loads(text, parse_int=_whole, parse_float=plain_number, parse_constant=_no_constant, object_pairs_hook=_object)


def plain_number(text: str) -> float | str:
    """A number with a point or an exponent as a float; one that no float holds as its text."""
    try:
        value, near = Decimal(text), float(text)
        return near if near not in (float("inf"), float("-inf")) and Decimal(repr(near)) == value else str(value)
    except InvalidOperation:  # an exponent of more digits than any number has
        return text


def _whole(text: str) -> int | str:
    if len(text) > LONGEST_NUMBER:
        return text
    value = int(text)
    return value if -(2**63) <= value < 2**63 else text


def _no_constant(name: str) -> Any:
    raise ValueError(name)


def _object(pairs: list[tuple[str, Any]]) -> Any:
    found = dict(pairs)
    if len(found) < len(pairs):
        names = [name for name, _ in pairs]
        return twice(next(name for name in names if names.count(name) > 1))
    return next((value for value in found.values() if isinstance(value, Problem)), found)


def twice(name: str) -> Problem:
    """What takes the place of an object that has a field twice. A name that may be data is not repeated."""
    return Problem(f"it has a field twice{f' ({name})' if is_name(name) else ''}")


def _most_fields(text: bytes) -> int:
    """How many fields the objects of a text have at most, those that stand twice among them: more only where texts hold JSON themselves."""
    fields = text.count(b'":')
    # where a quote stands before every colon, no field has a blank between them
    return fields if fields == text.count(b":") else text.translate(None, _BLANKS).count(b'":')


def _seen(value: Any, text: bytes) -> tuple[int, bool]:
    """How many fields the objects of a value have, and whether a number of it may have lost digits. `text`: what it was read from."""
    fields, is_lossy = 0, False
    rest: list[Iterable[Any]] = [[value]]
    while rest:
        values = rest.pop()
        if _PLAIN.issuperset(map(type, values)):  # most objects, and this loop runs in C
            continue
        for each in values:
            kind = type(each)
            if kind is dict:
                fields += len(each)
                rest.append(each.values())
            elif kind is list:
                rest.append(each)
            elif kind is float:
                is_lossy = is_lossy or _may_have_lost(each, text)
    return fields, is_lossy


def _may_have_lost(number: float, text: bytes) -> bool:
    return abs(number) >= EXACT or len(repr(number)) > MOST_DIGITS or (number == 0 and (b"e-" in text or b"E-" in text))
