"""Verdicts on whole loads, the steps' ends, the good view, and the audit."""

from __future__ import annotations

import importlib
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from cchc.errors import LoadBlocked, NotConfigured
from cchc.quality import compile as compiler
from cchc.quality import good_view
from cchc.sources.landing import Landed
from cchc.sources.profile import Profile
from tests.quality.records import ASSESSMENT, DOSSIER, ENDED, PAYMENT, STEP
from tests.support.bench import Bench, T, profile

ONE_STOP = profile("one_stop")
PAYMENTS = profile("payments")


def judge(bench: Bench, source: Profile, *landed: Landed) -> list[Any]:
    bench.stage(source, list(landed))
    return bench.validate(source, list(landed))


def assessments(good: int, bad: int) -> list[dict[str, Any]]:
    return [ASSESSMENT | {"MaDanhGia": f"D{n}", "DanhGia": "hai_long" if n < good else "tot"} for n in range(good + bad)]


@pytest.mark.parametrize(
    ("good", "bad", "blocked"),
    [(379, 20, False), (381, 20, False), (0, 20, False), (380, 21, True), (399, 21, False), (400, 21, False), (398, 21, True)],
)
def test_too_many_rows_in_quarantine_block_the_load(bench: Bench, good: int, bad: int, blocked: bool) -> None:
    landed = bench.land(ONE_STOP, "assessments", assessments(good, bad))
    (verdict,) = judge(bench, ONE_STOP, landed)
    assert (verdict.load_id, verdict.entity, verdict.quarantined, verdict.blocked) == (landed.load_id, "assessments", bad, blocked)
    (load,) = bench.rows("select status, quarantined, warned, message from ops.load where load_id = :id", id=landed.load_id)
    assert (load["status"], load["quarantined"], load["warned"], load["message"]) == (
        "blocked" if blocked else "validated",
        bad,
        0,
        verdict.message,
    )
    if blocked:
        for word in ("one_stop", "assessments", f"{bad} of {good + bad} rows", "CODE 21", "quarantine list", "quarantine_share"):
            assert word in (verdict.message or "")
        assert bench.rows(f"select count(*) as n from {good_view(ONE_STOP.entities['assessments'], bench.extract_id)}") == [{"n": 0}]
    else:
        assert bench.rows(f"select count(*) as n from {good_view(ONE_STOP.entities['assessments'], bench.extract_id)}") == [{"n": good}]
    (check,) = bench.rows("select is_success, action from ops.check_result where load_id = :id and rule = 'SHARE'", id=landed.load_id)
    assert check == {"is_success": not blocked, "action": "block"}


def test_the_limits_are_settings(bench: Bench) -> None:
    strict = replace(ONE_STOP, settings={"quarantine_share": 0.01, "quarantine_rows": 2.0})
    (verdict,) = judge(bench, strict, bench.land(ONE_STOP, "assessments", assessments(97, 3)))
    assert verdict.blocked


def test_files_are_judged_one_by_one(bench: Bench) -> None:
    bad = [PAYMENT | {"MaGiaoDich": f"X{n}", "LoaiGiaoDich": "VOID"} for n in range(30)]
    one = bench.land(PAYMENTS, "payments", [PAYMENT], file_name="giaodich_20230105.csv", file_date="2023-01-05", revision=1, first_line=2)
    two = bench.land(PAYMENTS, "payments", bad, file_name="giaodich_20230105_r2.csv", file_date="2023-01-05", revision=2, first_line=2)
    three = bench.land(
        PAYMENTS,
        "payments",
        [PAYMENT | {"HinhThucThanhToan": "?"}, PAYMENT | {"MaDonVi": ""}],
        file_name="giaodich_20230105_r3.csv",
        file_date="2023-01-05",
        revision=3,
        first_line=2,
    )
    four = bench.land(PAYMENTS, "payments", [PAYMENT], file_name="giaodich_20230106.csv", file_date="2023-01-06", revision=1)
    four.status, four.message = "blocked", "B2: sha256 differs"
    bench.run("update ops.load set status = 'blocked', message = 'B2: sha256 differs' where load_id = :id", id=four.load_id)
    verdicts = judge(bench, PAYMENTS, one, two, three, four)
    assert [(v.blocked, v.quarantined, v.warned) for v in verdicts] == [(False, 0, 0), (True, 30, 0), (False, 1, 1), (True, 0, 0)]
    assert "giaodich_20230105_r2.csv" in verdicts[1].message
    assert verdicts[3].message == "B2: sha256 differs"
    entries = bench.rows("select file, line, rule, action from ops.quarantine where load_id = :id order by line", id=three.load_id)
    assert entries == [
        {"file": "giaodich_20230105_r3.csv", "line": 2, "rule": "W_METHOD", "action": "warn"},
        {"file": "giaodich_20230105_r3.csv", "line": 3, "rule": "UNIT", "action": "quarantine"},
    ]
    good = bench.rows(f"select _load_id, _line from {good_view(PAYMENTS.entities['payments'], bench.extract_id)} order by 1, 2")
    assert good == [{"_load_id": one.load_id, "_line": 2}, {"_load_id": three.load_id, "_line": 2}]
    statuses = bench.rows(
        "select status from ops.load where load_id = any(:ids) order by load_id", ids=[x.load_id for x in (one, two, three, four)]
    )
    assert [row["status"] for row in statuses] == ["validated", "blocked", "validated", "blocked"]


