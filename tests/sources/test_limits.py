"""What is too large, too far or broken concerns its own file, record or answer alone, and takes no more memory than the limits say."""

from __future__ import annotations

import gzip
import io
import json
import os
import random
import re
import signal
import subprocess
import sys
import zipfile
from collections.abc import Callable
from dataclasses import fields
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pytest

from cchc.errors import CchcError, ContractViolation, NotConfigured
from cchc.sources import valueless_xls
from cchc.sources.connection import Connection
from cchc.sources.extract import extract
from cchc.sources.landing import Landed, Window
from cchc.sources.left_alone import valueless_in_words
from cchc.sources.limits import NAMES, Limits
from cchc.sources.times import render
from cchc.sources.valueless_cells import count_valueless
from cchc.sources.workbooks import Workbooks
from tests.sources.conftest import KEY, PROJECT, T, profile, records, rows
from tests.support.files import bytes_of, workbook
from tests.support.hostile_files import header_of, huge_line, huge_sheet, huge_texts, one_far_cell, workbook_of
from tests.support.source_server import Source

HERE = Path(__file__).parent
COLUMNS = ["IdKySo", "IdVanBan", "NguoiKyId", "ThoiDiemKy", "LoaiChungThu", "HopLe", "NgayCapNhat"]
GOOD = ["K1", "V1", "N1", "2023-01-05T08:00:00", "ca_nhan", "true", "2023-01-05T08:00:00"]
MEMORY = 400 * 2**20


def table(*lines: list[str]) -> bytes:
    """A CSV file of signatures."""
    return "".join(",".join(line) + "\n" for line in (COLUMNS, *lines)).encode()


Drop = Callable[..., dict[str, Landed]]


@pytest.fixture
def drop(tmp_path: Path, landing: str) -> Drop:
    """A function: put files beside a good one into a drop folder and extract it; file name → load."""

    def run(files: dict[str, bytes], source: str = "documents", entities: list[str] | None = None) -> dict[str, Landed]:
        inbox = tmp_path / "inbox"
        inbox.mkdir(exist_ok=True)
        for name, content in files.items():
            (inbox / name).write_bytes(content)
        loads = extract(
            profile(source), Connection(source, str(inbox)), Window(None, T), landing, extract_id=1, privacy_key=KEY, entities=entities
        )
        return {str(load.file_name): load for load in loads}

    return run


HOSTILE: dict[str, tuple[str, Callable[[], bytes], str]] = {
    "a cell in the last corner": ("a.xlsx", lambda: one_far_cell(COLUMNS), "more than 400 MB of memory"),
    "20 GB of texts": ("a.xlsx", lambda: huge_texts(COLUMNS), "more than 400 MB of memory"),
    "eight million cells": ("a.xlsx", lambda: huge_sheet(COLUMNS), "more than 400 MB of memory"),
    "a line without an end": ("a.csv.gz", lambda: huge_line(64), "begins at line 1 has more than 4 MB (CCHC_MAX_RECORD_MB)"),
    "a record without an end": ("a.ndjson.gz", lambda: huge_line(64), "begins at line 1 has more than 4 MB (CCHC_MAX_RECORD_MB)"),
    "quotes without an end": (
        "a.csv",
        lambda: table(GOOD) + b'K2,"' + b"a\n" * 3 * 2**20 + b'"\n',
        "begins at line 3 has more than 4 MB (CCHC_MAX_RECORD_MB)",
    ),
}


@pytest.mark.parametrize("kind", HOSTILE)
def test_a_hostile_file_is_blocked_by_name_and_the_good_one_is_read(drop: Drop, kind: str) -> None:
    ending, content, words = HOSTILE[kind]
    name = f"signatures_{ending}"
    loads = drop({name: content(), "signatures_z.csv": table(GOOD)})
    assert loads[name].status == "blocked"
    assert f"documents signatures, file {name} is blocked: B0" in (loads[name].message or "")
    assert words in (loads[name].message or "")
    assert loads["signatures_z.csv"].status == "landed"
    assert records(loads["signatures_z.csv"])[0]["IdKySo"] == "K1"


