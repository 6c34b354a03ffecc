"""`cchc withdraw` of files: afterwards the warehouse is one that never had them, row for row, or nothing was changed."""

from __future__ import annotations

import json
import random
import re
from pathlib import Path
from typing import Any

import pytest

from cchc.errors import WrongUse
from cchc.period import now, parse_moment, parse_period
from cchc.pipeline.close import close
from cchc.pipeline.withdraw import withdraw
from cchc.publication.restatement import restatements
from cchc.runs.withdraw import loads_of_source
from cchc.settings import PROJECT
from tests.secondary.conftest import Desk, answer, answered, item
from tests.secondary.taking_back import (
    DAYS,
    Delivery,
    NewDesk,
    deliver,
    feedback_by_chance,
    known,
    loads_of,
    profile_with,
    quarantined,
    state,
)
from tests.support.cli import cchc
from tests.support.declared import declared_file_name, declared_workbook, figure
from tests.support.deliveries import dossier, dossier_file, payment, payment_file
from tests.support.files import bytes_of
from tests.support.table_rows import differing


@pytest.mark.parametrize("seed", [0, 2])
def test_any_files_that_are_withdrawn_were_never_there(new_desk: NewDesk, seed: int) -> None:
    chance = random.Random(seed)
    deliveries = feedback_by_chance(chance)
    taken = chance.sample(deliveries, chance.randint(1, 3))
    with new_desk("never") as desk:
        deliver(desk, [one for one in deliveries if one not in taken])
        expected, aside = state(desk), quarantined(desk)
    with new_desk("withdrawn") as desk:
        deliver(desk, deliveries)
        chance.shuffle(taken)
        for one in taken[:1], taken[1:]:  # one after the other, and several at once
            if loads := loads_of(desk, one):
                withdraw(desk.settings, loads, "wrong", "Nguyễn Thị Thử")
        assert differing(expected, state(desk)) == {}
        assert quarantined(desk) == aside


def declared_by_chance(chance: random.Random) -> list[Delivery]:
    """Workbooks of two units, of few revisions and figures: many repeat one another."""
    found: list[Delivery] = []
    for t in DAYS:
        for unit in chance.sample(("H19.16.21", "H19.16.22"), chance.randint(1, 2)):
            name = declared_file_name(unit, "2023-06", chance.randint(1, 2))
            note = f"gửi lần {len(found)}"  # other bytes each time: a file that lies there as before is not read again
            sent = figure("staff_training_rate", chance.randint(1, 2), 2, GhiChu=note)
            book = declared_workbook([sent, figure("staff_record_completeness_rate", 1, 2)])
            found.append((t, "declared", name, bytes_of(book)))
    return found


def payments_by_chance(chance: random.Random, folder: Path) -> list[Delivery]:
    """Day files in which keys stand in several days, and revisions of them."""
    found: list[Delivery] = []
    for t in DAYS:
        for day in chance.sample(("20230605", "20230606"), chance.randint(1, 2)):
            revision = sum(name == "payments" and f"_{day}" in file and file.endswith(".csv") for _, name, file, _ in found) + 1
            at = f"{day[6:]}/06/2023 10:00:00"
            rows = [payment(MaThamChieu=f"R{n}", MaGiaoDich=f"G{n}", ThoiGianGD=at) for n in chance.sample(range(4), 2)]
            path = payment_file(folder, f"{day}{f'_r{revision}' if revision > 1 else ''}", rows)
            manifest = path.with_suffix(".json")
            said = json.loads(manifest.read_text(encoding="utf-8")) | {"revision": revision}
            found.append((t, "payments", path.name, path.read_bytes()))
            found.append((t, "payments", manifest.name, json.dumps(said).encode()))
    return found


