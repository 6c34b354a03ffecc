"""JSON documents in a drop folder, by profile alone: one or a list in a file, nested fields and lists, and files that are damaged."""

from __future__ import annotations

import gzip
import io
import json
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cchc.errors import NotConfigured
from cchc.pipeline.ingest import ingest
from cchc.settings import PROJECT, Settings
from cchc.sources import documents
from cchc.sources.check import check_connection
from cchc.sources.connection import Connection
from cchc.sources.day_files import FileName, parse_name
from cchc.sources.fields import Earlier, Share
from cchc.sources.inbox import matching
from cchc.sources.kinds import kind_of
from cchc.sources.limits import DEEPEST_DOCUMENT, Limits
from cchc.sources.paths import ANY, place
from cchc.sources.profile import Entity, Files, load_profile, read_profile
from tests.sources.conftest import T, records, rows
from tests.sources.document_box import EXAMPLE, SOURCE, STAMP, Box, body, document
from tests.support.cli import cchc
from tests.support.warehouse import NewWarehouse, rows_of


@pytest.fixture
def box(tmp_path: Path, landing: str) -> Box:
    folder = tmp_path / "inbox"
    folder.mkdir()
    return Box(folder, landing)


def test_the_example_in_a_warehouse(new_warehouse: NewWarehouse, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    inbox = tmp_path / "inbox"
    inbox.mkdir()
    (inbox / "one.json").write_text(body(document(1, "K1", "K2")), encoding="utf-8")
    (inbox / "2023").mkdir()
    (inbox / "2023" / "list.json").write_text(body(document(2, "K3"), document(3)), encoding="utf-8-sig")
    (inbox / "cut.json").write_text(body(document(4, "K4"))[:-9], encoding="utf-8")
    (inbox / "damaged.json").write_text(body(document(5, "K5")).replace('"capNhat":', '"capNhat"'), encoding="utf-8")
    (inbox / "shape.json").write_text('{"ketQua": {"dsVanBan": []}}', encoding="utf-8")
    with new_warehouse(tmp_path / "home") as settings:
        monkeypatch.setenv("CCHC_SOURCES_DIR", str(EXAMPLE.parent))
        assert cchc("init").code == 0
        done = ingest(Settings.load(), SOURCE, Connection(SOURCE, str(inbox)), end=T)
        found = rows_of(
            settings,
            "select document_code, document_sign, cast(issued_date as text) as day, issuing_unit_code from core.document "
            "where source_code = 'document_register' order by 1",
        )
        assert [tuple(row.values()) for row in found] == [(f"VB-{n}", f"{n}/QĐ-UBND", "2023-05-04", "VD.1") for n in (1, 2, 3)]
        signed = rows_of(settings, "select signature_code, document_code, person_code from core.signature order by 1")
        assert [tuple(row.values()) for row in signed] == [("K1", "VB-1", "N-1"), ("K2", "VB-1", "N-1"), ("K3", "VB-2", "N-1")]
    states = {(load["entity"], load["file_name"]): load["status"] for load in done.loads}
    for entity in ("documents", "signatures"):
        assert states.pop((entity, "one.json")) == states.pop((entity, "2023/list.json")) == "loaded"
        assert states.pop((entity, "cut.json")) == "waiting"
        assert states.pop((entity, "damaged.json")) == states.pop((entity, "shape.json")) == "blocked"
    assert not states
    told = "\n".join(done.blocked)
    assert "file damaged.json is blocked: B0 it is no JSON after record 0" in told
    assert "file shape.json is blocked: B0 the document has no 'ketQua.vanBan'; it has the keys ketQua, ketQua.dsVanBan" in told
    assert "entities.documents.records" in told
    assert "quy" not in told and "VB-5" not in told


def test_documents_and_lists_are_read_to_their_rows(box: Box) -> None:
    box.put("a.json", body(document(1, "K1"), document(2, "K2", "K3")))
    box.put("b.json.gz", gzip.compress(body(document(3)).encode()))
    loads = box.read()
    assert [load.status for load in loads] == ["landed"] * 4
    assert [row[:2] for row in rows(loads[0])] == [
        [n, {"ma": f"VB-{n}", "soKyHieu": f"{n}/QĐ-UBND", "banHanh.ngay": "04/05/2023", "banHanh.donVi.ma": "VD.1", "capNhat": STAMP}]
        for n in (1, 2)
    ]
    assert [row[:2] for row in rows(loads[2])] == [
        [n, {"soKy": so, "parent.ma": f"VB-{n}", "nguoi.ma": "N-1", "luc": STAMP, "parent.capNhat": STAMP}]
        for n, so in ((1, "K1"), (2, "K2"), (2, "K3"))
    ]
    assert records(loads[3]) == [], "a document without signatures has none"


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("a.geojson", '{"type": "FeatureCollection", "ketQua": {"vanBan": [{"ma": "VB-1", "geometry": null}]}}'),
        ("a.JSONLD", '{"@context": "x", "ketQua": {"vanBan": [{"@id": "y", "ma": "VB-1"}]}}'),
        ("a.jsonl", '{"ma": "VB-1"}\n'),
        ("a.jsonl.gz", gzip.compress(b'{"ma": "VB-1"}\n')),
    ],
)
def test_other_endings_of_json(box: Box, name: str, text: str | bytes) -> None:
    place = None if "jsonl" in name and not name.endswith("LD") else "ketQua.vanBan"
    box.only("documents", records=place, changed_at=None, file_pattern="*.{geojson,jsonld,jsonl}")
    box.put(name, text)
    assert [record["ma"] for record in records(box.read()[0]) if record is not None] == ["VB-1"]


