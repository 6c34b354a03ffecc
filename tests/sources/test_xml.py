"""XML documents and event logs (XES) in a drop folder, by profile alone; hostile and damaged ones block themselves."""

from __future__ import annotations

import csv
import gzip
import json
import subprocess
import sys
from dataclasses import replace
from itertools import groupby
from pathlib import Path
from xml.sax.saxutils import escape, quoteattr

import pytest

from cchc.pipeline.ingest import ingest
from cchc.settings import PROJECT, Settings
from cchc.sources.connection import Connection
from cchc.sources.landing import Landed
from cchc.sources.profile import load_profile
from tests.sources.conftest import T, records, rows
from tests.sources.document_box import STAMP, Box
from tests.support.cli import cchc
from tests.support.permits import MADE_UP, PROFILE
from tests.support.warehouse import NewWarehouse, rows_of


def document(number: int, *signed: str) -> str:
    """A made-up document, as XML of the register."""
    signatures = "".join(f"<chuKy so='{so}'><nguoi><ma>N-1</ma></nguoi><luc>{STAMP}</luc></chuKy>" for so in signed)
    return (
        f"<v:vanBan ma='VB-{number}'><soKyHieu>{number}/QĐ &amp; Đ</soKyHieu>\n<banHanh><ngay> 04/05/2023 </ngay><donVi ma='VD.1'>Phòng</donVi>"
        f"</banHanh><capNhat>{STAMP}</capNhat><trong/><dsKy>{signatures}</dsKy></v:vanBan>"
    )


def body(*documents: str) -> str:
    return (
        '<?xml version="1.0" encoding="UTF-8"?><!-- x --><v:ketQua xmlns:v="urn:x"><tong>2</tong><v:danhSach>'
        + "".join(documents)
        + "</v:danhSach></v:ketQua>"
    )


@pytest.fixture
def box(tmp_path: Path, landing: str) -> Box:
    folder = tmp_path / "inbox"
    folder.mkdir()
    made = Box(folder, landing)
    text = (
        (PROJECT / "docs" / "examples" / "document_register.yaml")
        .read_text(encoding="utf-8")
        .replace('"*.json"', '"*.xml"')
        .replace("records: ketQua.vanBan", "records: ketQua.danhSach.vanBan")
        .replace("key: [ma]", 'key: ["@ma"]')
        .replace("document_code: ma", 'document_code: "@ma"')
        .replace("banHanh.donVi.ma", "banHanh.donVi.@ma")
        .replace("list: chuKy", "list: dsKy.chuKy")
        .replace("key: [soKy]", 'key: ["@so"]')
        .replace("signature_code: soKy", 'signature_code: "@so"')
        .replace("parent.ma", "parent.@ma")
    )
    sources = tmp_path / "sources"
    sources.mkdir()
    (sources / "document_register.yaml").write_text(text, encoding="utf-8")
    made.profile = load_profile(sources, "document_register")
    return made


def test_elements_and_attributes_are_read_to_their_rows(box: Box) -> None:
    box.put("a.xml", body(document(1, "K1"), document(2, "K2", "K3"), document(3)))
    box.put("b.xml.gz", gzip.compress(body(document(4)).replace("UTF-8", "UTF-16").encode("utf-16")))
    documents, signatures = box.by_name("documents"), box.by_name("signatures")
    assert [row[:2] for row in rows(documents["a.xml"])] == [
        [
            n,
            {
                "@ma": f"VB-{n}",
                "soKyHieu": f"{n}/QĐ & Đ",
                "banHanh.ngay": "04/05/2023",
                "banHanh.donVi.@ma": "VD.1",
                "capNhat": STAMP,
            },
        ]
        for n in (1, 2, 3)
    ]
    assert [record["@ma"] for record in records(documents["b.xml.gz"])] == ["VB-4"]
    assert [(row[0], row[1]["@so"], row[1]["parent.@ma"], row[1]["nguoi.ma"]) for row in rows(signatures["a.xml"])] == [
        (1, "K1", "VB-1", "N-1"),
        (2, "K2", "VB-2", "N-1"),
        (2, "K3", "VB-2", "N-1"),
    ]