@pytest.mark.parametrize("source", ["declared", "payments"])
def test_workbooks_and_day_files_that_are_withdrawn_were_never_there(new_desk: NewDesk, tmp_path: Path, source: str) -> None:
    chance = random.Random(7)
    deliveries = declared_by_chance(chance) if source == "declared" else payments_by_chance(chance, tmp_path / "made")
    first = chance.choice([one for one in deliveries if one[0] == DAYS[0] and not one[2].endswith(".json")])
    later = chance.choice([one for one in deliveries if one[0] == DAYS[2] and not one[2].endswith(".json")])
    taken = [first, later]
    names = {(t, name.removesuffix(".csv")) for t, _, name, _ in taken}
    with new_desk("never") as desk:
        deliver(desk, [one for one in deliveries if one not in taken and (one[0], one[2].removesuffix(".json")) not in names])
        expected = state(desk)
    with new_desk("withdrawn") as desk:
        deliver(desk, deliveries)
        before = state(desk)
        for one in taken:
            assert withdraw(desk.settings, loads_of(desk, [one]), "wrong", "Nguyễn Thị Thử").rows > 0
        assert differing(expected, state(desk)) == {}
        assert differing(before, state(desk)) != {}


def test_the_past_still_shows_what_was_believed(new_desk: NewDesk, tmp_path: Path) -> None:
    chance = random.Random(11)
    made = payments_by_chance(chance, tmp_path / "made")
    deliveries = [*feedback_by_chance(chance), *made, *declared_by_chance(chance)]
    with new_desk("withdrawn") as desk:
        deliver(desk, deliveries)
        moments = [parse_moment(day) for day in DAYS]
        believed = {moment: known(desk, moment) for moment in moments}
        assert len({str(rows) for rows in believed.values()}) == len(DAYS)
        for source in ("feedback", "payments", "declared", "feedback"):
            rows = desk.rows("select load_id from ops.load where source_code = :s and status = 'loaded' and retry_of is null", s=source)
            moments.append(now())
            believed[moments[-1]] = known(desk, moments[-1])
            withdraw(desk.settings, [chance.choice(rows)["load_id"]], "wrong", "Nguyễn Thị Thử")
        moments.append(now())
        believed[moments[-1]] = known(desk, moments[-1])
        assert len({str(rows) for rows in believed.values()}) > len(DAYS) + 2, "each withdrawal changed something"
        for moment in moments:
            assert differing(believed[moment], known(desk, moment)) == {}, moment


def test_the_figures_are_those_without_the_file_and_it_does_not_come_back(new_desk: NewDesk) -> None:
    right = [item("A"), answered("B", "15/05/2023 09:00"), item("C")]
    wrong = [answered(code, "20/06/2023 09:00", HanXuLy="20/06/2023 17:00") for code in "ABC"]
    with new_desk("never") as desk:
        desk.feedback("phananh_20230508.csv", *right)
        desk.ingest("feedback", DAYS[0])
        desk.ingest("feedback", DAYS[1])
        desk.settle("2023-05", "2023-06")
        expected = state(desk)
    with new_desk("withdrawn") as desk:
        desk.feedback("phananh_20230508.csv", *right)
        desk.ingest("feedback", DAYS[0])
        desk.settle("2023-05", "2023-06")
        was = desk.counts("feedback_on_time_rate", "month", "2023-05-01")
        desk.feedback("phananh_20230515.csv", *wrong)
        desk.ingest("feedback", DAYS[1])
        desk.settle("2023-05", "2023-06")
        assert desk.counts("feedback_on_time_rate", "month", "2023-05-01") != was
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("CCHC_HOME", str(desk.settings.home))
            patch.setenv("CCHC_WAREHOUSE_URL", str(desk.settings.warehouse_url))
            said = cchc("withdraw", "--file", "phananh_20230515.csv", "--reason", "sent by mistake", "--by", "Nguyễn Thị Thử")
        assert said.code == 0, said.err
        assert "feedback phananh_20230515.csv (load 2) is withdrawn" in said.out
        assert "months that wait for a refresh: 2023-05, 2023-06" in said.out
        desk.settle("2023-05", "2023-06")
        assert desk.counts("feedback_on_time_rate", "month", "2023-05-01") == was
        assert differing(expected, state(desk)) == {}
        assert desk.rows("select source_code, reason, by_whom from ops.withdrawal") == [
            {"source_code": "feedback", "reason": "sent by mistake", "by_whom": "Nguyễn Thị Thử"}
        ]
        assert desk.ingest("feedback", DAYS[2]).loads == [], "the same file still lies there"
        assert differing(expected, state(desk)) == {}
        desk.feedback("phananh_20230515.csv", answered("A", "15/05/2023 10:00"))
        assert [load["status"] for load in desk.ingest("feedback", DAYS[3]).loads] == ["loaded"], "corrected under its name"