def test_counts_that_do_not_add_up_block(bench: Bench) -> None:
    landed = bench.land(ONE_STOP, "assessments", assessments(3, 0))
    bench.run("update ops.load set landed = 4 where load_id = :id", id=landed.load_id)
    (verdict,) = judge(bench, ONE_STOP, landed)
    assert verdict.blocked
    assert "4 records landed, 3 staged" in verdict.message


def test_a_load_far_outside_its_usual_size(bench: Bench) -> None:
    usual = replace(ONE_STOP, settings={"batch_factor": 3.0})
    window = T - timedelta(days=1)
    bench.run("delete from ops.load where entity = 'assessments'")

    def of(size: int, load: bool = False) -> Any:
        landed = bench.land(ONE_STOP, "assessments", assessments(size, 0), window_from=window)
        (verdict,) = judge(bench, usual, landed)
        if load:
            bench.run("update ops.load set status = 'loaded' where load_id = :id", id=landed.load_id)
        return verdict

    assert [of(size, load=True).blocked for size in (100, 1, 100)] == [False, False, False], "too little is known yet"
    assert [of(size).blocked for size in (33, 301)] == [True, True]
    assert [of(size).blocked for size in (34, 300)] == [False, False]
    assert "batch_factor" in of(3000).message
    full = bench.land(ONE_STOP, "assessments", assessments(5000, 0))
    assert [verdict.blocked for verdict in judge(bench, usual, full)] == [False], "a full extract is not measured by windows"


def test_a_second_validation_replaces_the_first(bench: Bench) -> None:
    landed = bench.land(ONE_STOP, "assessments", assessments(1, 2))
    judge(bench, ONE_STOP, landed)
    bench.run("update ops.quarantine set resolved_at = now() where load_id = :id and key = 'D2'", id=landed.load_id)
    bench.run(f"update {bench.table('assessments')} set rating_code = 'hai_long' where _key = 'D2'")
    bench.run(f"update {bench.table('assessments')} set unit_code = 'H19.99' where _key = 'D1'")
    (verdict,) = bench.validate(ONE_STOP, [landed])
    assert verdict.quarantined == 1
    entries = bench.rows(
        "select key, rule, resolved_at is null as open from ops.quarantine where load_id = :id order by key, rule", id=landed.load_id
    )
    assert [tuple(entry.values()) for entry in entries] == [("D1", "CODE", True), ("D1", "UNIT", True), ("D2", "CODE", False)]
    assert [
        row["_key"] for row in bench.rows(f"select _key from {good_view(ONE_STOP.entities['assessments'], bench.extract_id)} order by 1")
    ] == [
        "D0",
        "D2",
    ]


def test_a_waived_rule_is_not_asked(bench: Bench) -> None:
    lenient = replace(
        ONE_STOP, entities=ONE_STOP.entities | {"assessments": replace(ONE_STOP.entities["assessments"], waived_rules={"CODE": "why"})}
    )
    landed = bench.land(ONE_STOP, "assessments", assessments(1, 2))
    (verdict,) = judge(bench, lenient, landed)
    assert (verdict.quarantined, verdict.blocked) == (0, False)
    assert bench.rows("select 1 from ops.check_result where load_id = :id and rule = 'CODE'", id=landed.load_id) == []


