"""Feedback and survey from file to core: formats, revisions, lateness, files without an end, blocked files, touched months."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest

from cchc.cli import main as cli
from cchc.period import now
from tests.secondary.conftest import FEEDBACK, Desk, answer, answered, item, table
from tests.support.files import bytes_of, workbook

CURRENT = (
    "select feedback_code, channel_code, is_about_procedures, received_at, due_at, answered_at, status_code, rating_code, repeated_code, "
    "file_date, file_revision, _changed_at from core.feedback order by 1"
)
T = "2024-01-02"


def forms() -> list[dict[str, Any]]:
    return [item("A"), answered("B", "16/05/2023 10:30", "hai_long"), item("C", KenhTiepNhan="dvcqg", VeTTHC="0", MaTrung="A")]


def test_every_form_of_a_file_says_the_same(desk: Desk) -> None:
    stamps = ("NgayGui", "NgayTiepNhan", "HanXuLy", "NgayTraLoi")
    in_cells = [
        {
            name: datetime.strptime(value, "%d/%m/%Y %H:%M") if name in stamps and value else value  # noqa: DTZ007
            for name, value in row.items()
        }
        | {"KenhTiepNhan": 1022 if row["KenhTiepNhan"] == "1022" else row["KenhTiepNhan"], "VeTTHC": int(row["VeTTHC"])}
        for row in forms()
    ]
    data = {
        "csv": table(forms(), FEEDBACK),
        "csv;": table(forms(), FEEDBACK, delimiter=";"),
        "csv;bom": table(forms(), FEEDBACK, delimiter=";", bom=True),
        "csv,bom": table(forms(), FEEDBACK, bom=True).replace(b"\n", b"\r\n"),
        "xlsx": bytes_of(workbook(forms(), FEEDBACK)),
        "xlsx with cells of times": bytes_of(workbook(in_cells, FEEDBACK)),
    }
    found = {}
    for revision, (form, content) in enumerate(data.items(), 1):
        desk.drop("feedback", f"phananh_20230520_r{revision}.{'xlsx' if form.startswith('xlsx') else 'csv'}", content)
        done = desk.ingest("feedback", T)
        assert [load["status"] for load in done.loads] == ["loaded"], form
        rows = desk.rows(CURRENT)
        assert {row.pop("file_revision") for row in rows} == {revision}, "the newest revision is current"
        found[form] = rows
    first = found["csv"]
    assert [row["feedback_code"] for row in first] == ["A", "B", "C"]
    assert first[1]["_changed_at"].isoformat() == "2023-05-20T00:00:00+07:00"
    assert all(rows == first for rows in found.values()), [form for form, rows in found.items() if rows != first]


FILES = {
    "phananh_20230508.csv": [item("A"), item("B"), item("C")],
    "phananh_20230515.csv": [answered("A", "15/05/2023 09:00"), item("B")],
    "phananh_20230515_r2.csv": [answered("A", "15/05/2023 09:30")],
    "phananh_20230515_r10.csv": [answered("A", "15/05/2023 10:00", "hai_long"), item("D")],
    "phananh_20230522.csv": [answered("B", "20/05/2023 10:00")],
}


@pytest.mark.parametrize("order", [(4, 3, 2, 1, 0), (3, 0, 4, 2, 1)])
def test_files_in_any_order_end_in_the_same_state(new_desk: Callable[[str], Any], order: tuple[int, ...]) -> None:
    names = list(FILES)
    with new_desk("at_once") as desk:
        for name, rows in FILES.items():
            desk.feedback(name, *rows)
        assert len(desk.ingest("feedback", T).loads) == 5
        expected = desk.rows(CURRENT)
    with new_desk("one_by_one") as desk:
        for day, place in enumerate(order, 2):
            desk.feedback(names[place], *FILES[names[place]])
            desk.ingest("feedback", f"2024-01-{day:02d}")
        assert desk.rows(CURRENT) == expected
        desk.settle("2023-05")
        assert desk.counts("feedback_on_time_rate", "month", "2023-05-01") == (1, 4)  # B late; C, D due on the 15th and open
    by_code = {row["feedback_code"]: row for row in expected}
    assert by_code["A"]["file_revision"] == 10
    assert by_code["A"]["rating_code"] == "hai_long"
    assert by_code["C"]["file_date"].isoformat() == "2023-05-08", "absent from every later file, it stays"


def test_the_same_folder_again_changes_nothing(desk: Desk) -> None:
    desk.feedback("phananh_20230508.csv", item("A"))
    desk.ingest("feedback", T)
    desk.settle("2023-05")
    again = desk.ingest("feedback", T)
    assert (again.loads, again.months) == ([], [])
    assert desk.rows("select count(*) as n from core.feedback_version") == [{"n": 1}]


def test_only_months_of_what_changed_are_touched(desk: Desk) -> None:
    desk.feedback(
        "phananh_20231101.csv", item("A"), answered("B", "02/10/2023 09:00", HanXuLy="05/10/2023 17:00", NgayTiepNhan="28/09/2023 08:00")
    )
    desk.ingest("feedback", T)
    desk.settle("2023-05")
    desk.feedback(
        "phananh_20231108.csv", item("A"), answered("B", "02/10/2023 09:00", HanXuLy="05/10/2023 17:00", NgayTiepNhan="28/09/2023 08:00")
    )
    assert desk.ingest("feedback", T).months == [], "a later file that repeats word for word"
    desk.feedback("phananh_20231115.csv", answered("B", "01/12/2023 09:00", HanXuLy="05/10/2023 17:00", NgayTiepNhan="28/09/2023 08:00"))
    assert desk.ingest("feedback", T).months == ["2023-09", "2023-10", "2023-11", "2023-12"], (
        "by reception, due, old and new answer; year to date"
    )
    desk.settle("2023-05")
    desk.feedback("phananh_20231110.csv", item("B"))
    assert desk.ingest("feedback", T).months == [], "late and older: what is current stays"
    desk.feedback("phananh_20231122.csv", item("A", MaDonViXuLy="H19.16.4"))
    assert desk.ingest("feedback", T).months[0] == "2023-05", "another unit, by its reception and due"
    desk.settle("2023-05")
    assert desk.counts("feedback_on_time_rate", "month", "2023-05-01", unit="H19.16.3") == (0, 0)
    assert desk.counts("feedback_on_time_rate", "month", "2023-05-01", unit="H19.16.4") == (0, 1)


def test_a_file_without_an_end_is_left_and_told_after_a_day(desk: Desk) -> None:
    whole = desk.feedback("phananh_20230508.csv", item("A"))
    half = desk.feedback("phananh_20230515.csv", item("B"), item("C"), end="")
    zipped = desk.drop("feedback", "phananh_20230522.xlsx", bytes_of(workbook([item("D")], FEEDBACK))[:-200])
    old = (now() - timedelta(hours=25)).timestamp()
    os.utime(zipped, (old, old))
    done = desk.ingest("feedback", T)
    loads = {load["file_name"]: load for load in done.loads}
    assert [loads[path.name]["status"] for path in (whole, half, zipped)] == ["loaded", "waiting", "waiting"]
    assert "no newline after its last line" in loads[half.name]["message"]
    assert "more than a day" not in loads[half.name]["message"]
    assert "no whole workbook" in loads[zipped.name]["message"]
    assert "more than a day" in loads[zipped.name]["message"]
    assert [row["feedback_code"] for row in desk.rows(CURRENT)] == ["A"], "nothing of half a file"
    half.write_bytes(half.read_bytes() + b"\n")
    zipped.write_bytes(bytes_of(workbook([item("D")], FEEDBACK)))
    desk.ingest("feedback", "2024-01-03")
    assert [row["feedback_code"] for row in desk.rows(CURRENT)] == ["A", "B", "C", "D"]


def test_a_blocked_file_leaves_the_others_loaded_and_ends_with_3(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    desk.feedback("phananh_20230508.csv", item("A"))
    desk.drop("feedback", "phananh_20230515.csv", table([item("B")], FEEDBACK[:-1]))
    desk.drop("feedback", "phananh_tuan20.csv", table([item("C")], FEEDBACK))
    desk.feedback("phananh_20230522.csv", *(item(f"X{n}", TrangThai="treo") for n in range(25)))
    monkeypatch.setenv("AIRFLOW_CONN_SRC_FEEDBACK", json.dumps({"conn_type": "fs", "host": str(desk.folder / "feedback")}))
    assert cli.main(["ingest", "feedback", "--to", T]) == 3
    told = capsys.readouterr().err
    assert "phananh_20230515.csv" in told
    assert "the header lacks 1 of the 13 columns that the profile uses: MaTrung (repeated_code)." in told
    assert "B1 name: expected a name like" in told or "phananh_tuan20.csv" in told
    assert "STATUS 25" in told
    assert [row["feedback_code"] for row in desk.rows(CURRENT)] == ["A"]
    desk.drop("feedback", "phananh_20230515_r2.csv", table([item("B")], FEEDBACK))
    (desk.folder / "feedback" / "phananh_tuan20.csv").unlink()
    assert cli.main(["ingest", "feedback", "--to", "2024-01-03"]) == 0, "what is known to be blocked is not told for ever"
    assert [row["feedback_code"] for row in desk.rows(CURRENT)] == ["A", "B"]


def test_the_survey_comes_alike(desk: Desk) -> None:
    desk.survey("khaosat_20230531.csv", answer("P1"), answer("P2", MucDoHaiLong=""), delimiter=";", bom=True)
    desk.survey("khaosat_20230531_r2.xlsx", answer("P1", NgayKhaoSat=datetime(2023, 5, 11), MucDoHaiLong=2))
    desk.survey("khaosat_20230630.csv", answer("P3", MucDoHaiLong="6"))
    done = desk.ingest("survey", T)
    assert [(load["file_name"], load["quarantined"]) for load in done.loads] == [
        ("khaosat_20230531.csv", 0), ("khaosat_20230531_r2.xlsx", 0), ("khaosat_20230630.csv", 1),
    ]  # fmt: skip
    rows = desk.rows("select answer_code, cast(surveyed_date as text) as day, score from core.survey_answer order by 1")
    assert rows == [
        {"answer_code": "P1", "day": "2023-05-11", "score": 2},
        {"answer_code": "P2", "day": "2023-05-10", "score": None},
    ]
    assert desk.rows("select rule, file, line, key from ops.quarantine") == [
        {"rule": "SCORE", "file": "khaosat_20230630.csv", "line": 2, "key": "P3"}
    ]


def test_an_unknown_unit_comes_back_once_it_is_known(desk: Desk) -> None:
    from sqlalchemy import text

    from cchc.pipeline import ingest as pipeline
    from cchc.warehouse import engine

    desk.feedback("phananh_20230508.csv", item("A", MaDonViXuLy="H19.16.66"), item("B"))
    desk.ingest("feedback", T)
    desk.settle("2023-05")
    assert desk.counts("feedback_on_time_rate", "month", "2023-05-01") == (0, 1)
    with engine(desk.settings).begin() as connection:
        connection.execute(
            text(
                "insert into core.unit (unit_code, name, level, kind, root_code, valid_from) "
                "values ('H19.16.66', 'Made up', 'commune', 'commune', 'H19.16', date '2000-01-01')"
            )
        )
    (done,) = pipeline.retry_quarantine(desk.settings)
    assert "2023-05" in done.months
    desk.settle("2023-05")
    assert desk.counts("feedback_on_time_rate", "month", "2023-05-01") == (0, 2)


def test_a_corrected_delivery_resolves_the_entry_and_a_retry_of_the_old_one_changes_no_version(desk: Desk) -> None:
    from cchc.cli.examine import examine
    from cchc.pipeline import ingest as pipeline

    versions = "select feedback_code, file_date, file_revision, _first_seen_at, _failed_rules, _is_current, _load_id from core.feedback_version order by 1, 2, 3, 4"
    entries = "select key, load_id, resolved_at is not null as is_resolved from ops.quarantine where action = 'quarantine' order by 1, 2"
    still_open = "select key, count(*) as n from ops.quarantine where action = 'quarantine' and resolved_at is null group by 1 order by 1"
    waiting = "feedback feedback: {} records in quarantine (`cchc quarantine list`)"

    desk.feedback("phananh_20230508.csv", item("A", MaDonViXuLy="H19.16.66"), item("B", MaDonViXuLy="H19.16.66"))
    desk.ingest("feedback", "2023-06-01")
    assert waiting.format(2) in [words for _, words in examine(desk.settings)]
    # A comes corrected, B comes bad again
    desk.feedback("phananh_20230515.csv", item("A"), item("B", MaDonViXuLy="H19.16.67"))
    desk.ingest("feedback", "2023-07-01")
    old, new = (row["load_id"] for row in desk.rows("select load_id from ops.load order by 1"))
    told = [
        {"key": "A", "load_id": old, "is_resolved": True},
        {"key": "B", "load_id": old, "is_resolved": False},
        {"key": "B", "load_id": new, "is_resolved": False},
    ]
    assert desk.rows(entries) == told
    assert waiting.format(1) in [words for _, words in examine(desk.settings)], "B was delivered twice and counts once, A no more"
    stored = desk.rows(versions)
    assert [row["_failed_rules"] is None for row in stored] == [False, True, False, False]
    for loads in ([old], [new], None):
        pipeline.retry_quarantine(desk.settings, loads)
        assert desk.rows(versions) == stored, "a retry gives the same versions"
        assert desk.rows(still_open) == [{"key": "B", "n": 2}], "and the same open entries, once a delivery, under the retry's load"
    # an older file that comes late mends nothing
    desk.feedback("phananh_20230501.csv", item("B"))
    desk.ingest("feedback", "2023-08-01")
    assert desk.rows(still_open) == [{"key": "B", "n": 2}]