def test_what_cannot_be_withdrawn_is_refused_by_name(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CCHC_HOME", str(desk.settings.home))
    monkeypatch.setenv("CCHC_WAREHOUSE_URL", str(desk.settings.warehouse_url))
    desk.feedback("phananh_20230508.csv", item("A"))
    desk.ingest("feedback", DAYS[0])
    desk.feedback("phananh_20230508.csv", item("A"), item("B"))
    desk.ingest("feedback", DAYS[1])
    desk.survey("khaosat_20230531.csv", answer("P1"))
    desk.ingest("survey", DAYS[1])
    desk.execute("update ops.load set landing_path = null where load_id = 2")
    before = state(desk)

    def refused(*arguments: str) -> str:
        said = cchc("withdraw", *arguments, "--reason", "wrong")
        assert said.code == 2, said
        assert differing(before, state(desk)) == {}
        return said.err

    assert "no file phananh_20230509.csv was delivered; did you mean 'phananh_20230508.csv'?" in refused("--file", "phananh_20230509.csv")
    assert "was delivered several times: load 1 (feedback, T 2024-01-02 00:00), load 2" in refused("--file", "phananh_20230508.csv")
    assert "there is no load 77" in refused("--load", "77")
    assert "of several sources (feedback, survey)" in refused("--load", "1", "--load", "3")
    assert "repeated by later loads whose landing is removed: 2 (phananh_20230508.csv)" in refused("--load", "1")
    assert "needs a reason and a name" in refused("--load", "2", "--by", " ")
    assert cchc("withdraw", "--load", "1", "--load", "2", "--reason", "both wrong").code == 0
    assert desk.rows("select count(*) as n from core.feedback_version") == [{"n": 0}]
    before = state(desk)
    assert "load 1 (feedback phananh_20230508.csv) is withdrawn: only what is loaded can be withdrawn" in refused("--load", "1")
    said = cchc("quarantine", "retry", "--load", "1")
    assert (said.code, "load 1 was withdrawn" in said.err) == (2, True)


def test_a_withdrawal_that_fails_halfway_changes_nothing(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    desk.feedback("phananh_20230508.csv", item("A"))
    desk.ingest("feedback", DAYS[0])
    desk.feedback("phananh_20230508.csv", item("A"), item("B"))
    desk.ingest("feedback", DAYS[1])
    before = state(desk)

    def broken(*_: object) -> None:
        raise RuntimeError("the machine went down")

    with monkeypatch.context() as patch, pytest.raises(RuntimeError):
        patch.setattr("cchc.pipeline.ingest.publish", broken)
        withdraw(desk.settings, [1], "wrong", "Nguyễn Thị Thử")
    assert differing(before, state(desk)) == {}
    assert desk.rows("select status from ops.load order by load_id") == [
        {"status": "loaded"},
        {"status": "loaded"},
        {"status": "validated"},
    ]
    done = withdraw(desk.settings, [1], "wrong", "Nguyễn Thị Thử")
    assert (done.rows, done.again) == (1, (2,))
    kept = desk.rows("select feedback_code, _first_seen_at::date::text as t from core.feedback_version order by 1")
    assert kept == [{"feedback_code": "A", "t": "2024-01-03"}, {"feedback_code": "B", "t": "2024-01-03"}]


def test_a_published_month_is_restated_with_who_withdrew_and_why(desk: Desk, tmp_path: Path) -> None:
    def deliver_day(day: str, feedback: list[dict[str, Any]], paid: list[dict[str, str]], trained: int) -> None:
        desk.feedback(f"phananh_202305{day}.csv", *feedback)
        payment_file(desk.inbox("payments"), f"202305{day}", paid)
        book = declared_workbook([figure("staff_training_rate", trained, 20)])
        desk.drop("declared", declared_file_name("H19.16.21", "2023-05", int(day) // 7), bytes_of(book))
        for source in ("feedback", "payments", "declared"):
            desk.ingest(source, f"2024-01-{day}")

    desk.assessments("assessments_1.csv", ("D1", "20230510080000", "hai_long"))
    desk.ingest("one_stop", "2024-01-02")  # a period is published at a T of the one-stop
    paid = [payment(MaThamChieu=f"R{n}", MaGiaoDich=f"G{n}", ThoiGianGD=f"{at}/05/2023 10:00:00") for n, at in enumerate(("08", 15, 15))]
    deliver_day("08", [item("A"), answered("B", "15/05/2023 09:00"), item("C")], paid[:1], 11)
    deliver_day("15", [answered(code, "12/05/2023 09:00") for code in "ACD"], paid[1:], 19)
    desk.settle("2023-05")
    close(desk.settings, parse_period("2023-05"), "Lê Văn Thử", incomplete=True)
    for source, last in (("feedback", "%15.csv"), ("payments", "%15.csv"), ("declared", "%_r2.xlsx")):
        (row,) = desk.rows("select load_id from ops.load where source_code = :s and file_name like :f", s=source, f=last)
        withdraw(desk.settings, [row["load_id"]], "tháng khác", "Nguyễn Thị Thử")
    desk.settle("2023-05")
    found = {
        (item["item"], item["change"], item["reason"], item["detail"])
        for row in restatements(desk.settings, parse_period("2023-05"))
        if row["unit_code"] == "all"
        for item in row["items"]
    }
    why = ("withdrawn", "Nguyễn Thị Thử: tháng khác")
    assert found == {
        ("A", "numerator_lost", *why),
        ("C", "numerator_lost", *why),
        ("D", "removed", *why),
        ("G1|PAY", "removed", *why),
        ("G2|PAY", "removed", *why),
        ("tukhai_H19.16.21_2023-05.xlsx, SoLieu!A2: 11/20", "changed", *why),
    }


def test_what_is_reloaded_was_always_read_right(new_desk: NewDesk, tmp_path: Path) -> None:
    chance = random.Random(41)
    deliveries = feedback_by_chance(chance)
    before, after = [one for one in deliveries if one[0] < DAYS[2]], [one for one in deliveries if one[0] >= DAYS[2]]
    with new_desk("right") as desk:
        deliver(desk, deliveries)
        expected, aside = state(desk), quarantined(desk)
    with new_desk("reloaded") as desk:
        wrong = profile_with(desk, tmp_path / "sources", due_at="NgayGui", sent_at="HanXuLy")
        deliver(wrong, before)
        believed = known(wrong, parse_moment(DAYS[1]))
        version = desk.rows("select distinct profile_version from ops.load")[0]["profile_version"]
        mended = profile_with(desk, tmp_path / "sources")
        deliver(mended, after)
        assert differing(expected, state(desk)) != {}
        loads = loads_of_source(mended.settings, "feedback", None, version)
        assert len(loads) == len(before)
        done = withdraw(mended.settings, loads, "wrong due day", "Nguyễn Thị Thử", reload=True)
        assert len(done.renewed) == len(before)
        assert differing(expected, state(desk)) == {}
        assert quarantined(desk) == aside
        assert differing(believed, known(desk, parse_moment(DAYS[1]))) == {}, "the past shows what was believed"
        with pytest.raises(WrongUse, match=rf"nothing of feedback is loaded under version {version}"):
            loads_of_source(mended.settings, "feedback", None, version)


def test_a_reload_that_landing_cannot_serve_is_refused_by_field(desk: Desk, tmp_path: Path) -> None:
    wrong = profile_with(desk, tmp_path / "sources", due_at="")
    desk.feedback("phananh_20230508.csv", item("A"))
    wrong.ingest("feedback", DAYS[0])
    before = state(desk)
    mended = profile_with(desk, tmp_path / "sources")
    with pytest.raises(WrongUse, match=r"load 1 .* cannot be read again from landing: .*names now: HanXuLy \(due_at\)"):
        withdraw(mended.settings, [1], "no due day", "Nguyễn Thị Thử", reload=True)
    assert differing(before, state(desk)) == {}


def test_all_loads_since_a_day_are_withdrawn(new_desk: NewDesk) -> None:
    deliveries = feedback_by_chance(random.Random(3))
    with new_desk("never") as desk:
        deliver(desk, [one for one in deliveries if one[0] < DAYS[2]])
        expected = state(desk)
    with new_desk("withdrawn") as desk:
        deliver(desk, deliveries)
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("CCHC_HOME", str(desk.settings.home))
            patch.setenv("CCHC_WAREHOUSE_URL", str(desk.settings.warehouse_url))
            assert "need the source" in cchc("withdraw", "--since", DAYS[2], "--reason", "x").err
            assert "in one way" in cchc("withdraw", "--load", "1", "--file", "x", "--reason", "x").err
            said = cchc("withdraw", "--source", "feedback", "--since", DAYS[2], "--reason", "the sender's test system")
        assert said.code == 0, said.err
        assert differing(expected, state(desk)) == {}


def test_the_runbook_of_a_wrong_profile_carried_out(desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    runbook = (PROJECT / "docs" / "runbooks" / "withdraw.md").read_text(encoding="utf-8")
    versions, listed = (
        " ".join(re.search(pattern, runbook, re.DOTALL).group(1).split())  # type: ignore[union-attr]
        for pattern in (r'`cchc sql "(select profile_version.*?)"`', r'`cchc sql "(select load_id.*?)"`')
    )
    monkeypatch.setenv("CCHC_HOME", str(desk.settings.home))
    monkeypatch.setenv("CCHC_WAREHOUSE_URL", str(desk.settings.warehouse_url))
    wrong = profile_with(desk, tmp_path / "sources", due_at="NgayGui", sent_at="HanXuLy")
    wrong.feedback("phananh_20230508.csv", item("A"))
    wrong.ingest("feedback", DAYS[0])
    profile_with(desk, tmp_path / "sources")
    monkeypatch.setenv("CCHC_SOURCES_DIR", str(tmp_path / "sources"))
    (row,) = desk.rows(versions.replace("SOURCE", "feedback"))
    assert (row["count"], row["min"], row["max"]) == (1, 1, 1)
    said = cchc(
        "reload", "--source", "feedback", "--profile-version", row["profile_version"], "--reason", "due day taken from another column"
    )
    assert said.code == 0, said.err
    assert "phananh_20230508.csv (load 1) is withdrawn, and its landing was read again" in said.out
    assert "2023-05" in said.out.partition("months that wait for a refresh: ")[2]
    assert desk.rows("select cast(due_at as date)::text as due from core.feedback") == [{"due": "2023-05-15"}]
    assert [(row["load_id"], row["status"]) for row in desk.rows(listed)] == [(2, "loaded"), (1, "withdrawn")]


def test_what_the_file_had_resolved_in_quarantine_is_open_again(desk: Desk) -> None:
    desk.feedback("phananh_20230508.csv", item("A", MaDonViXuLy="H19.16.66"))
    desk.ingest("feedback", DAYS[0])
    aside = quarantined(desk)
    desk.feedback("phananh_20230515.csv", item("A"))
    desk.ingest("feedback", DAYS[1])
    assert (len(aside), quarantined(desk)) == (1, [])
    withdraw(desk.settings, [2], "wrong", "Nguyễn Thị Thử")
    assert quarantined(desk) == aside
    assert desk.rows("select feedback_code from core.feedback") == []
    assert desk.rows("select _is_current from core.feedback_version") == [{"_is_current": True}]


def test_the_past_does_not_show_a_key_that_only_the_second_reading_brought(desk: Desk, tmp_path: Path) -> None:
    key = "[MaHoSoLienQuan]\n    key_else: [MaPhanAnh]"  # so that what the mended profile needs lands
    wrong = profile_with(desk, tmp_path / "sources", key=key, feedback_code="MaHoSoLienQuan")
    desk.feedback("phananh_20230508.csv", item("A", MaHoSoLienQuan="H1"))
    wrong.ingest("feedback", DAYS[0])
    believed = known(desk, parse_moment(DAYS[0]))
    mended = profile_with(desk, tmp_path / "sources")
    withdraw(mended.settings, [1], "code taken from another column", "Nguyễn Thị Thử", reload=True)
    assert desk.rows("select feedback_code from core.feedback") == [{"feedback_code": "A"}]
    assert differing(believed, known(desk, parse_moment(DAYS[0]))) == {}


def test_a_file_of_dossiers_that_is_withdrawn_was_never_there(new_desk: NewDesk) -> None:
    first, second = [dossier("H19.16.21-230605-0001")], [dossier("H19.16.21-230605-0002")]
    late = dossier("H19.16.21-230605-0001", NgayKetThucXuLy="20230720100000", NgaySuaCuoi="20230720100000")
    found = []
    for name, files in (("never", (first, None, second)), ("withdrawn", (first, [late, *second], second))):
        with new_desk(name) as desk:
            for number, (day, records) in enumerate(zip(DAYS, files, strict=False)):
                if records is not None:
                    dossier_file(desk.inbox("one_stop"), str(number), records)
                desk.ingest("one_stop", day)
            if name == "withdrawn":
                (load,) = desk.rows("select load_id from ops.load where file_name = 'dossiers_1.ndjson'")
                assert withdraw(desk.settings, [load["load_id"]], "wrong", "Nguyễn Thị Thử").again
            found.append(state(desk))
    assert any(found[0]["mart.dossier"])
    assert differing(*found) == {}


def test_what_a_file_of_steps_had_resolved_is_open_again(desk: Desk) -> None:
    step = {"MaBuoc": "S-1", "MaHoSo": "H19.16.21-230605-0001", "ThoiDiemXuLy": "20230606080000", "NgaySuaCuoi": "20230606080000"}
    dossier_file(desk.inbox("one_stop"), "0", [dossier("H19.16.21-230605-0001")])
    for number, (day, status) in enumerate(zip(DAYS, ("77", "4"), strict=False)):
        line = json.dumps(step | {"TrangThai": status, "NgaySuaCuoi": f"2023060{6 + number}080000"}) + "\n"
        (desk.inbox("one_stop") / f"dossier_steps_{number}.ndjson").write_text(line, encoding="utf-8")
        desk.ingest("one_stop", day)
        if not number:
            aside = quarantined(desk)
    assert ({row["key"] for row in aside}, quarantined(desk)) == ({"S-1"}, [])
    (load,) = desk.rows("select load_id from ops.load where file_name = 'dossier_steps_1.ndjson'")
    withdraw(desk.settings, [load["load_id"]], "wrong", "Nguyễn Thị Thử")
    assert quarantined(desk) == aside