def test_loads_that_are_not_to_be_judged_get_no_verdict(bench: Bench) -> None:
    waiting = bench.land(ONE_STOP, "assessments", assessments(1, 0))
    bench.run("update ops.load set status = 'waiting' where load_id = :id", id=waiting.load_id)
    assert bench.validate(ONE_STOP, [waiting]) == []
    assert bench.validate(ONE_STOP, []) == []
    strange = bench.land(ONE_STOP, "colours", [{}])
    with pytest.raises(NotConfigured, match="colours"):
        bench.validate(ONE_STOP, [strange])


def ends(bench: Bench, dossier: dict[str, Any], *steps: dict[str, Any], known_at: datetime = T) -> list[str]:
    """The rules that a dossier breaks when these steps come in the same run."""
    loads = [bench.land(ONE_STOP, "dossiers", [dossier], known_at=known_at)]
    if steps:
        loads.append(
            bench.land(ONE_STOP, "dossier_steps", [STEP | {"MaBuoc": f"B{n}"} | step for n, step in enumerate(steps)], known_at=known_at)
        )
    judge(bench, ONE_STOP, *loads)
    return [row["rule"] for row in bench.rows("select rule from ops.quarantine where load_id = :id order by rule", id=loads[0].load_id)]


@pytest.mark.parametrize(
    ("status", "steps", "broken"),
    [
        ("9", [("9", "20230106000000")], []),
        ("10", [("9", "20230106000000")], []),
        ("9", [("10", "20230106000000")], []),
        ("10", [("9", "20230104000000"), ("10", "20230106000000")], ["K4"]),
        ("10", [("10", "20230104000000"), ("9", "20230106000000")], []),
        ("9", [("9", "20230107000000"), ("9", "20230104000000")], ["K4"]),
        ("9", [("9", "")], ["K7"]),
        ("9", [("9", "?"), ("4", "20230106000000")], ["K7"]),
        ("9", [("7", "20230106000000"), ("3", "20230106000000")], ["K7"]),
        ("7", [("9", "20230106000000")], ["K7"]),
        ("7", [("7", "20230106000000")], []),
        ("3", [("9", "20230106000000")], ["K7"]),
        ("3", [("3", "20230104000000")], ["K4"]),
        ("3", [("3", "20230106000000")], []),
        ("8", [("8", "20230104000000"), ("9", "20230104000000")], []),
        ("4", [("9", "20230104000000")], []),
    ],
)
def test_the_steps_give_the_end_that_the_fields_lack(bench: Bench, status: str, steps: list[tuple[str, str]], broken: list[str]) -> None:
    bench.run("truncate core.dossier_step_version")
    dossier = DOSSIER | ENDED | {"TrangThaiHoSo": status}
    assert ends(bench, dossier, *({"TrangThai": state, "ThoiDiemXuLy": time} for state, time in steps)) == broken


def test_hidden_and_keyless_steps_do_not_end_a_dossier(bench: Bench) -> None:
    bench.run("truncate core.dossier_step_version")
    dossier = DOSSIER | ENDED | {"TrangThaiHoSo": "9"}
    end = {"TrangThai": "9", "ThoiDiemXuLy": "20230106000000"}
    assert ends(bench, dossier, end | {"DeletedOn": "20230107000000"}) == ["K7"]
    assert ends(bench, dossier, end | {"DeletedOn": "20230107000000"}, end) == []
    assert ends(bench, dossier, end | {"MaBuoc": ""}) == ["K7"]
    assert ends(bench, dossier, end | {"MaHoSo": "another"}) == ["K7"]


def test_stored_steps_count_too_and_the_newest_version_of_each_is_taken(bench: Bench) -> None:
    dossier = DOSSIER | ENDED | {"TrangThaiHoSo": "9"}
    end = {"TrangThai": "9", "ThoiDiemXuLy": "20230106000000", "NgaySuaCuoi": "20230108000000"}
    bench.run("truncate core.dossier_step_version")
    ends(bench, dossier, end)
    columns = "step_id, step_code, dossier_id, dossier_code, done_at, status_code, deleted_at, _changed_at, _first_seen_at, _load_id"
    bench.run(
        f"insert into core.dossier_step_version (source_code, {columns}, _is_current) select 'one_stop', {columns}, true from {bench.table('dossier_steps')}"
    )
    assert ends(bench, dossier) == []
    hidden = end | {"DeletedOn": "20230107000000"}
    assert ends(bench, dossier, hidden | {"NgaySuaCuoi": "20230107000000"}) == [], "older than what is stored"
    assert ends(bench, dossier, hidden) == ["K7"], "the same change time: the later delivered counts"
    assert ends(bench, dossier, hidden | {"NgaySuaCuoi": "20230109000000"}) == ["K7"]
    bench.run("update core.dossier_step_version set _failed_rules = array['KEY']")
    assert ends(bench, dossier) == ["K7"]
    bench.run("truncate core.dossier_step_version")


