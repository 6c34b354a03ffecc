"""The targets: each takes bytes, gives them to one parser of the product, and raises where the product does what it must not."""

from __future__ import annotations

import csv
import gzip
import io
import json
import shutil
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from hashlib import sha256
from typing import Any
from zoneinfo import ZoneInfo

import pyarrow as pa
import pyarrow.parquet as pq
from openpyxl import Workbook

from cchc.errors import CchcError, NotConfigured
from cchc.profiles.check_file import check_file
from cchc.reference.plan_folder import read_plan
from cchc.settings import PROJECT, Settings
from cchc.sources.amounts import delivered_amount
from cchc.sources.profile import read_profile
from cchc.sources.time_patterns import Rules, form
from cchc.sources.times import Reading, late_test, month_reader
from cchc.staging import parse
from tests.fuzz import readers
from tests.fuzz.delivery import Defect, read, scratch, within_budget
from tests.fuzz.own_files import READERS, own_file, seeds
from tests.fuzz.profiles import FIELDS, SOURCE, nested, over_http, register, signatures, with_layout, with_manifest
from tests.fuzz.service import BETWEEN, answered
from tests.support.declared import declared_file_name, declared_workbook, figure
from tests.support.files import bytes_of

BETWEEN_FILES = b"\n--file--\n"
ZONE = ZoneInfo("Asia/Ho_Chi_Minh")
ROWS = [
    ["VB1", "12", "04/05/2023", "VD.1", "2023-05-09T17:00:00", "có", "2023-05-04T08:00:00+07:00"],
    ["VB2", "1.500", "05/05/2023", "Phòng Tài nguyên", "", "0", "04/05/2023 08:00:00"],
]
PLACES = {name: [12 * place + 1, 12 * place + 12] for place, name in enumerate(FIELDS)}


@dataclass(frozen=True)
class Target:
    """One parser. `run`: gives it bytes; `seeds`: what it reads well, from which the fuzzers start."""

    run: Callable[[bytes], None]
    seeds: tuple[bytes, ...]


def table(rows: list[list[str]] = ROWS, delimiter: str = ",", encoding: str = "utf-8") -> bytes:
    """The register as CSV."""
    out = io.StringIO(newline="")
    csv.writer(out, delimiter=delimiter).writerows([list(FIELDS), *rows])
    return out.getvalue().encode(encoding)


def objects() -> list[dict[str, str]]:
    """The register as objects."""
    return [dict(zip(FIELDS, row, strict=True)) for row in ROWS]


def _one_file(content: dict[str, Any], name: str, count: readers.Counter | None, data: bytes) -> None:
    """A file alone in its folder: it is read, with all of its records where a simple reader finds them, or told."""
    (load,) = read(content, {name: data})
    expected = count(data) if count is not None else None
    if expected is None or (load.status != "landed" and count is readers.workbook_records):
        return  # openpyxl overlooks damage in parts of a workbook that it does not need
    if load.status != "landed" or load.manifest["delivered"] < expected:
        found = load.message if load.status != "landed" else load.manifest["delivered"]
        raise Defect(f"a simple reader reads {expected} records; the product: {found}")


def _several(content: dict[str, Any], name: str, count: readers.Counter, data: bytes) -> None:
    """An archive: what is in it is read wholly, or told."""
    loads = read(content, {name: data})
    expected = count(data)
    if expected is None:
        return
    delivered = sum(load.manifest["delivered"] for load in loads if load.status == "landed")
    if delivered < expected:
        raise Defect(f"a simple reader reads {expected} records; the product {delivered}: {[load.message for load in loads]}")


def _day_file(data: bytes) -> None:
    """A day file and its manifest, after one another: they agree, or the file is blocked."""
    manifest, _, file = data.partition(BETWEEN_FILES)
    name = "vb_20230504.csv"
    (load,) = [each for each in read(with_manifest(), {name: file, "vb_20230504.json": manifest}) if each.file_name == name]
    if load.status != "landed":
        return
    told = json.loads(manifest)
    if str(told["sha256"]).strip().lower() != sha256(file).hexdigest() or str(told["rows"]) != str(load.manifest["rows_delivered"]):
        raise Defect("a file landed that is not the one of its manifest")