@pytest.mark.parametrize(
    ("text", "status", "words"),
    [
        ("", "waiting", "it is empty"),
        (body(document(1))[:-4], "waiting", "the document is not closed"),
        (body(document(1))[:90], "waiting", "the document is not closed"),
        (body(document(1)) + "<x/>", "blocked", "it is no XML after record 1"),
        (body(document(1), document(2)).replace("</dsKy>", "</dsky>", 2), "blocked", "it is no XML after record 0"),
        ("ma,capNhat\nVB-1,x\n", "blocked", "it is no XML after record 0"),
        ("<ketQua><ds/></ketQua>", "blocked", "the document has no element 'ketQua.danhSach.vanBan'; it has ketQua, ketQua.ds"),
        ("<ketQua>" + "<a>" * 200, "blocked", "more than 100 levels deep"),
        ('<!DOCTYPE x [<!ENTITY a "aa"><!ENTITY b "&a;&a;">]><x>&b;</x>', "blocked", "it declares entities"),
        ('<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]><x>&a;</x>', "blocked", "it declares entities"),
        ('<!DOCTYPE x SYSTEM "http://127.0.0.1:9/x.dtd"><x>&a;</x>', "blocked", "refers to another document"),
        ("<!DOCTYPE x [%a;]><x>&b;</x>", "blocked", "an entity that is declared in another document"),
        ("<x>&a;</x>", "blocked", "it is no XML"),
    ],
)
def test_a_hostile_or_damaged_document_is_named_and_the_others_go_on(box: Box, text: str, status: str, words: str) -> None:
    box.put("bad.xml", text)
    box.put("good.xml", body(document(7)))
    loads = box.by_name("documents")
    assert (loads["bad.xml"].status, loads["good.xml"].status) == (status, "landed")
    assert "file bad.xml" in str(loads["bad.xml"].message) and words in str(loads["bad.xml"].message)


def test_a_document_type_without_entities_is_read(box: Box) -> None:
    box.put("a.xml", body(document(1)).replace("<!-- x -->", "<!DOCTYPE v:ketQua [<!ELEMENT x ANY>]>"))
    assert [record["@ma"] for record in records(box.by_name("documents")["a.xml"])] == ["VB-1"]


def test_cut_off_anywhere_it_waits(box: Box) -> None:
    box.only("documents")
    whole = body(document(1, "K1"), document(2)).encode()
    for end in range(0, len(whole), 17):
        box.put(f"{end:04}.xml", whole[:end])
    assert {load.status for load in box.by_name("documents").values()} == {"waiting"}


def test_a_place_is_needed_and_its_words_are_told(box: Box) -> None:
    box.put("a.xml", body(document(1)))
    box.only("documents", records=None)
    assert "an XML document needs the place of its records" in str(box.by_name("documents")["a.xml"].message)
    box.only("documents", records="ketQua.danhSach[0].vanBan")
    assert "the place of the records in XML has no [n]" in str(box.by_name("documents", extract_id=2)["a.xml"].message)
    box.only("documents", records="ketQua.*.vanBan[*]")
    assert len(records(box.by_name("documents", extract_id=3)["a.xml"])) == 1


def test_a_list_may_be_named_as_a_path_to_its_elements(box: Box) -> None:
    box.put("a.xml", body(document(1, "K1"), document(2, "K2", "K3")))
    signatures = box.profile.entities["signatures"]
    assert signatures.each is not None
    box.change("signatures", each=replace(signatures.each, list="dsKy.chuKy[*]"))
    assert [record["@so"] for record in records(box.by_name("signatures")["a.xml"])] == ["K1", "K2", "K3"]