def test_all_of_them_take_no_more_memory_than_the_limits_say(tmp_path: Path) -> None:
    """Measured in a process of its own: the greatest memory of it, and of the processes that it started."""
    inbox = tmp_path / "inbox"
    inbox.mkdir()
    for number, (ending, content, _) in enumerate(HOSTILE.values()):
        (inbox / f"signatures_{number}{ending[1:]}").write_bytes(content())
    script = f"""
import resource
from pathlib import Path
from tests.sources.conftest import KEY, T, profile
from cchc.sources.connection import Connection
from cchc.sources.extract import extract
from cchc.sources.landing import Window
loads = extract(profile("documents"), Connection("documents", {str(inbox)!r}), Window(None, T), {(tmp_path / "landing").as_uri()!r}, extract_id=1, privacy_key=KEY)
own = next(int(line.split()[1]) * 1024 for line in open("/proc/self/status") if line.startswith("VmHWM"))
print([load.status for load in loads].count("blocked"), own, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss * 1024)
"""
    done = subprocess.run([sys.executable, "-c", script], cwd=PROJECT, capture_output=True, text=True, check=True)
    blocked, own, started = (int(word) for word in done.stdout.split())
    assert blocked == len(HOSTILE)
    assert own < MEMORY
    assert started < MEMORY + 100 * 2**20  # the limit counts data; the program itself and its libraries come on top


def test_a_workbook_that_is_damaged_anywhere_harms_itself_alone(drop: Drop) -> None:
    whole = bytes_of(workbook([dict(zip(COLUMNS, GOOD, strict=True))] * 30, COLUMNS))
    chance = random.Random(53)
    files: dict[str, bytes] = {}
    for number in range(150):
        broken = bytearray(whole)
        for _ in range(chance.choice((1, 1, 3, 20))):
            broken[chance.randrange(len(broken))] = chance.randrange(256)
        files[f"signatures_{number:03d}.xlsx"] = bytes(broken[: chance.choice((len(broken), len(broken), chance.randrange(len(broken))))])
    loads = drop(files | {"signatures_z.xlsx": whole})
    assert loads.keys() == files.keys() | {"signatures_z.xlsx"}
    assert len(records(loads["signatures_z.xlsx"])) == 30
    assert {load.status for load in loads.values()} == {"landed", "blocked", "waiting"}
    for name, load in loads.items():
        assert load.status == "landed" or name in (load.message or "")


def test_a_number_of_any_size_is_a_cell_like_any_other(drop: Drop) -> None:
    cells = "".join(f'<c r="{column}2"><v>1e22</v></c>' for column in "AB")
    loads = drop({"signatures_a.xlsx": workbook_of(header_of(COLUMNS) + f'<row r="2">{cells}</row>')})
    assert records(loads["signatures_a.xlsx"])[0]["IdKySo"] == "10000000000000000000000"


@pytest.mark.parametrize(
    "name",
    [
        "giaodich_20230105_r900000000000000000000.csv",
        f"giaodich_20230105_r{'9' * 200}.csv",
        "giaodich_20230105_r3000000000.csv",
        "giaodich_00010101.csv",
        "giaodich_99991231.csv",
        "giaodich_20231350.csv",
    ],
)
def test_a_name_outside_what_can_be_meant_blocks_its_file(drop: Drop, name: str) -> None:
    loads = drop({name: b"x\n"}, "payments")
    assert loads[name].status == "blocked"
    assert "with a day from 1990 to 2100 and a revision of at most 9999" in (loads[name].message or "")


def test_a_manifest_without_an_end_blocks_its_file(drop: Drop) -> None:
    loads = drop({"giaodich_20230105.csv": b"x\n", "giaodich_20230105.json": b"[" * (2 * 2**20)}, "payments")
    assert loads["giaodich_20230105.csv"].status == "blocked"
    assert "its manifest giaodich_20230105.json has more than 1 MB" in (loads["giaodich_20230105.csv"].message or "")