@pytest.mark.parametrize(
    ("place", "text"),
    [
        (None, '{"ma": "VB-1"}'),
        (None, ' [{"ma": "VB-1"}] '),
        ("$", '[{"ma": "VB-1"}]'),
        ("[*].vanBan", '[{"vanBan": {"ma": "VB-1"}}, {"khac": [1, {"vanBan": 2}]}]'),
        ("data[1].items[*]", '{"data": [{"items": [{"ma": "x"}]}, {"items": [{"ma": "VB-1"}]}]}'),
        ("data.items", '{"data.items": [{"ma": "VB-1"}]}'),
        ("dữ liệu", '{"x": {"dữ liệu": [{"ma": "x"}]}, "dữ liệu": [{"ma": "VB-1"}]}'),
        ("a.b", '{"a": {"b": []}, "c": {"b": [{"ma": "x"}]}, "a.b": {"ma": "VB-1"}}'),
    ],
)
def test_the_place_of_the_records(box: Box, place: str | None, text: str) -> None:
    box.only("documents", records=place, changed_at=None)
    box.put("a.json", text)
    (load,) = box.read()
    assert (load.message, [record["ma"] for record in records(load)]) == (None, ["VB-1"])


def test_steps_that_no_stream_can_follow_are_refused(tmp_path: Path) -> None:
    assert place("$.a[*].b") == ("a", ANY, "b")
    profile = tmp_path / EXAMPLE.name
    for wrong in ("$..vanBan", "$.a[?", "a[0:2]"):
        profile.write_text(EXAMPLE.read_text(encoding="utf-8").replace("records: ketQua.vanBan", f'records: "{wrong}"'), encoding="utf-8")
        with pytest.raises(NotConfigured, match=r"is neither a key nor a path of keys"):
            read_profile(profile)


@pytest.mark.parametrize(
    ("text", "status", "words"),
    [
        ("", "waiting", "it is empty"),
        (body(document(1))[:-1], "waiting", "the document is not closed"),
        (body(document(1))[:40], "waiting", "the document is not closed"),
        (body(document(1)) + "\n" + body(document(2)), "blocked", "a file with one document a line is named .ndjson"),
        ("ma,capNhat\nVB-1,x\n", "blocked", "it is no JSON after record 0"),
        (body(document(1), document(2)).replace('"VB-2",', '"VB-2"'), "blocked", "it is no JSON after record 1"),
        ('{"ketQua": {"vanBan": null}}', "blocked", "'ketQua.vanBan' is no list and no object but null"),
        ('{"ketQua": null}', "blocked", "the document has no 'ketQua.vanBan'; it has the keys ketQua"),
        ("[]", "blocked", "it has the keys (none)"),
        ("7", "blocked", "the document has no 'ketQua.vanBan'"),
        ('{"ketQua": {"vanBan": [' + "[" * 200, "blocked", f"more than {DEEPEST_DOCUMENT} levels deep"),
        ('{"x": ' + "[" * 200, "blocked", f"more than {DEEPEST_DOCUMENT} levels deep"),
    ],
)
def test_a_damaged_document_is_named_and_the_others_go_on(box: Box, text: str, status: str, words: str) -> None:
    box.put("bad.json", text)
    box.put("good.json", body(document(7)))
    loads = box.by_name("documents")
    assert (loads["bad.json"].status, loads["good.json"].status) == (status, "landed")
    assert "file bad.json" in str(loads["bad.json"].message) and words in str(loads["bad.json"].message)


