"""Convert texts to typed values, a whole column at a time, strictly and without guessing.

Each function takes an Arrow array of texts (null: missing) and returns an array of the same length, with null for a text that is missing
or cannot be read. So a text that was present and became null is unreadable (rule K3: critical columns can be read). Nothing is corrected:
`20230231` is not a date, `50.00` is not an amount with a thousands separator. `4.5` is an integer only where the profile names the mark
before the fraction; then it is rounded, once, and counted.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import timedelta
from functools import partial
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from cchc.sources.time_patterns import Form, Rules, form
from cchc.sources.words import folded
from cchc.staging import local_time

MALFORMED = "(malformed)"
INTEGER_LIMITS = {"smallint": 2**15, "integer": 2**31, "bigint": 2**63}
FLAGS = {"0": False, "1": True, "false": False, "true": True}
ISO_HEADS = ("yyyy-MM-ddTHH:mm:ss", "yyyy-MM-ddTHH:mm", "yyyy-MM-dd")
PARTS = re.compile("yyyy|MM|dd|HH|mm|ss")
Read = tuple[local_time.Micros, NDArray[np.bool_]]
TAIL = re.compile(r"(?:[.,](?P<fraction>\d{1,9}))?(?P<offset>Z|[+-]\d\d(?::?\d\d)?)?")


def texts(values: list[Any]) -> pa.StringArray:
    """JSON values as texts, without outer blanks and in the Unicode form NFC.

    Numbers are written as in JSON (4.0 as 4), and a list or an object becomes `(malformed)`.
    """
    return tidied(written(values))


def written(values: list[Any]) -> pa.StringArray:
    """JSON values as texts, before they are tidied."""
    try:
        return pa.array(values, type=pa.string())
    except (pa.ArrowInvalid, pa.ArrowTypeError):
        return pa.array([_text(value) for value in values], type=pa.string())


def tidied(array: pa.StringArray) -> pa.StringArray:
    """Texts without outer blanks and in the Unicode form NFC."""
    array = pc.utf8_trim_whitespace(array)
    if not pc.all(pc.string_is_ascii(array)).as_py() and len(array) > array.null_count:
        array = pc.utf8_normalize(array, "NFC")
    return array


def _text(value: Any) -> str | None:
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (int, float)):
        return str(int(value)) if value == value // 1 else repr(value)
    return MALFORMED


def without_missing(array: pa.StringArray, patterns: tuple[str, ...]) -> pa.StringArray:
    """`array` with null in place of each text that means missing; a pattern that ends with * is a prefix."""
    for pattern in patterns:
        match = pc.starts_with(array, pattern[:-1]) if pattern.endswith("*") else pc.equal(array, pattern)
        array = _null_where(array, match)
    return array


def text(array: pa.StringArray) -> pa.StringArray:
    """The texts unchanged; only `(malformed)` is unreadable."""
    return _null_where(array, pc.equal(array, MALFORMED))


def integers(array: pa.StringArray, sql_type: str, thousands: str | None = None, decimal: str | None = None) -> pa.Array:
    """Whole numbers within the limits of `smallint`, `integer` or `bigint`. `thousands`: the mark that may separate groups of three digits.

    `decimal`: the mark before a fraction; a number with one is rounded half up (-0.5 to -1), on its digits as written. `07` and `+7` are
    unreadable.
    """
    if thousands:
        fraction = rf"(?:{re.escape(decimal)}\d+)?" if decimal else ""
        grouped = pc.match_substring_regex(array, rf"^-?[1-9]\d{{0,2}}(?:{re.escape(thousands)}\d{{3}})+{fraction}$")
        array = pc.if_else(grouped, pc.replace_substring(array, thousands, ""), array)
    away = None
    if decimal:
        split = pc.extract_regex(array, rf"^(?P<whole>-?(?:0|[1-9]\d*)){re.escape(decimal)}(?P<fraction>\d+)$")
        whole, fraction = pc.struct_field(split, "whole"), pc.struct_field(split, "fraction")
        is_negative = pc.starts_with(whole, "-")
        away = pc.if_else(pc.match_substring_regex(fraction, "^[5-9]"), pc.if_else(is_negative, -1, 1), 0)
        array = pc.coalesce(pc.if_else(pc.equal(whole, "-0"), "0", whole), array)
    numbers = _where(array, pc.match_substring_regex(array, r"^(?:0|-?[1-9]\d{0,17})$")).cast(pa.int64())
    if away is not None:
        numbers = pc.add(numbers, pc.fill_null(away, 0).cast(pa.int64()))
    limit = INTEGER_LIMITS[sql_type]
    if limit < 2**63:
        numbers = _where(numbers, pc.and_(pc.less(numbers, limit), pc.greater_equal(numbers, -limit)))
    return numbers


def with_fraction(array: pa.StringArray, decimal: str) -> pa.BooleanArray:
    """Which texts end in a fraction that is not zero: as whole numbers they are rounded."""
    return pc.match_substring_regex(array, rf"{re.escape(decimal)}0*[1-9]\d*$")


def flags(array: pa.StringArray, words: dict[str, bool] | None = None) -> pa.BooleanArray:
    """Truth values from 0, 1, true and false, in small or capital letters. `words`: these and others, folded, with what they mean."""
    known = words or FLAGS
    coded = array.dictionary_encode()
    values = [known.get(folded(word)) for word in coded.dictionary.to_pylist()]
    return pa.array(values, type=pa.bool_()).take(coded.indices)


def times(array: pa.StringArray, formats: tuple[str, ...], zone: ZoneInfo, rules: Rules | None = None) -> pa.Array:
    """Moments as UTC timestamps without a zone; texts without an offset are local times of `zone`.

    `rules`: what the texts do not say; without it, an offset is meant, and two digits are no year.
    """
    micros = np.zeros(len(array), dtype=np.int64)
    done = np.zeros(len(array), dtype=bool)
    for read in _readers(formats, rules or Rules(zone)):
        open_rows = np.flatnonzero(~done & _valid(array))
        if not len(open_rows):
            break
        values, readable = read(array.take(pa.array(open_rows)))
        micros[open_rows[readable]] = values[readable]
        done[open_rows[readable]] = True
    done &= local_time.in_calendar(micros, zone)
    return pa.array(micros, mask=~done).cast(pa.timestamp("us"))


def _readers(formats: tuple[str, ...], rules: Rules) -> Iterator[Callable[[pa.StringArray], Read]]:
    """For each format the functions that read a column in it: layouts of one width as a whole, other forms text by text."""
    for name in formats:
        found = form(name)
        if name == "iso":
            yield from (partial(_read, head=head, iso=True, rules=rules) for head in ISO_HEADS)
        elif found.fixed is not None:
            yield partial(_read, head=found.fixed, iso=False, rules=rules)
        else:
            yield partial(_read_each, found=found, rules=rules)


def _read_each(array: pa.StringArray, found: Form, rules: Rules) -> Read:
    """The UTC microseconds of the texts in a form, and a mask of them; each distinct text is read once, as the sources read a cell."""
    coded = array.dictionary_encode()
    values = [_micros_of(found, word, rules) for word in coded.dictionary.to_pylist()]
    codes = coded.indices.to_numpy(zero_copy_only=False)
    micros = np.array([value or 0 for value in values], dtype=np.int64)[codes]
    return micros, np.array([value is not None for value in values], dtype=bool)[codes]


def _micros_of(found: Form, word: str, rules: Rules) -> int | None:
    try:
        at = found.read(word, rules)
    except (ValueError, OverflowError):
        return None
    return None if at is None else (at - local_time.EPOCH) // timedelta(microseconds=1)


def dates(
    array: pa.StringArray, formats: tuple[str, ...], zone: ZoneInfo, rules: Rules | None = None, judged: ZoneInfo | None = None
) -> pa.Array:
    """Days. A text without a time, or with a midnight of `zone`, is that day; another time is on its day in the zone `judged`."""
    moments = times(array, formats, zone, rules)
    written = days_of(moments, zone)
    if judged is None or judged == zone:
        return written
    is_midnight = pa.array(local_time.to_local(_micros(moments), zone) % local_time.DAY == 0)
    return pc.if_else(is_midnight, written, days_of(moments, judged))


def days_of(moments: pa.Array, zone: ZoneInfo) -> pa.Array:
    """The local dates of UTC timestamps."""
    days = local_time.local_days(_micros(moments), zone)
    return pa.array(days.astype(np.int32), mask=~_valid(moments)).cast(pa.date32())


def shifted_onto(moments: pa.Array, days: pa.Array, zone: ZoneInfo) -> tuple[pa.Array, pa.BooleanArray]:
    """Move each moment by 12 hours if that puts it on its local date in `days`. Returns the moments, and which ones were moved.

    Some payment systems write times with a 12-hour clock and leave out AM and PM.
    """
    local = local_time.to_local(_micros(moments), zone)
    wanted = days.cast(pa.int32()).fill_null(0).to_numpy(zero_copy_only=False).astype(np.int64)
    both = _valid(moments) & _valid(days)
    moved = np.zeros(len(moments), dtype=bool)
    result = local.copy()
    for step in (local_time.HALF_DAY, -local_time.HALF_DAY):
        hit = both & (local // local_time.DAY != wanted) & ((local + step) // local_time.DAY == wanted)
        result[hit] = local[hit] + step
        moved |= hit
    utc = np.where(moved, local_time.to_utc(result, zone), _micros(moments))
    return pa.array(utc, mask=~_valid(moments)).cast(pa.timestamp("us")), pa.array(moved)


def _read(array: pa.StringArray, head: str, iso: bool, rules: Rules) -> Read:
    """The UTC microseconds of the texts that have the form `head`, and a mask of the readable ones.

    With `iso`, a fraction of a second and an offset may follow.
    """
    if not iso or head == ISO_HEADS[-1]:
        local, readable = _fixed(array, head)
        return local_time.to_utc(local, rules.zone), readable
    width = len(head)
    local, readable = _fixed(pc.utf8_slice_codeunits(array, 0, width), head)
    tails = pc.utf8_slice_codeunits(array, width).dictionary_encode()
    parsed = [_tail(tail, head.endswith("ss")) for tail in tails.dictionary.to_pylist()]
    codes = tails.indices.to_numpy(zero_copy_only=False)
    fraction = np.array([0 if tail is None else tail[0] for tail in parsed], dtype=np.int64)[codes]
    offset = np.array([0 if tail is None or tail[1] is None else tail[1] for tail in parsed], dtype=np.int64)[codes]
    is_local = np.array([tail is None or tail[1] is None for tail in parsed], dtype=bool)[codes]
    readable &= np.array([tail is not None for tail in parsed], dtype=bool)[codes]
    moment = local + fraction
    is_local |= rules.ignores_offset
    return np.where(is_local, local_time.to_utc(moment, rules.zone), moment - offset), readable


def _tail(tail: str, may_have_fraction: bool) -> tuple[int, int | None] | None:
    """The fraction and the offset after the seconds of an ISO time, both in microseconds; the offset is None for a local time.

    None if the text is not a fraction and an offset.
    """
    match = TAIL.fullmatch(tail)
    if match is None or (match["fraction"] and not may_have_fraction):
        return None
    fraction = int((match["fraction"] or "0")[:6].ljust(6, "0"))
    offset = match["offset"]
    if offset is None:
        return fraction, None
    if offset == "Z":
        return fraction, 0
    hours, minutes = int(offset[1:3]), int(offset[-2:]) if len(offset) > 3 else 0
    if hours > 23 or minutes > 59:
        return None
    return fraction, (-1 if offset[0] == "-" else 1) * (hours * 60 + minutes) * 60_000_000


def _fixed(array: pa.StringArray, pattern: str) -> tuple[local_time.Micros, NDArray[np.bool_]]:
    """The local microseconds of the texts that match `pattern` exactly, and a mask of these texts; the others get 0.

    The letter T between date and time may be a blank.
    """
    width = len(pattern)
    micros = np.zeros(len(array), dtype=np.int64)
    readable = np.zeros(len(array), dtype=bool)
    rows = np.flatnonzero(pc.fill_null(pc.equal(pc.binary_length(array), width), False).to_numpy(zero_copy_only=False))
    if not len(rows):
        return micros, readable
    cells = _bytes(array.take(pa.array(rows)), width)
    good = np.ones(len(rows), dtype=bool)
    part = {"yyyy": np.full(len(rows), 1), "MM": np.full(len(rows), 1), "dd": np.full(len(rows), 1)}
    inside = np.zeros(width, dtype=bool)
    for match in PARTS.finditer(pattern):
        digits = cells[:, match.start() : match.end()] - np.uint8(48)  # wraps round below "0"
        good &= (digits <= 9).all(axis=1)
        part[match.group()] = digits.astype(np.int64) @ (10 ** np.arange(match.end() - match.start() - 1, -1, -1))
        inside[match.start() : match.end()] = True
    for place in np.flatnonzero(~inside):
        mark = cells[:, place] == ord(pattern[place])
        good &= (mark | (cells[:, place] == ord(" "))) if pattern[place] == "T" else mark
    zero = np.zeros(len(rows), dtype=np.int64)
    hour, minute, second = (part.get(name, zero) for name in ("HH", "mm", "ss"))
    good &= (part["yyyy"] >= 1) & (part["MM"] >= 1) & (part["MM"] <= 12) & (hour < 24) & (minute < 60) & (second < 60)
    months = np.where(good, (part["yyyy"] - 1970) * 12 + part["MM"] - 1, 0).astype("datetime64[M]")
    first = months.astype("datetime64[D]").astype(np.int64)
    length = (months + np.timedelta64(1, "M")).astype("datetime64[D]").astype(np.int64) - first
    good &= (part["dd"] >= 1) & (part["dd"] <= length)
    value = ((((first + part["dd"] - 1) * 24 + hour) * 60 + minute) * 60 + second) * 1_000_000
    micros[rows] = np.where(good, value, 0)
    readable[rows] = good
    return micros, readable


def _bytes(array: pa.StringArray, width: int) -> NDArray[np.uint8]:
    """The bytes of texts that all have `width` bytes: one row for each text."""
    start = int(np.frombuffer(array.buffers()[1], dtype=np.int32)[array.offset])
    return np.frombuffer(array.buffers()[2], dtype=np.uint8)[start : start + len(array) * width].reshape(-1, width)


def _micros(moments: pa.Array) -> local_time.Micros:
    micros: local_time.Micros = moments.cast(pa.int64()).fill_null(0).to_numpy(zero_copy_only=False)
    return micros


def _valid(array: pa.Array) -> NDArray[np.bool_]:
    mask: NDArray[np.bool_] = array.is_valid().to_numpy(zero_copy_only=False)
    return mask


def _where(array: pa.Array, condition: pa.Array) -> pa.Array:
    """`array` with null in each row in which `condition` is false or null."""
    return pc.if_else(pc.fill_null(condition, False), array, pa.scalar(None, array.type))


def _null_where(array: pa.Array, condition: pa.Array) -> pa.Array:
    return pc.if_else(pc.fill_null(condition, False), pa.scalar(None, array.type), array)
