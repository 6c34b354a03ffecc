"""What Hypothesis makes for each target: deliveries of the right form with wild content, and good ones that are damaged."""

from __future__ import annotations

import io
import json
import warnings
import zipfile
from datetime import date, datetime
from typing import Any

import yaml
from hypothesis import strategies as st
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE

from tests.fuzz.profiles import FIELDS
from tests.fuzz.service import BETWEEN
from tests.fuzz.targets import BETWEEN_FILES, PROFILES, TARGETS, table
from tests.support.declared import declared_workbook
from tests.support.files import bytes_of, workbook

# what breaks readers: marks of encodings, separators, ends, numbers without end, half letters, entities
TOKENS = [
    b"\0", b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff", b'"', b"'", b",", b";", b"\t", b"|", b"\n", b"\r", b"\r\n", b"\x1a", b"\x85", b"[" * 120,
    b"{" * 120, b"<a>" * 120, b"1e400", b"-1e-400", b"NaN", b"Infinity", b"9" * 40, b"9" * 5000, b"\\ud800", b"\\u0000", b"\xed\xa0\x80", b"&x;",
    b"<!DOCTYPE a [<!ENTITY x 'y'>]>", b"<![CDATA[", b"]]>", b"null", b"true", b"[]", b"{}", b"..", b"/", b"\\", b"%", b"#TONG;0;0", b"*", b"&",
    b"- &a [*a]", b"2023-99-99", b"!!python/object:os.system", b"0001-01-01T00:00:00+07:00", b"9999-12-31T23:59:59-07:00", "́".encode(),
]  # fmt: skip
WILD = st.one_of(
    st.text(max_size=12),
    st.sampled_from(["", " ", "VB1", "VD.1", "04/05/2023", "2023-05-04T08:00:00+07:00", "04/05/2023 08:00:00", "có", "1", "1.500", "e\u0301", "đ", "\ufeff", "\u2028", "A" * 600]),
)  # fmt: skip
PLACE = st.floats(0, 1, allow_nan=False)
PIECES = st.one_of(st.sampled_from(TOKENS), st.binary(max_size=6))


@st.composite
def damaged(draw: st.DrawFn, seeds: tuple[bytes, ...]) -> bytes:
    """A good delivery with up to five edits: a piece put in, taken out, written over, or twice."""
    data = draw(st.sampled_from(seeds))
    for _ in range(draw(st.integers(1, 5))):
        at, until = sorted(int(len(data) * draw(PLACE)) for _ in range(2))
        kind = draw(st.sampled_from(["in", "out", "over", "twice", "cut"]))
        piece = draw(PIECES)
        if kind == "in":
            data = data[:at] + piece + data[at:]
        elif kind == "over":
            data = data[:at] + piece + data[at + len(piece) :]
        elif kind == "out":
            data = data[:at] + data[until:]
        elif kind == "twice":
            data = data[:until] + data[at:until] + data[until:]
        else:
            data = data[:until]
    return data[: 2**18]


VALUES: st.SearchStrategy[Any] = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), WILD),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(WILD, inner, max_size=3)),
    max_leaves=6,
)
ROW = st.lists(WILD, min_size=len(FIELDS), max_size=len(FIELDS))
OBJECT = st.one_of(
    st.fixed_dictionaries({"ma": WILD}, optional=dict.fromkeys(FIELDS[1:], WILD)),
    st.fixed_dictionaries(dict.fromkeys(FIELDS, VALUES)),
    VALUES,
)


@st.composite
def tables(draw: st.DrawFn, delimiter: str = ",") -> bytes:
    """A table whose rows may be too wide or narrow, in one of several encodings."""
    rows = draw(st.lists(st.one_of(ROW, st.lists(WILD, max_size=9)), max_size=5))
    encoding = draw(st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "cp1258", "latin-1"]))
    try:
        return table(rows, draw(st.sampled_from([delimiter, ",", ";", "\t"])), "utf-8").decode().encode(encoding, "replace")
    except (ValueError, UnicodeEncodeError):
        return b""


def _json(value: Any) -> bytes:
    try:
        return json.dumps(value, ensure_ascii=False).encode("utf-8", "replace")
    except RecursionError:
        return b"{}"


DOCUMENTS = st.lists(OBJECT, max_size=4).map(lambda found: _json({"ketQua": {"vanBan": found}}))
NDJSON = st.lists(OBJECT, max_size=4).map(lambda found: b"".join(_json(each) + b"\n" for each in found))