def test_a_record_that_is_no_object_lands_as_a_problem(box: Box) -> None:
    box.put("a.json", body(document(1), "VB-2", None, [document(3)]))
    lines = rows(box.by_name("documents")["a.json"])
    assert [(line[0], line[2]) for line in lines] == [
        (1, None),
        (2, "not an object (str)"),
        (3, "not an object (null)"),
        (4, "not an object (list)"),
    ]


def test_a_list_that_is_missing_is_told_where_it_is_not_optional(box: Box) -> None:
    entity: Entity = box.profile.entities["signatures"]
    assert entity.each is not None
    box.change("signatures", each=replace(entity.each, list="chuKys", optional=False))
    box.put("a.json", body(document(1, "K1")))
    message = str(box.by_name("signatures")["a.json"].message)
    assert "no record has the list 'chuKys'. A record: The answer has the keys ma, soKyHieu" in message
    assert "entities.signatures.each.list in the profile document_register.yaml" in message


def test_nested_records_of_a_table_are_refused_and_those_of_lines_are_read(box: Box) -> None:
    box.only("signatures", file_pattern="*", records=None)
    box.put("a.csv", "soKy,luc\nK1,x\n")
    box.put("b.ndjson", "".join(json.dumps(document(n, f"K{n}")) + "\n" for n in (1, 2)))
    loads = box.by_name("signatures")
    assert "each of the entity lead into nested records, and a table has none" in str(loads["a.csv"].message)
    assert [(row[0], row[1]["soKy"], row[1]["parent.ma"]) for row in rows(loads["b.ndjson"])] == [(1, "K1", "VB-1"), (2, "K2", "VB-2")]


def test_numbers_keep_their_digits(box: Box) -> None:
    box.only("documents", records=None, changed_at=None)
    box.put(
        "a.json", '[{"ma": 12345678901234567890123}, {"ma": 1500000.00}, {"ma": 12345678901234567.89}, {"ma": 1e400}, {"ma": "a\\u0000b"}]'
    )
    assert [record["ma"] for record in records(box.by_name("documents")["a.json"])] == [
        "12345678901234567890123",
        1500000.0,
        "12345678901234567.89",
        "1E+400",
        "ab",
    ]


def test_a_record_has_a_limit_and_a_document_takes_the_memory_of_a_record(box: Box, monkeypatch: pytest.MonkeyPatch, landing: str) -> None:
    monkeypatch.setenv("CCHC_MAX_RECORD_MB", "1")
    box.put("long.json", '{"ketQua": {"vanBan": [{"ma": "VB-1"}, {"ma": "' + "x" * 2**21 + '"}]}}')
    box.put("skipped.json", '{"khac": [' + ", ".join(["[1, 2]"] * 2**18) + "], " + body(document(2))[1:])
    loads = box.by_name("documents")
    assert "the record after number 1 has more than 1 MB (CCHC_MAX_RECORD_MB)" in str(loads["long.json"].message)
    assert [record["ma"] for record in records(loads["skipped.json"])] == ["VB-2"]
    assert "it is judged again" not in str(loads)

    many = [document(number) for number in range(60_000)]
    box.put("long.json", body(*many))
    code = (
        "import resource, sys\nfrom pathlib import Path\nfrom tests.sources.test_documents import Box\n"
        "before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss\n"
        "box = Box(Path(sys.argv[1]), sys.argv[2])\nbox.only('documents')\nloads = box.by_name('documents')\n"
        "print(loads['long.json'].manifest['records'], (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) // 1024)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(box.folder), landing + "2"], capture_output=True, text=True, check=True, cwd=PROJECT
    )
    read, megabytes = map(int, done.stdout.split())
    assert read == 60_000
    assert megabytes < 60, "a document of 14 MB was held in memory"