def test_steps_of_a_blocked_load_do_not_end_a_dossier(bench: Bench) -> None:
    bench.run("truncate core.dossier_step_version")
    end = STEP | {"TrangThai": "9", "ThoiDiemXuLy": "20230106000000"}
    steps = bench.land(ONE_STOP, "dossier_steps", [end, *[STEP | {"MaBuoc": ""}] * 21])
    dossiers = bench.land(ONE_STOP, "dossiers", [DOSSIER | ENDED | {"TrangThaiHoSo": "9"}])
    first, second = judge(bench, ONE_STOP, dossiers, steps)
    assert (first.entity, first.blocked, first.quarantined) == ("dossier_steps", True, 21)
    assert (second.entity, second.blocked, second.quarantined) == ("dossiers", False, 1)


def test_local_dates_are_those_of_the_authority_or_of_a_neighbour(bench: Bench) -> None:
    elsewhere = replace(ONE_STOP, zone="Europe/Amsterdam")  # writes in another zone; its units are the authority's
    there = replace(elsewhere, units=({"unit_code": "NL.1", "name": "Gemeente", "level": "other", "kind": "office"},))
    dossier = DOSSIER | {"NgaySuaCuoi": "2023-01-09T11:00:00Z", "NgayTra": "2023-01-09T22:30:00Z"}  # 10 January in Vietnam, 9 January there
    for source, broken in ((ONE_STOP, ["K5"]), (elsewhere, ["K5"]), (there, [])):
        landed = bench.land(source, "dossiers", [dossier])
        judge(bench, source, landed)
        assert [row["rule"] for row in bench.rows("select rule from ops.quarantine where load_id = :id", id=landed.load_id)] == broken


@pytest.mark.parametrize("fault", ["a predicate that finds nothing", "a query that finds nothing"])
def test_the_audit_catches_a_check_that_misses_rows(bench: Bench, monkeypatch: pytest.MonkeyPatch, fault: str) -> None:
    whole = compiler.compile_suite

    def faulty(validator: Any, suite: Any, table: str) -> Any:
        compiled = whole(validator, suite, table)
        if "query" in fault:
            compiled.queries["UNIT"] = f"select _row from {table} where false"
        else:
            compiled.predicates["CODE"] = "false"
        return compiled

    monkeypatch.setattr(
        importlib.import_module("cchc.quality.validate"), "compile_suite", faulty
    )  # the package has a function of that name
    landed = bench.land(ONE_STOP, "assessments", [ASSESSMENT, ASSESSMENT | {"MaDanhGia": "D2", "DanhGia": "tot", "MaDonVi": ""}])
    bench.stage(ONE_STOP, [landed])
    if "query" in fault:
        bench.run(f"update {bench.table('assessments')} set rating_code = null")
    else:
        bench.run(f"update {bench.table('assessments')} set unit_code = 'H19.16'")
    with pytest.raises(LoadBlocked, match="audit of suite assessment failed for " + ("UNIT" if "query" in fault else "CODE")):
        bench.validate(ONE_STOP, [landed])
    assert bench.rows("select status from ops.load where load_id = :id", id=landed.load_id) == [{"status": "blocked"}]
    failed = bench.rows("select rule from ops.check_result where load_id = :id and phase = 'audit' and not is_success", id=landed.load_id)
    assert [row["rule"] for row in failed] == ["UNIT" if "query" in fault else "CODE"]


def test_an_error_of_gx_is_no_pass(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(self: Any, schema: str, table: str, suite: Any) -> list[Any]:
        return []

    monkeypatch.setattr("cchc.quality.gx.Gx.validate", broken)
    landed = bench.land(ONE_STOP, "assessments", [ASSESSMENT])
    bench.stage(ONE_STOP, [landed])
    with pytest.raises(LoadBlocked, match="no result"):
        bench.validate(ONE_STOP, [landed])


def test_entries_say_when_the_row_was_first_seen(bench: Bench) -> None:
    known_at = datetime(2023, 6, 1, tzinfo=UTC)
    landed = bench.land(ONE_STOP, "assessments", assessments(0, 1), known_at=known_at)
    judge(bench, ONE_STOP, landed)
    assert bench.rows("select first_seen_at from ops.quarantine where load_id = :id", id=landed.load_id) == [{"first_seen_at": known_at}]