def test_a_nested_manifest_is_no_manifest(drop: Drop) -> None:
    loads = drop({"giaodich_20230105.csv": b"x\n", "giaodich_20230105.json": b"[" * 100_000}, "payments")
    assert loads["giaodich_20230105.csv"].status == "waiting"


def test_an_error_of_any_kind_while_a_file_is_read_blocks_this_file(
    drop: Drop, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    from cchc.sources import csv_files
    from cchc.sources.delivered import picked_columns as real

    def fails(header: list[str], *rest: Any) -> Any:
        if "boom" in header:
            raise ZeroDivisionError("a text of a citizen")
        return real(header, *rest)

    monkeypatch.setattr(csv_files, "picked_columns", fails)
    loads = drop({"signatures_a.csv": b"boom,x\n1,2\n", "signatures_z.csv": table(GOOD)})
    assert loads["signatures_a.csv"].status == "blocked"
    assert "reading it failed (ZeroDivisionError" in (loads["signatures_a.csv"].message or "")
    assert "citizen" not in (loads["signatures_a.csv"].message or "") + caplog.text
    assert re.search(
        r"documents signatures, file signatures_a.csv: reading it failed: ZeroDivisionError at \S+test_limits.py:\d+", caplog.text
    )
    assert loads["signatures_z.csv"].status == "landed"
    assert "sha256" not in loads["signatures_a.csv"].manifest, "the next run tries again"


@pytest.mark.skipif(os.geteuid() == 0, reason="the superuser may read every file")
def test_a_file_that_may_not_be_read_waits_and_the_others_are_read(drop: Drop, tmp_path: Path) -> None:
    (tmp_path / "inbox").mkdir()
    (tmp_path / "inbox" / "signatures_a.csv").touch(mode=0)
    loads = drop({"signatures_z.csv": table(GOOD)})
    assert loads["signatures_a.csv"].status == "waiting"
    assert loads["signatures_z.csv"].status == "landed"


def test_what_lies_in_the_folder_and_is_not_read_is_told(drop: Drop, tmp_path: Path) -> None:
    inbox = tmp_path / "inbox"
    (inbox / "2022").mkdir(parents=True)
    (inbox / "2022" / "signatures_1.csv").write_bytes(table(GOOD))
    os.mkfifo(inbox / "signatures_pipe.csv")
    (inbox / "signatures_gone.csv").symlink_to(tmp_path / "nowhere")
    (inbox / "Signatures_1.CSV").write_bytes(table(GOOD))
    loads = drop({f"note_{number:02d}.txt": b"" for number in range(12)} | {"signatures_z.csv": table(GOOD)})
    assert loads.keys() == {"signatures_z.csv", "(other files)"}
    told = loads["(other files)"]
    assert told.status == "waiting"
    assert "16 entries of the drop folder are left alone" in (told.message or "")
    assert "a folder, which is not looked into: 2022" in (told.message or "")
    assert "no ordinary file: signatures_gone.csv, signatures_pipe.csv" in (told.message or "")
    assert "Signatures_1.CSV, note_00.txt" in (told.message or "")
    assert "and 3 more" in (told.message or "")


def test_a_name_that_may_be_a_persons_is_not_told(drop: Drop) -> None:
    told = drop({"hồ sơ Nguyễn Văn Thử.pdf": b""})["(other files)"].message or ""
    assert "a name of 24 characters" in told
    assert "Nguyễn" not in told


def test_a_file_is_judged_again_when_a_limit_changes(drop: Drop, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, landing: str) -> None:
    long = table([*GOOD[:6], GOOD[6] + " " * 2 * 2**20])
    monkeypatch.setenv("CCHC_MAX_RECORD_MB", "1")
    blocked = drop({"signatures_a.csv": long})["signatures_a.csv"]
    assert blocked.status == "blocked"

    def again() -> list[str]:
        source = Connection("documents", str(tmp_path / "inbox"))
        known = {"signatures_a.csv": blocked.manifest["sha256"]}
        loads = extract(profile("documents"), source, Window(None, T), landing, extract_id=2, privacy_key=KEY, known_files=known)
        return [load.status for load in loads]

    assert again() == [], "it is known"
    monkeypatch.setenv("CCHC_MAX_RECORD_MB", "4")
    assert again() == ["landed"]


def test_where_everything_is_read_nothing_is_told(drop: Drop) -> None:
    assert drop({"signatures_z.csv": table(GOOD)}).keys() == {"signatures_z.csv"}
    manifest = {"file": "giaodich_20230105.csv", "rows": 0, "amount": 0, "sha256": "0" * 64, "revision": 1}
    assert "(other files)" not in drop(
        {"giaodich_20230105.csv": b"x\n", "giaodich_20230105.json": json.dumps(manifest).encode()}, "payments", ["payments"]
    )


def test_a_record_whose_key_is_too_long_lands_as_a_problem(drop: Drop) -> None:
    long = ["K" * 20_000, *GOOD[1:]]
    loads = drop({"signatures_a.csv": table(GOOD, long)})
    assert [(line, problem) for line, _, problem in rows(loads["signatures_a.csv"])] == [
        (2, None),
        (3, "its key has 20000 bytes; at most 500 are read"),
    ]


def test_an_answer_without_an_end_is_refused(pull: Callable[..., Any], source: Source) -> None:
    def inflates(handler: Any) -> bool:
        data = gzip.compress(b'{"data": [' + b" " * (200 * 2**20), 9)
        handler.send_response(200)
        handler.send_header("Content-Encoding", "gzip")
        handler.send_header("Content-Length", str(len(data)))
        handler.end_headers()
        handler.wfile.write(data)
        return True

    source.faults["/api/dossiers"] = [inflates]
    with pytest.raises(ContractViolation, match=r"the answer has more than 64 MB \(CCHC_MAX_ANSWER_MB\). Nothing of it is used"):
        pull("one_stop", ["dossiers"])


def test_the_limits_are_settings() -> None:
    assert Limits.load({}) == Limits()
    assert Limits.load({"CCHC_MAX_RECORD_MB": "7"}).record == 7
    page = (PROJECT / "docs/reference/limits.md").read_text(encoding="utf-8")
    for limit in fields(Limits):
        assert re.search(rf"\| {limit.default} (MB|s) \| `{NAMES[limit.name]}`", page), (
            f"docs/reference/limits.md does not give {limit.name}"
        )
    with pytest.raises(NotConfigured, match="CCHC_MAX_RECORDS_MB is no limit. There are: CCHC_MAX_FILE_MB, CCHC_MAX_RECORD_MB"):
        Limits.load({"CCHC_MAX_RECORDS_MB": "7"})
    for wrong in ("-1", "0", "many", "1.5", "9" * 30, "²"):
        with pytest.raises(NotConfigured, match="CCHC_MAX_SECONDS"):
            Limits.load({"CCHC_MAX_SECONDS": wrong})


def test_a_workbook_that_takes_too_long_is_blocked(drop: Drop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CCHC_MAX_SECONDS", "1")
    monkeypatch.setenv("CCHC_MAX_WORKBOOK_MEMORY_MB", "20000")
    loads = drop({"signatures_a.xlsx": huge_sheet(COLUMNS), "signatures_z.csv": table(GOOD)})
    assert "took more than 1 seconds (CCHC_MAX_SECONDS)" in (loads["signatures_a.xlsx"].message or "")
    assert loads["signatures_z.csv"].status == "landed"


def _broken_library(folder: Path, monkeypatch: pytest.MonkeyPatch, words: str) -> None:
    """A library that the process of workbooks imports, and that this machine cannot run."""
    (folder / "python_calamine.py").write_text(words)
    monkeypatch.setenv("PYTHONPATH", str(folder))


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        ("killed", "ended by the signal SIGKILL"),
        ("no start", "ended with code 1"),
        ("no import", "reading it failed on this machine (ImportError)"),
    ],
)
def test_what_may_be_the_fault_of_the_machine_is_read_again(
    drop: Drop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fault: str, words: str
) -> None:
    """A file that is blocked with its hash is known, and no later run reads it."""
    started = Workbooks._started

    def killed(reader: Workbooks) -> subprocess.Popen[bytes]:
        process = started(reader)
        process.kill()
        process.wait()
        return process

    with monkeypatch.context() as patch:
        (tmp_path / "library").mkdir()
        if fault == "killed":
            patch.setattr(Workbooks, "_started", killed)
        elif fault == "no start":
            _broken_library(tmp_path / "library", patch, "raise RuntimeError")
        else:
            words_of_library = "class CalamineSheet: pass\nCalamineError = ZipError = ValueError\ndef __getattr__(name): raise ImportError"
            _broken_library(tmp_path / "library", patch, words_of_library)
        load = drop({"signatures_a.xlsx": bytes_of(workbook([dict(zip(COLUMNS, GOOD, strict=True))], COLUMNS))})["signatures_a.xlsx"]
    assert load.status == "blocked"
    assert words in (load.message or "")
    assert "The next run reads it again" in (load.message or "")
    assert "Ask the sender" not in (load.message or "")
    assert "sha256" not in load.manifest
    assert drop({})["signatures_a.xlsx"].status == "landed"


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_a_run_whose_processes_are_ended_judges_no_file(drop: Drop, monkeypatch: pytest.MonkeyPatch, number: signal.Signals) -> None:
    """The process that reads workbooks may end before its run does, which then ended well, without the file."""
    # whoever starts the tests in the background may have it ignore some signals, and a process inherits that
    ends = f"import os, signal; signal.signal({int(number)}, signal.SIG_DFL); os.kill(os.getpid(), {int(number)})"

    def ended(reader: Workbooks) -> subprocess.Popen[bytes]:
        reader._process = subprocess.Popen([sys.executable, "-c", ends], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        return reader._process

    content = bytes_of(workbook([dict(zip(COLUMNS, GOOD, strict=True))], COLUMNS))
    with monkeypatch.context() as patch:
        patch.setattr(Workbooks, "_started", ended)
        with pytest.raises(CchcError, match=f"reads signatures_a.xlsx was ended by the signal {number.name}"):
            drop({"signatures_a.xlsx": content})
    assert drop({})["signatures_a.xlsx"].status == "landed"


@pytest.mark.parametrize("kind", ["csv", "ndjson", "xlsx"])
def test_a_nul_is_taken_out_where_a_file_is_read(drop: Drop, kind: str) -> None:
    cells = dict(zip(COLUMNS, ["K\0 1", "V\\u00001", *GOOD[2:]], strict=True))
    if kind == "csv":
        content = table(list(cells.values()))
    elif kind == "ndjson":
        content = json.dumps(cells).encode() + b"\n"
    else:
        row = "".join(f'<c r="{chr(65 + place)}2" t="inlineStr"><is><t>{cell}</t></is></c>' for place, cell in enumerate(GOOD))
        content = workbook_of(header_of(COLUMNS) + f'<row r="2">{row.replace("K1", "K_x0000_ 1")}</row>')
    (record,) = records(drop({f"signatures_a.{kind}": content})[f"signatures_a.{kind}"])
    assert record["IdKySo"] in ("K 1", "K_x0000_ 1")
    assert "\0" not in str(record)
    assert kind != "ndjson" or record["IdVanBan"] == "V\\u00001", "an escaped backslash before it is no NUL"


def test_deletions_are_asked_for_although_a_day_has_a_nul(pull: Callable[..., Any], source: Source) -> None:
    source.records["dossiers"] = [{"MaHoSo": "A\0", "NgayTiepNhan": "2023" + "\0" + "0105080000", "NgaySuaCuoi": "20230105080000"}]
    loads = pull("one_stop", ["dossiers"])
    assert records(loads["dossiers"])[0]["MaHoSo"] == "A"
    assert loads["dossiers"].manifest["received_months"] == {"2023-01": 1}
    assert loads["dossiers.keys"].manifest["months"][0] == "2023-01"


def test_empty_rows_of_a_table_are_no_records(drop: Drop) -> None:
    loads = drop({"signatures_a.csv": table(GOOD) + b",,,,,,\n\n  , ,,,,,\n" + ",".join(["K2", *GOOD[1:]]).encode() + b"\n"})
    assert [(line, record["IdKySo"]) for line, record, _ in rows(loads["signatures_a.csv"])] == [(2, "K1"), (6, "K2")]
    assert loads["signatures_a.csv"].manifest["left_alone"] == {"empty": 3}
    book = workbook([dict(zip(COLUMNS, GOOD, strict=True)), {}, {"IdKySo": "  "}, {"IdKySo": "K2"}], COLUMNS)
    load = drop({"signatures_b.xlsx": bytes_of(book)})["signatures_b.xlsx"]
    assert [(line, record["IdKySo"]) for line, record, _ in rows(load)] == [(2, "K1"), (5, "K2")]
    assert load.manifest["left_alone"] == {"empty": 2}


@pytest.mark.parametrize(
    ("value", "formats", "text"),
    [
        (date(2023, 1, 5), ("dd/MM/yyyy",), "05/01/2023"),
        (datetime(2023, 1, 5), ("dd/MM/yyyy",), "05/01/2023"),
        (datetime(2023, 1, 5, 8, 30), ("dd/MM/yyyy",), "2023-01-05T08:30:00"),
        (datetime(2023, 1, 5, 8, 30), ("dd/MM/yyyy", "dd/MM/yyyy HH:mm"), "05/01/2023 08:30"),
        (datetime(2023, 1, 5, 8, 30, 7), ("dd/MM/yyyy HH:mm", "dd/MM/yyyy HH:mm:ss"), "05/01/2023 08:30:07"),
        (datetime(2023, 1, 5, 8, 30, 7), ("dd/MM/yyyy HH:mm", "iso"), "2023-01-05T08:30:07"),
    ],
)
def test_a_time_in_a_cell_is_written_whole(value: date, formats: tuple[str, ...], text: str) -> None:
    """Where no format has room for it, the text is one that the profile cannot read, so it is told and not cut to a day."""
    assert render(value, formats) == text


def test_cells_that_look_filled_and_have_no_value_are_told(drop: Drop) -> None:
    """Errors and formulas without a kept value are empty cells for the library that reads workbooks: missing values without a word."""
    good = dict(zip(COLUMNS, GOOD, strict=True))
    broken = [good | {COLUMNS[3]: "#N/A"}, good | {COLUMNS[0]: "K2", COLUMNS[3]: "=DATE(2023,1,5)"}, good | {COLUMNS[0]: '="K"&"3"'}]
    whole = bytes_of(workbook([*broken, good | {COLUMNS[0]: "K4"}], COLUMNS))
    kept = replaced_in(whole, "xl/worksheets/sheet1.xml", b"<f>DATE(2023,1,5)</f><v></v>", b"<f>DATE(2023,1,5)</f><v>44931</v>")
    loads = drop({"signatures_a.xlsx": whole, "signatures_b.xlsx": kept, "signatures_c.xlsx": bytes_of(workbook([good], COLUMNS))})
    told = [loads[f"signatures_{name}.xlsx"].manifest["left_alone"] for name in "abc"]
    assert [facts.get("valueless", 0) for facts in told] == [3, 2, 0]
    assert valueless_in_words(told[0]).startswith(
        "3 cells are an error such as #N/A, or a formula without a kept value, and counted as missing"
    )
    assert valueless_in_words(told[2]) == ""


@pytest.mark.parametrize(
    ("cell", "count"),
    [
        ('<table:table-cell table:formula="of:=1+1" office:value-type="float" office:value="2"><text:p>2</text:p></table:table-cell>', 0),
        ('<table:table-cell table:formula="of:=1+1"/>', 1),  # by a program that does not compute
        ('<table:table-cell table:formula="of:=&quot;&quot;"><text:p/></table:table-cell>', 0),
        (
            '<table:table-cell table:formula="of:=1/0" office:value-type="float" office:value="0"><text:p>Err:503</text:p></table:table-cell>',
            1,
        ),
        ('<table:table-cell office:value-type="string"><text:p>#N/A</text:p></table:table-cell>', 0),  # a text that somebody wrote
        ('<table:table-cell table:number-columns-repeated="3" table:formula="of:=1+1"/>', 3),
        (
            '<table:table-cell office:value-type="string" office:string-value="" calcext:value-type="error"><text:p>#N/A</text:p></table:table-cell>',
            1,
        ),
        ("<table:table-cell/>", 0),
    ],
)
def test_which_cells_of_an_ods_have_no_value(cell: str, count: int) -> None:
    """The value of a formula that LibreOffice has kept is replaced by this cell, beside two errors."""
    made = (HERE / "valueless_made_up.ods").read_bytes()
    with zipfile.ZipFile(io.BytesIO(made)) as archive:
        text = archive.read("content.xml")
    (old,) = re.findall(rb'<table:table-cell table:formula="of:=DATE.*?</table:table-cell>', text)
    assert count_valueless(replaced_in(made, "content.xml", old, cell.encode()), "Sheet") == 2 + count


def test_an_xls_that_is_damaged_anywhere_is_no_stack_trace() -> None:
    made = (HERE / "valueless_made_up.xls").read_bytes()
    assert count_valueless(made, "Sheet") == 2
    for at in range(0, len(made), 7):
        count_valueless(made[:at], "Sheet")
        count_valueless(made[:at] + b"\xff\xff\xff" + made[at + 3 :], "Sheet")


def test_sectors_of_an_xls_that_follow_one_another_in_a_circle_have_an_end() -> None:
    made = bytearray((HERE / "valueless_made_up.xls").read_bytes())
    table = (int.from_bytes(made[76:80], "little") + 1) * 512  # the table of what follows what
    made[table : table + 512] = bytes(512)
    with pytest.raises(ValueError, match="no such sheet"):
        valueless_xls.count_in(bytes(made), "Sheet")
    assert count_valueless(bytes(made), "Sheet") == 0


def test_a_binary_workbook_is_blocked_whatever_its_name(drop: Drop) -> None:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        archive.writestr("xl/workbook.bin", b"")
    loads = drop({"signatures_a.xlsx": made.getvalue()})
    assert "it is a binary workbook (.xlsb)" in str(loads["signatures_a.xlsx"].message)


def replaced_in(book: bytes, part: str, old: bytes, new: bytes) -> bytes:
    """A workbook in one part of which another text stands."""
    made = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(book)) as before, zipfile.ZipFile(made, "w") as after:
        assert old in before.read(part), before.read(part)
        for name in before.namelist():
            after.writestr(name, before.read(name).replace(old, new) if name == part else before.read(name))
    return made.getvalue()


def test_sheets_that_are_not_read_are_counted(drop: Drop) -> None:
    book = workbook([dict(zip(COLUMNS, GOOD, strict=True))], COLUMNS)
    book.create_sheet("Nguyễn Văn Thử")["A1"] = "x"
    book.create_sheet("empty")
    loads = drop({"signatures_a.xlsx": bytes_of(book), "signatures_b.csv": table(["K9", *GOOD[1:]])})
    assert loads["signatures_a.xlsx"].manifest["other_sheets"] == 1
    assert loads["signatures_b.csv"].manifest["other_sheets"] == 0