@st.composite
def xml(draw: st.DrawFn) -> bytes:
    """An XML document whose records have texts, attributes, elements within one another, of several names."""
    from xml.sax.saxutils import escape, quoteattr

    def element(depth: int) -> str:
        name = draw(st.sampled_from(["vanBan", *FIELDS, "donVi"]))
        attributes = "".join(f" {key}={quoteattr(draw(WILD))}" for key in draw(st.sets(st.sampled_from(FIELDS), max_size=2)))
        inner = "".join(element(depth + 1) for _ in range(draw(st.integers(0, 3)))) if depth < 3 else ""
        return f"<{name}{attributes}>{escape(draw(WILD))}{inner}</{name}>"

    records = "".join(f"<vanBan>{element(1)}</vanBan>" for _ in range(draw(st.integers(0, 3))))
    return f"<ketQua>{records}</ketQua>".encode("utf-8", "replace")


CELLS = st.one_of(
    WILD.map(lambda text: ILLEGAL_CHARACTERS_RE.sub("", text)),
    st.none(),
    st.booleans(),
    st.integers(-(2**70), 2**70),
    st.floats(allow_nan=False, allow_infinity=False),
    st.datetimes(datetime(1900, 3, 1), datetime(9999, 12, 31)),
    st.dates(date(1900, 3, 1), date(9999, 12, 31)),
)


@st.composite
def books(draw: st.DrawFn) -> bytes:
    """A workbook with cells of every kind."""
    rows = draw(st.lists(st.fixed_dictionaries(dict.fromkeys(FIELDS, CELLS)), max_size=4))
    return bytes_of(workbook(rows, FIELDS))


@st.composite
def declared(draw: st.DrawFn) -> bytes:
    """A workbook of declared figures with cells of every kind."""
    code = st.one_of(st.sampled_from(["staff_training_rate", "staff_record_completeness_rate"]), CELLS)
    columns = {"MaChiTieu": code} | dict.fromkeys(("TuSo", "MauSo", "CanCu", "NgayCanCu", "NguoiKhai", "NguoiDuyet", "NgayDuyet"), CELLS)
    return bytes_of(declared_workbook(draw(st.lists(st.fixed_dictionaries(columns), max_size=3))))


MEMBER = st.one_of(
    st.sampled_from(["a.json", "b.json", "../a.json", "/a.json", "a/../b.json", "a\\b.json", "C:a.json", "x.zip", "a/", ""]), WILD
)


@st.composite
def archives(draw: st.DrawFn) -> bytes:
    """An archive whose members have any names, some of them twice, some links to elsewhere."""
    out = io.BytesIO()
    with (
        warnings.catch_warnings(),
        zipfile.ZipFile(out, "w", draw(st.sampled_from([zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2]))) as file,
    ):
        warnings.simplefilter("ignore")
        for name in draw(st.lists(MEMBER, max_size=4)):
            info = zipfile.ZipInfo(name.encode("utf-8", "replace").decode()[:100], (2023, 5, 4, 8, 0, 0))
            info.external_attr = draw(st.sampled_from([0, 0o120777 << 16, 0o644 << 16]))
            file.writestr(info, draw(st.one_of(DOCUMENTS, st.sampled_from([b"", b"/etc/passwd"]))))
    return out.getvalue()


@st.composite
def day_files(draw: st.DrawFn) -> bytes:
    """A manifest that may lie, and a file."""
    told = {key: draw(VALUES) for key in draw(st.sets(st.sampled_from(["file", "rows", "amount", "sha256", "revision"])))}
    rows = draw(st.lists(ROW, max_size=3))
    trailer = ";".join(draw(st.lists(WILD, max_size=3)))
    good = {"file": "vb_20230504.csv", "rows": len(rows), "amount": 0, "sha256": "0" * 64, "revision": 1}
    return _json(good | told) + BETWEEN_FILES + table(rows, ";") + f"#TONG;{trailer}\n".encode("utf-8", "replace")


@st.composite
def pages(draw: st.DrawFn) -> bytes:
    """Answers of a service, whose totals and next pages may lie."""
    found = []
    for _ in range(draw(st.integers(1, 3))):
        body = {"data": draw(st.one_of(st.lists(OBJECT, max_size=3), VALUES)), "total": draw(st.one_of(st.integers(-1, 4), VALUES))}
        body |= {
            "next_cursor": draw(st.one_of(st.none(), WILD, VALUES)),
            "next": draw(st.one_of(st.none(), st.just("/documents?page=2"), WILD, VALUES)),
        }
        headers = draw(
            st.sampled_from([b"", b"#Link: </x>; rel=next\n", b"#Link: <\n", b"#Link: ;;=,\n", b"#Date: x\n", b"#Content-Encoding: gzip\n"])
        )
        found.append(headers + _json({key: value for key, value in body.items() if draw(st.booleans()) or key == "data"}))
    return BETWEEN.join(found)