def _names(data: bytes) -> None:
    """Files with the given names, one a line; each is a small good table."""
    names: list[str | bytes] = [
        name for name in data.split(b"\n")[:20] if name not in (b"", b".", b"..") and b"/" not in name and b"\0" not in name
    ]
    names = [name for name in dict.fromkeys(names) if len(name) < 200]
    if not names:
        return
    loads = read(with_dated_names(), dict.fromkeys(names, table()))
    told = " ".join(f"{load.file_name} {load.message}" for load in loads)
    left = sum(load.message.count("entries of the drop folder") for load in loads if load.message)
    if len(loads) < len(names) and not left:
        raise Defect(f"{len(names)} files, and only {len(loads)} are told: {told}")


def with_dated_names() -> dict[str, Any]:
    """The register in files with a day in their name; names of other forms are told."""
    made = register(name="vb_{yyyy-MM-dd}.csv", full=True)
    made["entities"]["documents"]["file_pattern"] = "vb_*"
    return made


def _declared(data: bytes) -> None:
    """A workbook of declared figures: it is read, or every fault is told with its cell."""
    import yaml

    content = yaml.safe_load((PROJECT / "include" / "sources" / "declared.yaml").read_text(encoding="utf-8"))
    read(content, {declared_file_name("H19.16.21", "2023-05"): data})


def _profile(data: bytes) -> None:
    """A profile: it is read, or refused by a message that names the file; and `cchc profile check` says the same of it."""
    folder = scratch()
    path = folder / f"{SOURCE}.yaml"
    path.write_bytes(data)
    try:
        with within_budget():
            fault = ""
            try:
                read_profile(path)
            except NotConfigured as error:
                fault = str(error)
                if path.name not in fault or len(fault) > 2**16:
                    raise Defect(f"a message without the file, or too long to read: {fault[:500]}") from error
            verdict = check_file(Settings.load(), path)
            if fault and not verdict.mistakes:
                raise Defect(f"profile check finds no mistake, and the profile cannot be read: {fault}")
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _plan(data: bytes) -> None:
    """The folder of a plan: it is read, or each fault names its file."""
    folder = scratch()
    plan = folder / "plan_53_KH-UBND_2023"
    plan.mkdir()
    try:
        for name, part in zip(("plan.yaml", "targets.csv", "directions.csv"), data.split(BETWEEN_FILES), strict=False):
            (plan / name).write_bytes(part)
        with within_budget():
            found, faults = read_plan(plan)
        if (found is None) != bool(faults):
            raise Defect(f"neither a plan nor a fault, or both: {faults}")
        for fault in faults:
            if plan.name not in str(fault):
                raise Defect(f"a fault without its file: {fault}")
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _times(data: bytes) -> None:
    """A pattern of times in the first line, and texts in the others: a column and a single cell are read alike."""
    try:
        pattern, *texts = data.decode().split("\n")
    except UnicodeDecodeError:
        return
    try:
        form(pattern)
    except ValueError:
        return
    for ignores in (False, True):
        reading = Reading((pattern,), Rules(ZONE, 1950, ignores))
        one, late, month = reading.reader(), late_test(reading, datetime(2023, 7, 1, tzinfo=UTC)), month_reader(reading, "2000-01")
        cells = parse.texts(list(texts))
        columns = parse.times(cells, (pattern,), ZONE, reading.rules).to_pylist()
        parse.dates(cells, (pattern,), ZONE, reading.rules).to_pylist()
        for text, found in zip(cells.to_pylist(), columns, strict=True):
            late(text)
            month(text)
            at = one(text)
            if at is not None and (found is None or at.astimezone(UTC).replace(tzinfo=None) != found):
                raise Defect(f"{text!r} by {pattern!r}: {at} as a cell, {found} in a column")
            if at is None and found is not None:
                raise Defect(f"{text!r} by {pattern!r}: no time as a cell, {found} in a column")


def _numbers(data: bytes) -> None:
    """Texts, one a line: a column of whole numbers holds what the texts say, or nothing."""
    try:
        texts = data.decode().split("\n")
    except UnicodeDecodeError:
        return
    cells = parse.texts(list(texts))
    parse.flags(cells)
    for thousands, decimal in ((None, None), (".", ","), (",", "."), (" ", ",")):
        for kind in parse.INTEGER_LIMITS:
            columns = parse.integers(cells, kind, thousands, decimal).to_pylist()
            for text, found in zip(cells.to_pylist(), columns, strict=True):
                amount = delivered_amount(text, thousands, decimal)
                if found is not None and (amount is None or abs(amount - found) > 1):
                    raise Defect(f"{text[:80]!r} with {thousands!r} and {decimal!r}: {found} in a column, {amount} as an amount")


def _manifest_of(file: bytes) -> bytes:
    told = {"file": "vb_20230504.csv", "rows": 2, "amount": "12", "sha256": sha256(file).hexdigest(), "revision": 1}
    return json.dumps(told).encode()