@pytest.fixture
def each_cut() -> Iterator[str]:
    return iter(body(document(1, "K1"), document(2))[:end] for end in range(1, 330, 7))


def test_cut_off_anywhere_it_waits(box: Box, each_cut: Iterator[str]) -> None:
    box.only("documents")
    texts = list(each_cut)
    for number, text in enumerate(texts):
        box.put(f"{number:03}.json", text.encode()[: len(text)])
    loads = box.by_name("documents")
    assert {load.status for load in loads.values()} == {"waiting"}
    assert len(loads) == len(texts) > 40


def test_folders_are_gone_into_and_the_rest_is_told(box: Box, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    box.put("2023/05/a.json", body(document(1, "K1")))
    box.put("2023/06/a.json", body(document(2, "K2")))
    box.put("2023/06/bad.json", body(document(3))[:-3])
    box.put("2023/06/bad2.json", "{}")
    box.put("2023/note.txt", "x")
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "a.json").write_text(body(document(9)), encoding="utf-8")
    (box.folder / "2023" / "away").symlink_to(outside)
    (box.folder / "2023" / "away.json").symlink_to(outside / "a.json")
    (box.folder / "2023" / "circle").symlink_to(box.folder)
    box.put("/".join(["d"] * 33) + "/deep.json", body(document(8)))
    loads = box.by_name("documents")
    assert {name: load.status for name, load in loads.items()} == {
        "2023/05/a.json": "landed",
        "2023/06/a.json": "landed",
        "2023/06/bad.json": "waiting",
        "2023/06/bad2.json": "blocked",
        "(other files)": "waiting",
    }
    assert [record["ma"] for name in ("2023/05/a.json", "2023/06/a.json") for record in records(loads[name])] == ["VB-1", "VB-2"]
    assert "file 2023/06/bad.json: the document is not closed" in str(loads["2023/06/bad.json"].message)
    told = str(loads["(other files)"].message)
    assert "5 entries of the drop folder are left alone" in told
    assert "no ordinary file: 2023/away, 2023/away.json, 2023/circle" in told
    assert "no entity of the profile has a file_pattern: 2023/note.txt" in told
    assert "a folder more than 32 folders deep: d/d/" in told
    said = check_connection(Connection(SOURCE, str(box.folder)), box.profile)
    assert "files by entity: documents: 4, signatures: 4. 5 entries of the drop folder are left alone" in said


def test_a_folder_is_left_alone_where_the_profile_does_not_open_it(box: Box) -> None:
    assert box.profile.files is not None
    box.profile = replace(box.profile, files=replace(box.profile.files, subfolders=False))
    box.put("2023/a.json", body(document(1)))
    (told,) = box.read()
    assert "a folder, which is not looked into: 2023" in str(told.message)
    assert "files.subfolders: true there looks into folders" in str(told.message)


def test_a_try_that_was_broken_off_keeps_what_landed_of_a_folder(box: Box) -> None:
    box.only("documents")
    long = f"{'x' * 100}/{'ă' * 100}/a.json"
    names = ["a/b.json", "a%2Fb.json", "a/c.json", long]
    for number, name in enumerate(names):
        box.put(name, body(document(number)))
    first = {name: load.path for name, load in box.by_name("documents").items()}
    assert len(set(first.values())) == 4
    (box.folder / "a" / "c.json").unlink()
    again = box.by_name("documents")
    assert {name: load.path for name, load in again.items()} == first
    assert {name: [record["ma"] for record in records(again[name])] for name in names} == {
        name: [f"VB-{number}"] for number, name in enumerate(names)
    }


@pytest.mark.parametrize(
    ("pattern", "found"),
    [("*.json", ["2023/05/a.json", "b.json"]), ("2023/*.json", ["2023/05/a.json"]), ("a.{json,csv}", ["2023/05/a.json"]), ("*/c.json", [])],
)
def test_a_pattern_is_about_the_last_part_or_about_the_path(box: Box, pattern: str, found: list[str]) -> None:
    entity = replace(box.profile.entities["documents"], file_pattern=pattern)
    assert matching(entity, ["2023/05/a.json", "b.json", "c.txt"]) == found