@st.composite
def profiles(draw: st.DrawFn) -> bytes:
    """A good profile in which some values are others."""
    made = yaml.safe_load(draw(st.sampled_from(PROFILES)))
    for _ in range(draw(st.integers(1, 3))):
        place: Any = made
        while True:
            keys = list(place) if isinstance(place, dict) else list(range(len(place)))
            if not keys:
                break
            key = draw(st.sampled_from(keys))
            if isinstance(place[key], (dict, list)) and draw(st.integers(0, 3)):
                place = place[key]
                continue
            if draw(st.integers(0, 2)):
                place[key] = draw(
                    st.one_of(VALUES, st.sampled_from(["(", "{yyyy}", "(?P<date>x)", "$.a[", "a[?(@.b)]", "%Q", "yyyy'", 0, -1, 10**30]))
                )
            else:
                del place[key]
            break
    return yaml.safe_dump(made, allow_unicode=True, sort_keys=False).encode("utf-8", "replace")


TOKEN = st.sampled_from(["yyyy", "yy", "MM", "M", "MMM", "MMMM", "dd", "d", "HH", "H", "hh", "h", "mm", "ss", "SSS", "S", "a", "EEE", "X", "XXX", "Z", "'T'", "''", "/", "-", ":", " ", ".", "%Y", "%d", "%b", "%p"])  # fmt: skip
DIGITS = st.text("0123456789/-: .,+TZ()DateAPMaySCh", max_size=24)


@st.composite
def times(draw: st.DrawFn) -> bytes:
    """A pattern of times, known or made of its parts, and texts."""
    known = [
        "iso",
        "epoch",
        "epoch_ms",
        "json_date",
        "excel_serial",
        "dd/MM/yyyy",
        "dd/MM/yyyy HH:mm:ss",
        "d/M/yy h:mm a",
        "yyyyMMddHHmmss",
        "%d %B %Y",
    ]
    pattern = draw(st.one_of(st.sampled_from(known), st.lists(TOKEN, max_size=8).map("".join)))
    moment = draw(st.datetimes(datetime(1, 1, 1), datetime(9999, 12, 31)))
    written = [
        moment.isoformat(),
        moment.strftime("%d/%m/%Y %H:%M:%S"),
        moment.strftime("%Y%m%d%H%M%S"),
        moment.isoformat() + "-14:00",
        moment.isoformat() + "+14:00",
    ]
    return "\n".join([pattern, *draw(st.lists(st.one_of(DIGITS, WILD, st.sampled_from(written)), max_size=5))]).encode("utf-8", "replace")


NUMBERS = st.lists(
    st.one_of(st.text("0123456789.,-+ e", max_size=24), st.integers().map(str), st.decimals().map(str), WILD), max_size=6
).map(lambda found: "\n".join(found).encode("utf-8", "replace"))
NAMES = st.lists(st.one_of(st.text(max_size=20).map(lambda name: name.encode("utf-8", "replace")), st.binary(max_size=20), st.dates().map(lambda day: f"vb_{day}.csv".encode()), st.sampled_from([b"vb_\xff.csv", "vb_e\u0301.csv".encode(), b"vb_2023-05-04.CSV", b"vb_2023-05-04.csv.gz", b"vb_.zip"])), max_size=5).map(b"\n".join)  # fmt: skip

MADE: dict[str, st.SearchStrategy[bytes]] = {
    "csv": tables(),
    "csv_layout": tables(),
    "csv_encodings": tables(),
    "ndjson": NDJSON,
    "json": DOCUMENTS,
    "xml": xml(),
    "xlsx": books(),
    "xlsx_layout": books(),
    "zip": archives(),
    "manifest": day_files(),
    "names": NAMES,
    "declared": declared(),
    "http_cursor": pages(),
    "http_pages": pages(),
    "http_offset": pages(),
    "http_link": pages(),
    "http_next_url": pages(),
    "profile": profiles(),
    "times": times(),
    "numbers": NUMBERS,
}


def of(name: str) -> st.SearchStrategy[bytes]:
    """What a target is given."""
    found = damaged(TARGETS[name].seeds)
    return st.one_of(found, MADE[name]) if name in MADE else found
