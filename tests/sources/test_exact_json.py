"""JSON is read as it was written: no digit of a long number is lost, and of two fields of one name none is taken without a word."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cchc.errors import ContractViolation
from cchc.sources.connection import Connection
from cchc.sources.exact_json import checked, exact
from cchc.sources.extract import extract
from cchc.sources.http import parse_json
from cchc.sources.landing import Landed, Window
from cchc.sources.records import Problem
from tests.sources.conftest import KEY, T, profile, rows

AT = '"NgayCapNhat": "2023-01-05T08:00:00"'
LINES: dict[str, tuple[str, str | None, str | None]] = {  # the field of the key as it is written: the key that lands, or the problem
    "a key of 30 digits": ('"IdKySo": 123456789012345678901234567890', "123456789012345678901234567890", None),
    "its neighbour": ('"IdKySo": 123456789012345678901234567891', "123456789012345678901234567891", None),
    "digits behind the point": ('"IdKySo": 12345678901234567.5', "12345678901234567.5", None),
    "a number that no float reaches": ('"IdKySo": "a", "IdVanBan": 1E400', None, "infinity"),
    "a field twice": ('"IdKySo": "a", "IdKySo": "b"', None, "it has a field twice (IdKySo)"),
    "a field twice, with spaces": ('"IdKySo" : "a", "IdKySo"\t: "b"', None, "it has a field twice (IdKySo)"),
    "a field twice in a field": ('"IdKySo": "a", "x": {"y": 1, "y": 2}', None, "it has a field twice (y)"),
    "a text that looks like fields": ('"IdKySo": "{\\"a\\":1,\\"a\\":2}"', '{"a":1,"a":2}', None),
}


def ndjson(tmp_path: Path, landing: str, name: str, text: str) -> list[list[Any]]:
    """What lands of a file of signatures."""
    (tmp_path / name).write_text(text, encoding="utf-8")
    loads: list[Landed] = extract(
        profile("documents"), Connection("documents", str(tmp_path)), Window(None, T), landing, extract_id=1, privacy_key=KEY
    )
    (load,) = [load for load in loads if load.file_name == name]
    return rows(load)


def test_each_line_of_a_file_keeps_its_digits_and_tells_fields_that_stand_twice(tmp_path: Path, landing: str) -> None:
    text = "".join(f"{{{field}, {AT}}}\n" for field, _, _ in LINES.values())
    landed = ndjson(tmp_path, landing, "signatures_1.ndjson", text)
    assert len(landed) == len(LINES)
    for (_, key, problem), line in zip(LINES.values(), landed, strict=True):
        if problem is None:
            assert line[1]["IdKySo"] == key
        else:
            assert line[1] is None and problem in line[2]


BODIES: dict[str, tuple[str, Any]] = {
    "long keys": ('{"a": [{"k": 123456789012345678901234567890}]}', {"a": [{"k": "123456789012345678901234567890"}]}),
    "no float": ('{"a": [{"k": 1e400}, {"k": -1e400}]}', {"a": [{"k": "1E+400"}, {"k": "-1E+400"}]}),
    "too small": ('{"a": [{"k": 1e-400}]}', {"a": [{"k": "1E-400"}]}),
    "plain": ('{"a": [{"k": 1.5, "l": 1500000.0, "m": -0.0, "n": 12}]}', {"a": [{"k": 1.5, "l": 1500000.0, "m": -0.0, "n": 12}]}),
    "twice": ('{"a": [{"k": 1, "k": 2}, {"k": 3}]}', {"a": [Problem("it has a field twice (k)"), {"k": 3}]}),
    "half a letter and twice": ('{"a": ["\\ud800", {"k": 1, "k": 2}]}', {"a": ["\ufffd", Problem("it has a field twice (k)")]}),
}


@pytest.mark.parametrize("has_blanks", [True, False])
@pytest.mark.parametrize("name", BODIES)
def test_an_answer_keeps_its_digits_and_tells_records_with_fields_that_stand_twice(name: str, has_blanks: bool) -> None:
    """A number that no float holds became null, as if nothing had been delivered. Without blanks texts are judged in another way."""
    text, expected = BODIES[name]
    found = parse_json((text if has_blanks else text.replace(" ", "")).encode(), "here")
    assert found == expected
    assert [type(each) for each in found["a"]] == [type(each) for each in expected["a"]]


@pytest.mark.parametrize("text", ['{"data": [], "data": [{"k": 1}]}', '{"a": {"data": [], "data": []}}'])
def test_an_answer_with_two_lists_of_records_is_refused(text: str) -> None:
    with pytest.raises(ContractViolation, match=r"it has a field twice \(data\)"):
        parse_json(text.encode(), "here")


def test_an_exponent_without_end_and_deep_nesting_are_told() -> None:
    assert parse_json(b'{"k": 1e%s}' % (b"9" * 5000), "here")["k"].startswith("1e999")
    with pytest.raises(ContractViolation, match="not JSON"):
        parse_json(b"[" * 100_000, "here")


def test_the_least_whole_number_of_64_bits_is_one_beside_any_other_number() -> None:
    text = b"[-9223372036854775808, 1e22]"
    assert checked(text, orjson.loads(text)) == [-(2**63), 1e22]


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**63 - 1) | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=6), inner, max_size=4),
    max_leaves=12,
)


@given(VALUES, st.sampled_from([None, 2]), st.sampled_from([(",", ":"), (", ", " : ")]))
def test_what_a_simple_reader_reads_without_loss_is_read_alike(value: Any, indent: int | None, separators: tuple[str, str]) -> None:
    text = json.dumps(value, ensure_ascii=False, indent=indent, separators=separators).encode("utf-8", "surrogatepass")
    try:
        fast = orjson.loads(text)
    except orjson.JSONDecodeError:
        return
    assert checked(text, fast) == json.loads(text)


LOST = ['{"k":1,"k":2}', "123456789012345678901234567890", "0.12345678901234567", "1e400", '{"k":"a","k":"a"}', '{"k":"a b","k":"ab"}']


@given(VALUES, st.sampled_from(LOST), st.sampled_from([(",", ":"), (", ", ": "), (" ,\t", " :\n")]))
def test_what_is_lost_is_found_however_a_text_is_written(value: Any, lost: str, separators: tuple[str, str]) -> None:
    """orjson writes the characters of such a text, blanks apart, but for what it has lost."""
    before = json.dumps(value, ensure_ascii=False, separators=separators).encode("utf-8", "replace")
    text = b'{"a": %s, "lost": [%s], "z": "b"}' % (before, lost.encode())
    assert repr(parse_json(text, "here")["lost"]) == repr(exact(b"[%s]" % lost.encode())) != repr(orjson.loads(b"[0]"))