def test_the_day_of_a_file_may_stand_in_its_folders() -> None:
    files = Files(name=r"(?P<date>\d{4}/\d{2}/\d{2})\.json")
    assert parse_name("2023/05/04.json", files) == FileName(date(2023, 5, 4), 1)
    assert parse_name("x/2023-05-04.json", replace(files, name=r"(?P<date>[\d-]{10})\.json")) == FileName(date(2023, 5, 4), 1)
    assert parse_name("x/2023/05/04.json", files) is None


def test_documents_of_one_record_are_judged_together(box: Box) -> None:
    box.only("documents")
    for number in range(19):
        box.put(f"{number:02}.json", body({name: value for name, value in document(number).items() if name != "capNhat"}))
    assert {load.status for load in box.read()} == {"landed"}, "fewer than 20 records say nothing"
    box.put("19.json", body({"ma": "VB-19"}))
    loads = box.read(extract_id=2)
    assert {load.status for load in loads} == {"blocked"}
    assert not [path for path in Path(box.landing.removeprefix("file://")).rglob("*") if "00000002" in path.parts and path.is_file()]
    told = str(loads[0].message)
    assert "file 00.json is blocked: FIELDS in all 20 documents of this run: capNhat" in told
    assert "is in none of the 20 records of this first delivery" in told
    known = {load.file_name or "": load.manifest["sha256"] for load in loads}
    assert box.read(extract_id=3, known_files=known) == []
    box.put("20.json", body(document(20)))
    (load,) = box.read(extract_id=4, known_files=known)
    assert (load.file_name, load.status) == ("20.json", "landed")
    box.change("documents", changed_at="capNhat", changed_at_critical=False)
    assert {load.status for load in box.read(extract_id=5, known_files=known)} == {"landed"}, "they are judged again by another profile"


def test_a_field_that_vanishes_from_all_documents_blocks_them(box: Box) -> None:
    box.only("documents")
    earlier = Earlier(3, {"soKyHieu": Share(500, 500, 500)})
    for number in range(40):
        box.put(f"{number:02}.json", body({("soVb" if name == "soKyHieu" else name): value for name, value in document(number).items()}))
    loads = box.read(earlier={"documents": earlier})
    assert {load.status for load in loads} == {"blocked"}
    assert "soKyHieu (document_sign) is in none of the 40 records, but was in 100.0%" in str(loads[0].message)
    assert "Nearest in name: soKyHieu" in str(loads[0].message) or "New here, and used by no column" in str(loads[0].message)
    box.put("40.json", body(document(40)))
    assert {load.status for load in box.read(extract_id=2, earlier={"documents": earlier})} == {"landed"}


def test_an_ending_in_capitals_is_the_same_ending() -> None:
    assert [kind_of(name) for name in ("a/B.JSON", "b.Xml.gz", "c.XLSX", "d.Parquet", "e.CSV", "f")] == [
        "json",
        "xml",
        "workbook",
        "parquet",
        "table",
        "table",
    ]


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**62), 2**62) | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=4), inner, max_size=4),
    max_leaves=20,
)


@settings(max_examples=150, deadline=None)
@given(st.lists(_JSON, max_size=4), _JSON, st.integers(3, 40))
def test_what_is_read_is_what_the_document_says(given_records: list[Any], beside: Any, size: int) -> None:
    """Whatever the document, and wherever the pieces end in which it is read."""
    entity = replace(load_profile(EXAMPLE.parent, SOURCE).entities["documents"], records="a.b")
    text = json.dumps({"x": beside, "a": {"z": beside, "b": given_records, "c": [beside]}}, ensure_ascii=size % 2 == 0)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(documents, "CHUNK", size)
        found = list(documents.json_records(io.BytesIO(text.encode("utf-8", "replace")), entity, Limits()))
    said = json.loads(text.encode("utf-8", "replace").decode(), object_pairs_hook=lambda pairs: {_clear(k): v for k, v in pairs})
    assert found == list(enumerate(map(_clear, said["a"]["b"]), 1))


def _clear(value: Any) -> Any:
    """The value as every reader here gives it: without NULs."""
    if isinstance(value, dict):
        return {_clear(key): _clear(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_clear(inner) for inner in value]
    return value.replace("\0", "") if isinstance(value, str) else value
