"""`cchc reload` of files: from landing where that has what the profile needs, else the same file from the drop folder, or nothing at all."""

from __future__ import annotations

import random
import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from cchc.errors import WrongUse
from cchc.period import parse_moment
from cchc.pipeline.withdraw import Withdrawn, withdraw
from cchc.settings import Settings
from cchc.sources.connection import Connection
from tests.secondary.conftest import Desk, item
from tests.secondary.taking_back import DAYS, NewDesk, deliver, each_under_its_own_name, known, profile_with, quarantined, state
from tests.support.cli import cchc
from tests.support.deliveries import payment, payment_file
from tests.support.table_rows import differing


def reload(desk: Desk, settings: Settings, *loads: int) -> Withdrawn:
    """Read loads of feedback again under the profile of `settings`; the drop folder is that of the desk."""
    folder = Connection("feedback", str(desk.inbox("feedback")))
    return withdraw(settings, loads, "another column", "Nguyễn Thị Thử", reload=True, connect=lambda: folder)


def without_landing(desk: Desk, load_id: int) -> None:
    """Take the landing of a load away, as retention does."""
    (row,) = desk.rows("select landing_path from ops.load where load_id = :l", l=load_id)
    shutil.rmtree(desk.settings.home / "landing" / row["landing_path"])
    desk.execute("update ops.load set landing_path = null where load_id = :l", l=load_id)


def test_what_landing_lacks_is_read_from_the_drop_folder(new_desk: NewDesk, tmp_path: Path) -> None:
    deliveries = each_under_its_own_name(random.Random(41))
    with new_desk("right") as desk:
        deliver(desk, deliveries)
        expected, aside = state(desk), quarantined(desk)
    with new_desk("reloaded") as desk:
        wrong = profile_with(desk, tmp_path / "sources", due_at="")
        deliver(wrong, [one for one in deliveries if one[0] < DAYS[2]])
        believed = known(wrong, parse_moment(DAYS[1]))
        loads = [row["load_id"] for row in desk.rows("select load_id from ops.load where status = 'loaded'")]
        mended = profile_with(desk, tmp_path / "sources")
        deliver(mended, [one for one in deliveries if one[0] >= DAYS[2]])
        (last,) = desk.rows("select max(load_id) as n from ops.load")
        without_landing(desk, last["n"])
        assert differing(expected, state(desk)) != {}
        done = reload(desk, mended.settings, *loads, last["n"])
        assert (done.renewed, done.place) == ((*loads, last["n"]), str(desk.inbox("feedback")))
        why = {reading.load_id: reading.why for reading in done.read}
        assert why.pop(last["n"]) == "its landing was removed"
        assert {why[load] for load in loads} == {"what no column named did not land, and the profile names now: HanXuLy (due_at)"}
        assert differing(expected, state(desk)) == {}
        assert quarantined(desk) == aside
        assert differing(believed, known(desk, parse_moment(DAYS[1]))) == {}, "the past shows what was believed"
        assert desk.ingest("feedback", DAYS[3]).loads == [], "the files are known as before"
        again = reload(desk, mended.settings, *done.again, *[row["load_id"] for row in newest(desk)])
        assert {reading.why for reading in again.read} == {None}, "now landing has it all"
        assert differing(expected, state(desk)) == {}


def newest(desk: Desk) -> list[dict[str, int]]:
    """The loads that count."""
    return desk.rows("select load_id from ops.load where status = 'loaded' order by 1")


def test_a_file_that_is_gone_or_another_one_is_named_and_nothing_is_changed(desk: Desk, tmp_path: Path) -> None:
    wrong = profile_with(desk, tmp_path / "sources", due_at="")
    for day in ("08", "15", "22"):
        wrong.feedback(f"phananh_202305{day}.csv", item(day))
        wrong.ingest("feedback", f"2024-01-{day}")
    (desk.inbox("feedback") / "phananh_20230508.csv").unlink()
    desk.feedback("phananh_20230515.csv", item("15"), item("B"))
    mended = profile_with(desk, tmp_path / "sources")
    before = state(desk)
    folders = sorted((desk.settings.home / "landing" / "feedback").iterdir())
    with pytest.raises(WrongUse) as refused:
        reload(desk, mended.settings, 1, 2, 3)
    first, second, *_ = str(refused.value).splitlines()
    assert first.startswith("load 1 (feedback phananh_20230508.csv) cannot be read again from landing: ")
    assert f"nor from {desk.inbox('feedback')}: no file of this name lies" in first
    assert second.startswith("load 2 (feedback phananh_20230515.csv)")
    assert second.endswith("the file that lies there is another one than was loaded")
    assert differing(before, state(desk)) == {}
    assert [row["load_id"] for row in newest(desk)] == [1, 2, 3]
    assert sorted((desk.settings.home / "landing" / "feedback").iterdir()) == folders, "nothing of the refused runs stays in landing"
    assert [reading.load_id for reading in reload(desk, mended.settings, 3).read] == [3]


