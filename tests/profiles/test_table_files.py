"""A report as people write it with a spreadsheet program, loaded by the profile of docs/examples alone, as an operator would."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import pytest

from cchc.settings import Settings
from tests.support.cli import cchc, connect
from tests.support.files import bytes_of
from tests.support.table_reports import CASES, EXAMPLE, report
from tests.support.warehouse import rows_of

DOSSIERS = (
    "select dossier_code, unit_code, cast(received_at at time zone 'Asia/Ho_Chi_Minh' as text) as received, status_code, channel_code "
    "from core.dossier where source_code = 'table_files' order by 1"
)


def test_a_report_is_loaded_by_its_profile_alone(warehouse: Settings, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    drop = tmp_path / "drop"
    drop.mkdir()
    monkeypatch.setenv("CCHC_SOURCES_DIR", str(EXAMPLE.parent))
    connect(monkeypatch, "table_files", conn_type="fs", host=str(drop))
    assert cchc("init").code == 0
    second = datetime(2023, 1, 10, 17, 0, 30)  # no format of the profile has room for seconds
    with_a_time = [*CASES[0][:1], "BB-4", *CASES[0][2:4], second, *CASES[0][5:]]
    book = report(*CASES[:2], [], CASES[2], with_a_time, second=lambda sheet: sheet.append(["Nguyễn Văn Mẫu"]))
    (drop / "bao_cao_2023_01.xlsx").write_bytes(bytes_of(book))

    said = cchc("ingest", "table_files")
    assert said.code == 0, said.err
    assert rows_of(warehouse, DOSSIERS) == [
        {"dossier_code": "BB-1", "unit_code": "BB.1", "received": "2023-01-03 08:30:00", "status_code": 9, "channel_code": 1},
        {"dossier_code": "BB-2", "unit_code": "BB.1", "received": "2023-01-03 08:30:00", "status_code": 9, "channel_code": 2},
        {"dossier_code": "BB-3", "unit_code": "BB.2", "received": "2023-01-03 08:30:00", "status_code": 4, "channel_code": 1},
    ]
    held = rows_of(warehouse, "select rule, file, line from ops.quarantine where action = 'quarantine' and resolved_at is null")
    assert [(row["rule"], row["file"], row["line"]) for row in held] == [("K3", "bao_cao_2023_01.xlsx", 11)], "a time is not cut to a day"
    file = " table_files dossiers, file bao_cao_2023_01.xlsx: "
    left = "no records are 2 rows above the header, 1 row right below the header, 3 empty rows, 3 rows from row 12 on, where the table ends"
    doctor = cchc("doctor", "table_files").out
    for told in (said.err, doctor):
        assert file + left in told
        assert file + "1 more sheets have cells and are not read (number 2)" in told
    assert "Mẫu" not in said.err + said.out + doctor, "words of the report may be names"

    (drop / "bao_cao_2023_02.xlsx").write_bytes(bytes_of(report(CASES[0], total=False)))
    said = cchc("ingest", "table_files")
    assert (said.code, "the end of the table is not found" in said.err) == (3, True)
    assert len(rows_of(warehouse, DOSSIERS)) == 3
    assert file + left in cchc("doctor", "table_files").out, "of the newest run that loaded a file"

    for month in ("03", "04"):
        (drop / f"bao_cao_2023_{month}.xlsx").write_bytes(bytes_of(report(CASES[0])))
    (drop / "bao_cao_2023_02.xlsx").unlink()
    assert cchc("ingest", "table_files").code == 0
    doctor = cchc("doctor", "table_files").out
    assert (
        "table_files dossiers, 2 files of its newest run: no records are 4 rows above the header, 2 rows right below the header" in doctor
    )
    assert "6 rows from the end of the table on" in doctor