@pytest.mark.parametrize("prefix", ["xsi", "i"])
def test_an_element_that_says_nil_is_no_value(box: Box, prefix: str) -> None:
    box.put("a.xml", body(document(1).replace("<soKyHieu>1/QĐ &amp; Đ</soKyHieu>", f"<soKyHieu xmlns:{prefix}='u' {prefix}:nil='true'/>")))
    assert records(box.by_name("documents")["a.xml"])[0].get("soKyHieu") is None


def test_a_missing_value_and_a_text_beside_attributes(box: Box) -> None:
    box.only("documents", records="x.y", changed_at=None, key=("a",))
    box.change("documents", columns=tuple(replace_source(box, {"document_code": "a.'#text'", "document_sign": "b", "issued_date": "c"})))
    box.put("a.xml", "<x xmlns:xsi='u'><y><a t='1'>VB-1</a><b xsi:nil='true'/><c/></y></x>")
    assert records(box.by_name("documents")["a.xml"])[0] == {"a": "(malformed)", "a.'#text'": "VB-1", "c": ""}


def replace_source(box: Box, sources: dict[str, str]) -> list[object]:
    return [replace(column, source=sources.get(column.name, column.source)) for column in box.profile.entities["documents"].columns]


def test_a_record_has_a_limit_and_a_document_takes_the_memory_of_a_record(
    box: Box, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("CCHC_MAX_RECORD_MB", "1")
    long = document(2).replace("<trong/>", f"<trong>{'x' * 2**21}</trong>")
    box.put("long.xml", body(document(1), long))
    box.put("long2.xml", body(document(1), document(2).replace("<trong/>", "<trong a='" + "x" * 2**21)))
    loads = box.by_name("documents")
    for name in ("long.xml", "long2.xml"):
        assert "the record after number 1 has more than 1 MB (CCHC_MAX_RECORD_MB)" in str(loads[name].message)

    box.put("long.xml", body(*(document(number) for number in range(40_000))))
    code = (
        "import resource, sys\nfrom cchc.sources.limits import Limits\nfrom cchc.sources.profile import load_profile\n"
        "from pathlib import Path\nfrom cchc.sources.xml_documents import xml_records\n"
        "entity = load_profile(Path(sys.argv[2]), 'document_register').entities['documents']\n"
        "usage = lambda: resource.getrusage(resource.RUSAGE_SELF).ru_maxrss\n"
        "before = usage()\nwith open(sys.argv[1], 'rb') as file:\n    read = sum(1 for _ in xml_records(file, entity, Limits()))\n"
        "print(read, (usage() - before) // 1024)"
    )
    arguments = [sys.executable, "-c", code, str(box.folder / "long.xml"), str(tmp_path / "sources")]
    read, megabytes = map(
        int, subprocess.run(arguments, capture_output=True, text=True, check=True, cwd=PROJECT / "plugins").stdout.split()
    )
    assert read == 40_000
    assert megabytes < 30, "a document of 12 MB was held in memory"


def event_log(table: Path) -> str:
    """An export with one row an event as an event log: what begins with `case:` are attributes of the trace."""

    def attributes(row: dict[str, str], *, of_case: bool) -> str:
        return "".join(
            f"<string key={quoteattr(name.removeprefix('case:'))} value={quoteattr(value)}/>"
            for name, value in row.items()
            if name.startswith("case:") == of_case and value
        )

    with table.open(encoding="utf-8", newline="") as file:
        lines = list(csv.DictReader(file))
    traces = []
    for _, group in groupby(lines, lambda row: row["case:concept:name"]):
        events = list(group)
        inner = "".join(f"<event>{attributes(row, of_case=False)}</event>" for row in events)
        traces.append(f"<trace>{attributes(events[0], of_case=True)}{inner}</trace>")
    head = '<extension name="Time" prefix="time" uri="x"/><global scope="event"><string key="concept:name" value="none"/></global>'
    return f'<?xml version="1.0" encoding="UTF-8" ?><log xes.version="1.0">{head}<string key="source" value="x"/>{"".join(traces)}</log>'


def test_an_event_log_gives_what_its_table_gives(new_warehouse: NewWarehouse, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    facts = {
        "dossiers": "select dossier_code, received_at, due_at, processed_at, unit_code, channel_code from core.dossier order by 1",
        "steps": "select step_code, dossier_code, done_at, action_name, unit_code from core.dossier_step order by 1",
    }
    found = []
    log = event_log(PROJECT / MADE_UP)
    for name, data in (("dutch_permits_a.csv", (PROJECT / MADE_UP).read_bytes()), ("dutch_permits_a.xes.gz", gzip.compress(log.encode()))):
        inbox = tmp_path / name / "inbox"
        inbox.mkdir(parents=True)
        (inbox / name).write_bytes(data)
        (inbox / "dutch_permits_cut.xes").write_text(log[:-20], encoding="utf-8")
        with new_warehouse(tmp_path / name / "home") as settings:
            monkeypatch.setenv("CCHC_SOURCES_DIR", str(PROFILE.parent))
            assert cchc("init").code == 0
            done = ingest(Settings.load(), "dutch_permits", Connection("dutch_permits", str(inbox)), end=T)
            assert {(load["file_name"], str(load["status"])) for load in done.loads} == {
                (name, "loaded"),
                ("dutch_permits_cut.xes", "waiting"),
            }
            found.append({what: rows_of(settings, statement) for what, statement in facts.items()})
    assert found[0] == found[1]
    assert (len(found[0]["dossiers"]), len(found[0]["steps"])) == (16, 60)


def read_log(box: Box, text: str) -> Landed:
    box.only("documents", file_pattern="*.xes", records=None, changed_at=None, key=("case:n",), rows="record")
    box.change("documents", columns=tuple(replace_source(box, {"document_code": "case:n", "document_sign": "n", "issued_date": "a.b"})))
    box.put("a.xes", text)
    (load,) = box.read()
    return load


def test_each_event_is_a_row_and_a_trace_without_events_too(box: Box) -> None:
    load = read_log(
        box,
        "<log><trace><string key='n' value='1'/><event><string key='n' value='e1'/><int key='a' value='7'><date key='b' value='x'/></int></event>"
        "<event/></trace><trace><string key='n' value='2'/></trace><event><string key='n' value='e3'/></event></log>",
    )
    assert [(row[0], row[1]) for row in rows(load)] == [
        (1, {"case:n": "1", "n": "e1", "a.b": "x"}),
        (2, {"case:n": "1"}),
        (3, {"case:n": "2"}),
        (4, {"n": "e3"}),
    ]


def test_what_a_log_says_of_itself_is_no_record_and_may_be_long(box: Box, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CCHC_MAX_RECORD_MB", "1")
    facts = "".join(f"<float key='{number}' value='2.538'/>" for number in range(40_000))
    head = f"<float key='meta_org:resource_events_standard_deviation' value='19.9'>{facts}</float>"
    trace = "<trace><string key='n' value='1'/><event><string key='n' value='e1'/></event></trace>"
    load = read_log(box, f"<log>{head}{trace}</log>")
    assert [row[1] for row in rows(load)] == [{"case:n": "1", "n": "e1"}], load.message

    box.put("a.xes", f"<log>{head}{trace.replace('e1', 'x' * 2**21)}</log>")
    assert "has more than 1 MB (CCHC_MAX_RECORD_MB)" in str(box.by_name("documents")["a.xes"].message)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (f"<x>{escape('a')}</x>", "it is no event log (XES): its outermost element is no log"),
        ("<log><trace><event/><string key='n' value='1'/></trace></log>", "attributes of a trace stand after its events"),
        ("<log><trace><event></trace></log>", "it is no XML after record 0"),
    ],
)
def test_what_is_no_event_log_is_blocked(box: Box, text: str, words: str) -> None:
    load = read_log(box, text)
    assert (load.status, words in str(load.message)) == ("blocked", True), json.dumps(load.message)