def _archive(*members: tuple[str, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members:
            archive.writestr(zipfile.ZipInfo(name, (2023, 5, 4, 8, 0, 0)), data)
    return out.getvalue()


def _book() -> bytes:
    book = Workbook()
    sheet: Any = book.active
    for row in [list(FIELDS), *ROWS]:
        sheet.append(row)
    return bytes_of(book)


def _parquet() -> bytes:
    out = io.BytesIO()
    pq.write_table(pa.Table.from_pylist(objects()), out)
    return out.getvalue()


def _document() -> bytes:
    return json.dumps({"ketQua": {"tong": 2, "vanBan": objects()}}, ensure_ascii=False).encode()


def _xml() -> bytes:
    rows = ["".join(f"<{key}>{value}</{key}>" for key, value in each.items()) for each in objects()]
    records = "".join(f"<vanBan>{row}</vanBan>" for row in rows)
    return f'<?xml version="1.0" encoding="UTF-8"?><ketQua>{records}</ketQua>'.encode()


def _xes() -> bytes:
    rows = ["".join(f'<string key="{key}" value="{value}"/>' for key, value in each.items()) for each in objects()]
    events = "".join(f"<event>{row}</event>" for row in rows)
    return f'<log><trace><string key="concept:name" value="1"/>{events}</trace></log>'.encode()


def _page(following: str | None = None, **more: Any) -> bytes:
    return json.dumps({"data": objects(), "total": 2, "next_cursor": following} | more, ensure_ascii=False).encode()


def _soap() -> bytes:
    items = _xml().decode().partition("<ketQua>")[2].partition("</ketQua>")[0]
    return f'<s:Envelope xmlns:s="urn:s"><s:Body><r><total>2</total>{items}</r></s:Body></s:Envelope>'.encode()


def _plan_seed(folder: str) -> bytes:
    path = PROJECT / folder
    return BETWEEN_FILES.join((path / name).read_bytes()[:3000] for name in ("plan.yaml", "targets.csv", "directions.csv"))


def _file(content: dict[str, Any], name: str, count: readers.Counter | None, *seeds: bytes) -> Target:
    return Target(partial(_one_file, content, name, count), seeds)


def _service(seeds: tuple[bytes, ...], **http: Any) -> Target:
    return Target(partial(answered, over_http(**http)), seeds)


FIXED = b"".join("".join(f"{cell[:12]:<12}" for cell in row).encode() + b"\n" for row in ROWS)
COUNTED = {"data": "data", "total": "total", "from": "", "to": ""}
_XES = register()
_XES["entities"]["documents"]["rows"] = "event"
PROFILES = tuple((PROJECT / "include" / "sources" / name).read_bytes() for name in ("feedback.yaml", "payments.yaml", "one_stop.yaml"))

TARGETS: dict[str, Target] = {
    "csv": _file(register(), "vb.csv", readers.csv_records, table(), b"\xef\xbb\xbf" + table()),
    "csv_layout": _file(
        with_layout(header_rows=1, end={"begins_with": ["Tổng cộng"]}, not_records=["Cộng"]),
        "vb.csv",
        None,
        "BÁO CÁO\n\n".encode() + table() + "Cộng,,,,,,\nTổng cộng,2\n\nNgười lập\n".encode(),
        table(delimiter="\t"),
    ),
    "csv_encodings": _file(
        with_layout(encodings=["utf-8", "utf-16", "vni", "tcvn3", "windows-1258"]),
        "vb.csv",
        None,
        table(),
        table(encoding="utf-16"),
        table().decode().replace("Phòng Tài nguyên", "Pho\u0300ng Ta\u0300i nguyên").encode("cp1258"),
        table().decode().replace("Phòng Tài nguyên", "Pho\u0300ng Ta\u0300i nguyên").encode(),
        "\ufeff".encode("utf-16-be") + table(encoding="utf-16-be"),
    ),
    "csv_gz": _file(register(), "vb.csv.gz", None, gzip.compress(table(), mtime=0)),
    "fixed_width": _file(with_layout(fixed_width=PLACES, short_lines=True), "vb.txt", None, FIXED),
    "ndjson": _file(register(), "vb.ndjson", readers.ndjson_records, b"".join(json.dumps(each).encode() + b"\n" for each in objects())),
    "json": _file(nested("ketQua.vanBan"), "vb.json", readers.json_records, _document(), b'{"ketQua":{"vanBan":[]}}'),
    "xml": _file(nested("ketQua.vanBan"), "vb.xml", readers.xml_records, _xml(), _xml().decode().encode("utf-8-sig")),
    "xes": _file(_XES, "vb.xes", None, _xes()),
    "xlsx": _file(register(), "vb.xlsx", readers.workbook_records, _book()),
    "xlsx_layout": _file(with_layout(header_rows=1, end={"begins_with": ["Tổng"]}), "vb.xlsx", None, _book()),
    "ods": _file(signatures(), "vb.ods", None, (PROJECT / "tests" / "sources" / "signatures_made_up.ods").read_bytes()),
    "xls": _file(signatures(), "vb.xls", None, (PROJECT / "tests" / "sources" / "signatures_made_up.xls").read_bytes()),
    "parquet": _file(register(), "vb.parquet", None, _parquet()),
    "zip": Target(
        partial(_several, nested("ketQua.vanBan"), "vb.zip", readers.archive_records),
        (_archive(("a.json", _document()), ("b.json", _document())), _archive(("../a.json", _document()), ("vb.zip", b"PK"))),
    ),
    "manifest": Target(
        _day_file,
        tuple(_manifest_of(file) + BETWEEN_FILES + file for file in [b"\xef\xbb\xbf" + table(delimiter=";") + b"#TONG;2;12\r\n"]),
    ),
    "names": Target(_names, (b"vb_2023-05-04.csv\nvb_2023-02-30.csv\nabc\nvb_.csv", "vb_Nguyễn.csv\n..csv\nvb_\u200b".encode())),
    "declared": Target(
        _declared, (bytes_of(declared_workbook([figure("staff_training_rate", 5, 10), figure("staff_record_completeness_rate", 3, 4)])),)
    ),
    "http_cursor": _service(
        (_page("a") + BETWEEN + _page(), _page()), paginator={"kind": "cursor", "limit": 2, "data": "data", "total": "total"}
    ),
    "http_pages": _service((_page() + BETWEEN + b'{"data":[],"total":2}',), paginator={"kind": "page_number", "size": 2} | COUNTED),
    "http_offset": _service((_page() + BETWEEN + b'{"data":[]}',), paginator={"kind": "offset", "limit": 2, "data": "data"}),
    "http_link": _service(
        (b'#Link: </documents?page=2>; rel="next"\n' + _page() + BETWEEN + b"#Link: <x>; rel=last\n" + _page().replace(b"VB", b"W"),),
        paginator={"kind": "link_header", "data": "data"},
    ),
    "http_next_url": _service(
        (_page(next="/documents?page=2") + BETWEEN + _page(next=None).replace(b"VB", b"W"),),
        paginator={"kind": "next_url", "data": "data", "next": "next"},
    ),
    "http_xml": _service(
        (_soap(),),
        answers="xml",
        paginator={"kind": "page_number", "size": 5, "data": "Envelope.Body.*.vanBan", "total": "Envelope.Body.*.total"},
    ),
    "profile": Target(_profile, PROFILES),
    "plan": Target(_plan, (_plan_seed("include/plans/plan_53_KH-UBND_2023"), _plan_seed("docs/examples/plans/plan_99_KH-UBND_2024"))),
    "times": Target(
        _times,
        (
            b"dd/MM/yyyy HH:mm\n04/05/2023 08:00\n31/02/2023 08:00",
            b"iso\n2023-05-04T08:00:00.123+07:00\n0001-01-01\n9999-12-31T23:59:59-14:00",
            b"dd-MMM-yy hh:mm a\n04-May-23 08:00 SA\n04-thg 5-23 08:00 PM",
            b"%d %B %Y\n4 May 2023",
            b"epoch_ms\n1683158400000\n999999999999.5",
            b"excel_serial\n45050.5\n60",
            b"json_date\n/Date(1683158400000+0700)/",
        ),
    ),
    **{name: Target(partial(own_file, name), seeds(name)) for name in READERS},
    "numbers": Target(_numbers, ("1.500.000,50\n-7\n0\n9223372036854775807\n1 000\ncó\ntrue\n٣\n-0,5".encode(),)),
}


def run(name: str, data: bytes) -> None:
    """Give bytes to a target. Raises Defect for what must not be, also for an error of a kind that no user should see."""
    try:
        TARGETS[name].run(data)
    except Defect:
        raise
    except Exception as error:
        kind = "an error of the project that should be told of the file alone" if isinstance(error, CchcError) else "an error"
        raise Defect(f"{kind}: {type(error).__name__}: {str(error)[:300]}") from error