def test_a_profile_that_reads_rows_otherwise_asks_for_the_file(desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    wrong = profile_with(desk, tmp_path / "sources")
    path = tmp_path / "sources" / "feedback.yaml"
    right = path.read_text(encoding="utf-8")
    path.write_text(
        right.replace("    key: [MaPhanAnh]\n", "    key: [MaPhanAnh]\n    where: [{field: MaPhanAnh, not_in: [A]}]\n"),
        encoding="utf-8",
    )
    wrong.feedback("phananh_20230508.csv", item("A"), item("B"))
    wrong.ingest("feedback", DAYS[0])
    assert desk.rows("select feedback_code from core.feedback") == [{"feedback_code": "B"}]
    path.write_text(right, encoding="utf-8")
    for name, value in (
        ("HOME", str(desk.settings.home)),
        ("WAREHOUSE_URL", str(desk.settings.warehouse_url)),
        ("SOURCES_DIR", str(path.parent)),
    ):
        monkeypatch.setenv(f"CCHC_{name}", value)
    said = cchc("reload", "--load", "1", "--reason", "a filter that was wrong")
    assert said.code == 2
    assert "how records are read: where; nor from its source" in said.err
    monkeypatch.setenv("AIRFLOW_CONN_SRC_FEEDBACK", f'{{"conn_type": "fs", "host": "{desk.inbox("feedback")}"}}')
    said = cchc("reload", "--load", "1", "--reason", "a filter that was wrong")
    assert said.code == 0, said.err
    assert "(load 1) is withdrawn, and it was read again from" in said.out
    assert "because the profile says otherwise than then how records are read: where" in said.out
    assert desk.rows("select feedback_code from core.feedback order by 1") == [{"feedback_code": "A"}, {"feedback_code": "B"}]


def test_a_day_file_is_known_with_its_manifest(new_desk: NewDesk, tmp_path: Path) -> None:
    paid = [payment(MaThamChieu=f"R{n}", MaGiaoDich=f"G{n}") for n in (1, 2)]
    with new_desk("right") as desk:
        payment_file(desk.inbox("payments"), "20230605", paid)
        desk.ingest("payments", DAYS[0])
        expected = state(desk)
    with new_desk("reloaded") as desk:
        shutil.copytree(desk.settings.sources_dir, tmp_path / "sources")
        profile = tmp_path / "sources" / "payments.yaml"
        right = profile.read_text(encoding="utf-8")
        profile.write_text(right.replace("      bank_code: MaNganHang\n", ""), encoding="utf-8")
        settings = replace(desk.settings, sources_dir=profile.parent)
        path = payment_file(desk.inbox("payments"), "20230605", paid)
        Desk(settings, desk.folder).ingest("payments", DAYS[0])
        profile.write_text(right, encoding="utf-8")
        manifest = path.with_suffix(".json").read_bytes()
        path.with_suffix(".json").write_bytes(manifest.replace(b'"revision": 1', b'"revision":  1'))
        folder = Connection("payments", str(desk.inbox("payments")))
        with pytest.raises(WrongUse, match="the file that lies there is another one than was loaded"):
            withdraw(settings, [1], "no bank", "Nguyễn Thị Thử", reload=True, connect=lambda: folder)
        path.with_suffix(".json").write_bytes(manifest)
        assert differing(expected, state(desk)) != {}
        withdraw(settings, [1], "no bank", "Nguyễn Thị Thử", reload=True, connect=lambda: folder)
        assert differing(expected, state(desk)) == {}


def test_what_a_later_file_repeated_is_read_from_the_drop_folder(desk: Desk) -> None:
    desk.feedback("phananh_20230508.csv", item("A"))
    desk.ingest("feedback", DAYS[0])
    desk.feedback("phananh_20230508.csv", item("A"), item("B"))
    desk.ingest("feedback", DAYS[1])
    without_landing(desk, 2)
    folder = Connection("feedback", str(desk.inbox("feedback")))
    done = withdraw(desk.settings, [1], "wrong", "Nguyễn Thị Thử", connect=lambda: folder)
    assert (done.again, done.place) == ((2,), str(desk.inbox("feedback")))
    kept = desk.rows("select feedback_code, _first_seen_at::date::text as t from core.feedback_version order by 1")
    assert kept == [{"feedback_code": "A", "t": "2024-01-03"}, {"feedback_code": "B", "t": "2024-01-03"}]
