"""The oracle itself, against cases worked by hand, and identities on random worlds."""

# ruff: noqa: S310
from __future__ import annotations

import base64
import gzip
import json
import urllib.error
import urllib.parse
import urllib.request
from datetime import date, datetime, timedelta
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from .compare import Value, differences, summary
from .indicators import Dossier, Knowledge, Run, _status, dossier_facts, evaluate, form_06a, form_06a_columns, in_force, restated, rows
from .server import ContractServer, Faults
from .small_worlds import COMMUNE, OFFICE, at, drop, gone, procedure, put, step
from .words import BASES, midnight, moment, parse_period, period_names, span, working_day_after
from .world import PAYMENT_COLUMNS, PaymentFile, World, random_world, worlds

LATE = at("2023-12-31T12:00:00")


def value(kn: Knowledge, code: str, period: str, scope: str = "all", basis: str = "period") -> Any:
    """One (numerator, denominator), None without a value."""
    kind, start = parse_period(period)
    return evaluate(kn, kind, start, basis).get((code, scope))


def known(world: World, *ts: datetime, overlap: timedelta = timedelta(0)) -> Knowledge:
    """What extracts at these T's know."""
    return Knowledge(world, ts or (LATE,), overlap=overlap)


def facts(world: World, *ts: datetime) -> dict[str, Any]:
    """Facts of dossier A."""
    return dossier_facts(known(world, *ts))["A"]


def the(world: World, *ts: datetime) -> Dossier:
    """Dossier A."""
    return known(world, *ts).dossiers()["A"]


# ================================================================ words
def test_times_of_the_wire() -> None:
    assert moment("20230301080000") == moment("2023-03-01T08:00:00") == moment("2023-03-01T01:00:00Z") == at("2023-03-01T08:00:00")
    assert moment("") is moment(None) is moment("0001-01-01T00:00:00") is moment("00010101000000") is None
    assert moment("2023-03-01T23:59:59.999") == at("2023-03-01T23:59:59.999")
    for bad in ("20231345990000", "31/02/2023", "x"):
        with pytest.raises(ValueError):
            moment(bad)


def test_periods() -> None:
    for name in ("2023-06", "2023-Q2", "2023-H1", "2023-H2", "2023-9M", "2023", "2023-06R", "2023-01R", "2023-Q1R", "2023-Q4R"):
        assert period_names(*parse_period(name)) == name
    assert parse_period("2023-Q1R") == ("report_quarter", date(2022, 12, 15))
    quarter = span("report_quarter", date(2022, 12, 15), "period", LATE)
    assert quarter is not None and (quarter.end, quarter.d) == (date(2023, 3, 15), date(2023, 3, 14))
    to_date = span("report_month", date(2023, 5, 15), "year_to_date", LATE)
    assert to_date is not None and to_date.start == date(2022, 12, 15)
    assert span("month", date(2023, 3, 1), "period", at("2023-03-01T00:00:00")) is None
    noon = span("month", date(2023, 3, 1), "period", at("2023-03-10T12:00:00"))
    assert noon is not None and (noon.d, noon.j) == (date(2023, 3, 10), at("2023-03-10T12:00:00"))
    night = span("month", date(2023, 3, 1), "period", at("2023-03-10T00:00:00"))
    assert night is not None and night.d == date(2023, 3, 9)


def test_fifth_working_day_goes_round_the_holidays() -> None:
    assert working_day_after(date(2023, 3, 1), 5) == date(2023, 3, 8)
    assert working_day_after(date(2023, 4, 27), 5) > date(2023, 5, 5)  # 29/4–3/5/2023 off


# ================================================================ received, finished, periods
@pytest.mark.parametrize(
    ("received", "february", "march"),
    [("2023-02-28T23:59:59", 1, 0), ("2023-02-28T23:59:59.999", 1, 0), ("2023-03-01T00:00:00", 0, 1), ("2023-02-28T17:00:00Z", 0, 1)],
)
def test_received_at_the_month_edge(received: str, february: int, march: int) -> None:
    world = World()
    put(world, "2023-03-02T00:00:00", NgayTiepNhan=received, KenhThucHien="2")
    kn = known(world)
    assert value(kn, "online_dossier_rate", "2023-02") == (february, february)
    assert value(kn, "online_dossier_rate", "2023-03") == (march, march)


@pytest.mark.parametrize(("received", "second", "third"), [("20230214235959", 1, 0), ("20230215000000", 0, 1)])
def test_the_report_month_turns_between_14_and_15(received: str, second: int, third: int) -> None:
    world = World()
    put(world, "2023-03-02T00:00:00", NgayTiepNhan=received)
    assert value(known(world), "online_dossier_rate", "2023-02R") == (0, second)
    assert value(known(world), "online_dossier_rate", "2023-03R") == (0, third)
    assert value(known(world), "online_dossier_rate", "2023-Q1R", basis="year_to_date") == (0, 1)


def test_t_in_the_middle_of_the_day_cuts_what_is_not_past() -> None:
    world = World()
    put(world, "2023-03-10T13:00:00", TrangThaiHoSo="9", NgayKetThucXuLy="2023-03-10T12:00:00")
    noon = Knowledge(world, runs=[Run("one_stop", at("2023-03-10T12:00:00"), clock=at("2023-03-11T00:00:00"))])
    assert noon.dossiers() == {}  # changed after T
    world = World()
    put(world, "2023-03-10T11:00:00", TrangThaiHoSo="9", NgayKetThucXuLy="2023-03-10T12:00:00")  # an end in the future
    kn = known(world, at("2023-03-10T12:00:00"))
    assert value(kn, "dossier_on_time_rate", "2023-03") == (0, 0)
    assert form_06a(kn, "month", date(2023, 3, 1))["open"] == {"A"}
    assert value(known(world, at("2023-03-10T12:00:01")), "dossier_on_time_rate", "2023-03") == (1, 1)


def test_where_a_finish_comes_from() -> None:
    for fields, want in (
        ({"TrangThaiHoSo": "9", "NgayKetThucXuLy": "20230305100000", "NgayTra": "20230304100000"}, "2023-03-05T10:00:00"),
        ({"TrangThaiHoSo": "9", "NgayTra": "20230304100000"}, "2023-03-04T10:00:00"),
        ({"TrangThaiHoSo": "9", "NgayTuChoi": "20230304100000"}, "2023-03-03T10:00:00"),  # NgayTuChoi is for 3 alone
        ({"TrangThaiHoSo": "3", "NgayTuChoi": "20230304100000"}, "2023-03-04T10:00:00"),
        ({"TrangThaiHoSo": "3"}, "2023-03-02T07:00:00"),
        ({"TrangThaiHoSo": "7"}, "2023-03-02T08:00:00"),
        ({"TrangThaiHoSo": "8"}, None),
        ({"TrangThaiHoSo": "4", "NgayKetThucXuLy": "20230305100000"}, None),
        ({"TrangThaiHoSo": "9", "NgayTra": "0001-01-01T00:00:00"}, "2023-03-03T10:00:00"),
    ):
        world = World()
        put(world, "2023-03-06T00:00:00", **fields)
        step(world, "2023-03-02T07:00:00", "S3", "3")
        step(world, "2023-03-02T08:00:00", "S7", "7")
        step(world, "2023-03-02T09:00:00", "S10", "10")
        step(world, "2023-03-02T09:30:00", "S9h", "9", hidden=True)
        step(world, "2023-03-03T10:00:00", "S9", "9")
        step(world, "2023-03-04T10:00:00", "S9b", "9")
        assert facts(world)["finished_at"] == (at(want) if want else None), fields


def test_refused_without_reception_is_in_no_count() -> None:
    world = World()
    put(world, "2023-03-06T00:00:00", TrangThaiHoSo="3", NgayTiepNhan="")
    assert facts(world)["is_left_out"] is None
    assert known(world).counted() == []


def test_reopening_takes_the_old_end_away() -> None:
    world = World()
    put(world, "2023-03-05T10:00:00", TrangThaiHoSo="10", NgayKetThucXuLy="20230305100000")
    put(world, "2023-04-02T10:00:00", TrangThaiHoSo="9", NgayKetThucXuLy="20230305100000")
    put(world, "2023-04-03T10:00:00", TrangThaiHoSo="4", NgayKetThucXuLy="20230305100000")
    early, late = known(world, at("2023-04-01T00:00:00")), known(world, at("2023-04-01T00:00:00"), LATE)
    assert value(early, "dossier_on_time_rate", "2023-03") == (1, 1)
    assert value(late, "dossier_on_time_rate", "2023-03") == (0, 0)
    assert form_06a(late, "month", date(2023, 3, 1))["open"] == {"A"}


def test_a_version_between_two_extracts_is_never_known() -> None:
    world = World()
    put(world, "2023-03-01T10:00:00", NgayHenTra="20230310170000")
    put(world, "2023-03-05T10:00:00", NgayHenTra="20230305170000")
    put(world, "2023-03-06T10:00:00", NgayHenTra="20230320170000", TrangThaiHoSo="9", NgayKetThucXuLy="20230306090000")
    assert [v.changed.day for v in the(world, at("2023-03-02T00:00:00"), LATE).versions] == [1, 6]


def test_same_change_time_other_content_the_later_delivered_wins() -> None:
    world = World()
    put(world, "2023-03-01T10:00:00", KenhThucHien="1")
    world.put(
        "dossiers",
        "A",
        at("2023-03-02T00:30:00"),
        world.histories["dossiers"]["A"][0].wire | {"KenhThucHien": "2"},
        at("2023-03-01T10:00:00"),
    )
    ts = (at("2023-03-02T00:00:00"), LATE)
    assert value(known(world, *ts), "online_dossier_rate", "2023-03") == (0, 1)
    assert value(known(world, *ts, overlap=timedelta(days=1)), "online_dossier_rate", "2023-03") == (1, 1)


# ================================================================ deletion
def test_deletion_loud_silent_by_absence_and_back() -> None:
    world = World()
    for key in "ABCD":
        put(world, "2023-03-01T10:00:00", key)
    put(world, "2023-03-05T10:00:00", "A", DeletedOn="20230305100000")
    for key, more in (("B", {"deleted_on": "20230305100000"}), ("C", {"in_keys": False}), ("D", {"in_keys": False})):
        change = world.histories["dossiers"][key][0]
        world.put("dossiers", key, at("2023-03-05T10:00:00"), change.wire, change.changed, sent=False, **more)
    put(world, "2023-04-05T10:00:00", "D")
    put(world, "2023-04-05T10:00:00", "A")
    first, second, third = at("2023-03-04T00:00:00"), at("2023-04-01T00:00:00"), at("2023-05-01T00:00:00")
    assert value(known(world, first), "online_dossier_rate", "2023-03") == (0, 4)
    assert value(known(world, first, second), "online_dossier_rate", "2023-03") == (0, 0)
    assert known(world, first, second).deleted == {"A": "DeletedOn", "B": "/keys", "C": "absent from /keys", "D": "absent from /keys"} | {
        "A": "/keys"
    }
    assert value(known(world, first, second, third), "online_dossier_rate", "2023-03") == (0, 2)  # A and D are restored


def test_without_a_reception_never_deleted_by_absence() -> None:
    world = World()
    put(world, "2023-03-01T10:00:00", NgayTiepNhan="")
    assert known(world).deleted == {}


# ================================================================ due
def test_due_is_the_promise_as_it_stood_at_the_end_of_the_finish_day() -> None:
    world = World()
    put(world, "2023-03-01T10:00:00", NgayHenTra="20230304170000")
    put(world, "2023-03-05T23:00:00", NgayHenTra="20230305170000", TrangThaiHoSo="9", NgayKetThucXuLy="20230305100000")
    put(world, "2023-03-06T00:00:00", NgayHenTra="20230309170000", TrangThaiHoSo="9", NgayKetThucXuLy="20230305100000")
    ts = [at(f"2023-03-0{n}T23:30:00") for n in (1, 5, 7)]
    got = facts(world, *ts)
    assert got["due"] == at("2023-03-05T17:00:00") and got["timing"] == "on_time"
    assert got["first_due"] == at("2023-03-04T17:00:00")
    kn = known(world, *ts)
    assert value(kn, "dossier_on_time_rate", "2023-03") == (1, 1)
    assert value(kn, "dossier_on_time_first_due_rate", "2023-03") == (0, 1)
    assert facts(world, LATE)["due"] == at("2023-03-09T17:00:00")  # only the last version was ever delivered


def test_a_round_after_the_version_moves_the_due() -> None:
    world = World()
    put(world, "2023-03-01T10:00:00", NgayHenTra="20230304170000")
    rounds = [
        {
            "NgayBoSung": "20230302080000",
            "NgayTiepNhanBoSung": "20230303080000",
            "NgayHenTraTruoc": "20230304170000",
            "NgayHenTraMoi": "20230312170000",
        },
        {
            "NgayBoSung": "20230303090000",
            "NgayTiepNhanBoSung": "20230303100000",
            "NgayHenTraTruoc": "20230312170000",
            "NgayHenTraMoi": "20230308170000",
        },
        {"NgayBoSung": "20230308080000", "NgayTiepNhanBoSung": "20230312000000", "NgayHenTraTruoc": "", "NgayHenTraMoi": "20230330170000"},
    ]
    put(
        world,
        "2023-04-09T10:00:00",
        NgayHenTra="20230401170000",
        TrangThaiHoSo="9",
        NgayKetThucXuLy="20230311100000",
        DanhSachHoSoBoSung=rounds,
    )
    assert facts(world, at("2023-03-02T00:00:00"), LATE)["due"] == at("2023-03-12T17:00:00")
    # never delivered before: the oldest, and of its rounds received back at or after X the earliest, which says nothing
    assert facts(world, LATE)["due"] == at("2023-04-01T17:00:00")
    rounds[2]["NgayHenTraTruoc"] = "20230308170000"
    assert facts(world, LATE)["due"] == at("2023-03-08T17:00:00")
    assert facts(world, LATE)["first_due"] == at("2023-03-04T17:00:00")


def test_the_newest_old_version_without_a_due_gives_none() -> None:
    world = World()
    put(world, "2023-03-01T10:00:00", NgayHenTra="20230304170000")
    put(world, "2023-03-05T09:00:00", NgayHenTra="", TrangThaiHoSo="9", NgayKetThucXuLy="20230305080000")
    ts = (at("2023-03-02T00:00:00"), LATE)
    assert facts(world, *ts)["due"] is None
    assert value(known(world, *ts), "dossier_on_time_rate", "2023-03") == (0, 0)
    assert form_06a(known(world, *ts), "month", date(2023, 3, 1))["no_due"] == {"A"}
    assert value(known(world, *ts), "online_dossier_rate", "2023-03") == (0, 1)


def test_due_of_an_open_one_is_the_one_known_before_j() -> None:
    world = World()
    put(world, "2023-03-01T10:00:00", NgayHenTra="20230320170000")
    put(world, "2023-04-02T10:00:00", NgayHenTra="20230420170000")
    kn = known(world, at("2023-04-01T00:00:00"), at("2023-05-01T00:00:00"))
    march, april = (form_06a(kn, "month", date(2023, n, 1)) for n in (3, 4))
    assert march["past_due"] == {"A"} and march["open"] == {"A"}
    assert april["past_due"] == {"A"}
    assert value(kn, "dossier_in_time_overall_rate", "2023-03") == (0, 1)


def test_a_bad_version_gives_no_due_and_leaves_out_when_newest() -> None:
    world = World()
    put(world, "2023-03-01T10:00:00", NgayHenTra="20230320170000")
    put(world, "2023-03-02T10:00:00", NgayHenTra="20230301170000", TrangThaiHoSo="11")
    put(world, "2023-03-03T10:00:00", NgayHenTra="20230325170000", TrangThaiHoSo="9", NgayKetThucXuLy="20230303090000")
    ts = [at(f"2023-03-0{n}T12:00:00") for n in (1, 2, 3)]
    assert value(known(world, *ts[:2]), "online_dossier_rate", "2023-03") == (0, 0)
    assert facts(world, *ts[:2])["is_left_out"] == "critical: K1"
    assert facts(world, *ts)["first_due"] == at("2023-03-20T17:00:00")


@pytest.mark.parametrize(("due", "numerator"), [("20230304235959", 0), ("20230305000000", 1), ("20230306000000", 1)])
def test_early_on_time_late_go_by_the_date(due: str, numerator: int) -> None:
    world = World()
    put(world, "2023-03-05T23:59:59", NgayHenTra=due, TrangThaiHoSo="9", NgayKetThucXuLy="20230305235959")
    assert value(known(world), "dossier_on_time_rate", "2023-03") == (numerator, 1)


def test_outcomes_and_the_overall_rate() -> None:
    world = World()
    put(world, "2023-03-05T10:00:00", "A", TrangThaiHoSo="9", NgayKetThucXuLy="20230305100000", LoaiKetQua="tra_lai")
    put(world, "2023-03-05T10:00:00", "B", TrangThaiHoSo="8", NgayKetThucXuLy="20230305100000")
    put(world, "2023-03-05T10:00:00", "C", TrangThaiHoSo="9", NgayKetThucXuLy="20230305100000", LoaiKetQua="la")
    put(
        world,
        "2023-03-05T10:00:00",
        "D",
        TrangThaiHoSo="8",
        NgayKetThucXuLy="20230305100000",
        LoaiKetQua="xin_rut",
        NgayHenTra="20230303170000",
    )
    put(world, "2023-03-05T10:00:00", "E", TrangThaiHoSo="8")  # open; paused by the steps alone
    kn = known(world, at("2023-04-01T00:00:00"))
    assert {ma: d["outcome"] for ma, d in dossier_facts(kn).items()} == {
        "A": "returned",
        "B": "stopped",
        "C": "resolved",
        "D": "returned",
        "E": "stopped",
    }
    assert value(kn, "dossier_on_time_rate", "2023-03") == (1, 1)
    assert value(kn, "dossier_in_time_overall_rate", "2023-03") == (3, 5)
    sets = form_06a(kn, "month", date(2023, 3, 1))
    assert sets["on_time"] == {"A", "D"} and sets["early"] == {"B", "C"} and sets["paused"] == set()


# ================================================================ paused, past due
def test_paused_by_a_round_and_by_steps() -> None:
    world = World()
    asked = {"NgayBoSung": "20230309080000", "NgayTiepNhanBoSung": "20230405080000"}
    put(world, "2023-04-06T10:00:00", DanhSachHoSoBoSung=[asked])
    kn = known(world, at("2023-05-01T00:00:00"))
    march, april = (form_06a(kn, "month", date(2023, n, 1)) for n in (3, 4))
    assert march["paused"] == {"A"} and march["past_due"] == set()  # the pause began before the due
    assert april["paused"] == set() and april["past_due"] == {"A"}
    asked["NgayBoSung"] = "20230311000000"
    assert form_06a(kn, "month", date(2023, 3, 1))["past_due"] == {"A"}  # it was past due already
    asked["NgayBoSung"] = "20230310080000"
    assert form_06a(kn, "month", date(2023, 3, 1))["past_due"] == set()  # due on the day itself


def test_repeats_hidden_steps_and_the_unbroken_run() -> None:
    world = World()
    put(world, "2023-03-01T10:00:00", NgayHenTra="20230312170000")
    step(world, "2023-03-02T08:00:00", "B1", "6", action="a")
    step(world, "2023-03-03T08:00:00", "B2", "4", hidden=True)
    step(world, "2023-03-04T08:00:10", "B3", "6", action="b")
    step(world, "2023-03-04T08:00:20", "B4", "4", action="c")
    step(world, "2023-03-04T08:00:30", "B5", "6", action="b")  # repeats B3: gone, so B4 is the last
    d = the(world)
    assert d.paused_since(LATE) is None
    step(world, "2023-03-05T08:00:00", "B6", "6", action="d")
    step(world, "2023-03-06T08:00:00", "B7", "", action="e")
    step(world, "2023-03-07T08:00:00", "B8", "6", action="f")
    d = the(world)
    assert d.paused_since(LATE) == date(2023, 3, 5) and d.past_due(LATE, LATE.date()) is False
    assert d.paused_since(at("2023-03-05T00:00:00")) is None
    assert d.paused_since(at("2023-03-04T08:00:15")) == date(2023, 3, 2)  # over the hidden one


# ================================================================ checks
@pytest.mark.parametrize(
    ("fields", "want"),
    [
        ({"TrangThaiHoSo": ""}, "K1"), ({"TrangThaiHoSo": "0"}, "K1"), ({"TaiLieuNop": "x"}, "K2"), ({"DinhDanhCHS": ["x"]}, "K2"),
        ({"DanhSachLePhi": "", "TaiLieuNop": None}, ""), ({"NgayHenTra": "khong"}, "K3"), ({"NgayTuChoi": "khong"}, ""),
        ({"NgaySuaCuoi": "khong"}, "K3"), ({"NgaySuaCuoi": ""}, ""),
        ({"TrangThaiHoSo": "9", "NgayKetThucXuLy": "20230301075959"}, "K4"), ({"NgayKetThucXuLy": "20230301075959"}, ""),
        ({"TrangThaiHoSo": "9", "NgayTiepNhan": "2023-03-01T08:00:00.9", "NgayKetThucXuLy": "2023-03-01T08:00:00.1"}, ""),
        ({"NgayTra": "20230307000000"}, "K5"), ({"NgayTra": "20230306235959"}, ""), ({"MaDonVi": "000.00.16.H19"}, "K6"), ({"MaDonVi": None}, "K6"),
        ({"TrangThaiHoSo": "9"}, "K7"), ({"TrangThaiHoSo": "3"}, "K7"), ({"TrangThaiHoSo": "3", "NgayTiepNhan": ""}, ""), ({"TrangThaiHoSo": "8"}, ""),
    ],
)  # fmt: skip
def test_critical_checks(fields: dict[str, Any], want: str) -> None:
    world = World()
    put(world, "2023-03-06T10:00:00", **fields)
    assert " ".join(the(world).faults[-1]) == want


def test_a_critical_check_heals_with_a_later_step() -> None:
    world = World()
    put(world, "2023-03-06T10:00:00", TrangThaiHoSo="9")
    step(world, "2023-03-05T10:00:00", "B", "9", known="2023-03-20T10:00:00")
    ts = (at("2023-03-10T00:00:00"), at("2023-04-01T00:00:00"))
    assert the(world, ts[0]).left_out == "critical: K7"
    assert the(world, *ts).finished == at("2023-03-05T10:00:00")


# ================================================================ papers, results, procedures
def test_digitised_and_signed_results() -> None:
    world = World()
    procedure(world, "2022-01-01T00:00:00", CoKetQuaGiayTo="1", LaChungThuc="1")
    paper = {"DuongDanTaiTepTin": "/a/giấy.pdf", "DuocSoHoa": "1", "IsDeleted": "1"}
    result = {"DuongDanTepTinKetQua": " /a/giấy.pdf ", "DaKySo": "1"}
    end = {"TrangThaiHoSo": "9", "NgayKetThucXuLy": "20230305100000"}
    put(world, "2023-03-05T10:00:00", "A", TaiLieuNop=[paper], DanhSachGiayToKetQua=[result], **end)
    put(
        world,
        "2023-03-05T10:00:00",
        "B",
        TaiLieuNop=[paper | {"IsDeleted": ""}],
        DanhSachGiayToKetQua=[result, {"DuongDanTepTinKetQua": "/b", "DaKySo": "1"}],
        **end,
    )
    put(
        world,
        "2023-03-05T10:00:00",
        "C",
        TaiLieuNop=[paper | {"DuongDanTaiTepTin": ""}],
        DanhSachGiayToKetQua=[{"DuongDanTepTinKetQua": "/b", "DaKySo": "0"}],
        **end,
    )
    put(world, "2023-03-05T10:00:00", "D", MaTTHC="9.999999", DanhSachGiayToKetQua=[{"DuongDanTepTinKetQua": "/b", "DaKySo": "1"}], **end)
    put(
        world,
        "2023-03-05T10:00:00",
        "E",
        MaTTHC="1.000001.000.00.00.H19",
        LoaiKetQua="tra_lai",
        DanhSachGiayToKetQua=[{"DuongDanTepTinKetQua": "/b", "DaKySo": "1"}],
        **end,
    )
    kn = known(world)
    assert value(kn, "dossier_digitized_rate", "2023-03") == (1, 5)
    assert value(kn, "electronic_result_rate", "2023-03") == (1, 3)
    assert value(kn, "ecertified_copy_count", "2023-03") == (1, None)
    assert value(kn, "ecertification_coverage_rate", "2023-03", COMMUNE) == (1, 1)
    assert value(kn, "ecertification_coverage_rate", "2023-03") == (1, 13)
    assert value(kn, "ecertification_coverage_rate", "2023-03", "level:district") == (0, 1)
    assert value(kn, "ecertification_coverage_rate", "2023-03", OFFICE) == (0, 0)
    assert value(kn, "ecertification_coverage_rate", "2023-05") == (1, 13)  # always year to date
    assert value(kn, "ecertified_copy_count", "2023-05", basis="year_to_date") == (1, None)


def test_the_version_of_a_procedure_goes_by_the_reception() -> None:
    world = World()
    procedure(world, "2022-01-01T00:00:00", CoKetQuaGiayTo="0", HieuLucTu="20230301000000")
    procedure(world, "2022-01-01T00:00:00", CoKetQuaGiayTo="1", HieuLucTu="20230302000000")
    for key, received in (("A", "20230228080000"), ("B", "20230301080000"), ("C", "20230302000000")):
        put(world, "2023-03-05T10:00:00", key, NgayTiepNhan=received, TrangThaiHoSo="9", NgayKetThucXuLy="20230305100000")
    assert value(known(world), "electronic_result_rate", "2023-03") == (0, 1)


def test_lists_vanishing_keys_and_flags_as_of_j() -> None:
    world = World()
    procedure(world, "2022-12-01T00:00:00", CoPhiLePhi="1", ThanhToanTrucTuyen="0", MucDo="2", DuDieuKienTrucTuyen="1")
    procedure(
        world,
        "2023-02-10T00:00:00",
        CoPhiLePhi="1",
        ThanhToanTrucTuyen="1",
        MucDo="3",
        DuDieuKienTrucTuyen="1",
        NgayCongKhai="20230105000000",
    )
    gone(world, "2023-04-10T00:00:00")
    ts = [at("2023-02-01T00:00:00"), at("2023-03-01T00:00:00"), at("2023-05-01T09:00:00")]
    kn = known(world, *ts)
    assert value(kn, "online_payment_procedure_rate", "2022-12") == (0, 1)  # J is before every list: the oldest that has it
    assert value(kn, "online_payment_procedure_rate", "2023-01") == (0, 1)  # the list fetched at T = J counts
    assert value(kn, "online_payment_procedure_rate", "2023-02") == (1, 1)
    assert value(kn, "online_service_coverage_rate", "2023-04") == (1, 1)
    assert value(kn, "procedure_publication_rate", "2023-01") == (1, 1)  # a date: from the newest list
    assert in_force(kn, date(2023, 4, 30)) and not in_force(kn, date(2023, 5, 1))
    assert value(kn, "online_service_coverage_rate", "2023-05") == (0, 0)


def test_in_force_bai_bo_greatest_and_ends() -> None:
    world = World()
    procedure(world, "2022-12-01T00:00:00", CoHoSoMau="0")
    procedure(world, "2022-12-01T00:00:00", CoHoSoMau="1", HieuLucTu="20230201000000")
    procedure(world, "2022-12-01T00:00:00", CoHoSoMau="1", MaTTHC="1.000002", TrangThai="bai_bo")
    procedure(world, "2022-12-01T00:00:00", CoHoSoMau="1", MaTTHC="1.000003", TrangThai="bai_bo", HieuLucDen="20230228000000")
    procedure(world, "2022-12-01T00:00:00", CoHoSoMau="1", MaDonVi="H19.16.30", MaTTHC="1.000004")
    kn = known(world)
    assert value(kn, "sample_dossier_rate", "2023-01") == (2, 3)
    assert value(kn, "sample_dossier_rate", "2023-02") == (3, 3)
    assert value(kn, "sample_dossier_rate", "2023-03") == (2, 2)
    assert value(known(world, at("2024-12-15T00:00:00")), "sample_dossier_rate", "2024-11") == (1, 1)  # Bình Hòa is no more


def test_update_timely() -> None:
    world = World()
    for code, unit, decided, published in (
        ("1.000001", COMMUNE, "20230301000000", "20230308000000"),
        ("1.000002", COMMUNE, "20230301000000", "20230309000000"),
        ("1.000003", COMMUNE, "20230301000000", ""),
        ("1.000004", COMMUNE, "20230331000000", ""),
    ):
        procedure(world, "2023-01-01T00:00:00", MaTTHC=code, MaDonVi=unit, NgayQuyetDinhCongBo=decided, NgayCongKhai=published)
    assert value(known(world, at("2023-04-01T00:00:00")), "procedure_update_timely_rate", "2023-03") == (1, 3)
    assert value(known(world, at("2023-04-07T23:59:59")), "procedure_update_timely_rate", "2023-03") == (1, 3)
    assert value(known(world, at("2023-04-08T00:00:00")), "procedure_update_timely_rate", "2023-03") == (1, 4)
    procedure(
        world,
        "2023-01-01T00:00:00",
        MaTTHC="1.000003",
        NgayQuyetDinhCongBo="20230301000000",
        NgayCongKhai="20230302000000",
        HieuLucTu="20220201000000",
    )
    assert value(known(world, at("2023-04-01T00:00:00")), "procedure_update_timely_rate", "2023-03") == (2, 3)  # the same decision


# ================================================================ the other sources
def test_assessments() -> None:
    world = World()
    for key, answer, unit in (
        ("1", "hai_long", COMMUNE),
        ("2", "", COMMUNE),
        ("3", "tuyet", COMMUNE),
        ("4", "binh_thuong", OFFICE),
        ("5", "hai_long", "H19.99"),
    ):
        wire = {"MaDanhGia": key, "MaDonVi": unit, "ThoiGianDanhGia": "20230331235959", "DanhGia": answer, "NgaySuaCuoi": "20230401080000"}
        world.put("assessments", key, at("2023-04-01T08:00:00"), wire)
    kn = known(world)
    assert value(kn, "procedure_satisfaction_rate", "2023-03") == (1, 2)
    assert value(kn, "procedure_satisfaction_rate", "2023-03", "level:commune") == (1, 1)


def pay(**fields: str) -> dict[str, str]:
    """A row of the payment log."""
    return dict.fromkeys(PAYMENT_COLUMNS, "") | {
        "MaThamChieu": "T", "MaGiaoDich": "G1", "MaDonVi": COMMUNE, "LoaiGiaoDich": "PAY", "SoTien": "50.000", "HinhThucThanhToan": "qr",
        "TrangThaiGD": "1", "ThoiGianGD": "10/03/2023 08:00:00",
    } | fields  # fmt: skip


def test_payments() -> None:
    world, day, soon = World(), date(2023, 3, 10), at("2023-03-11T06:00:00")
    lines = [
        pay(), pay(MaGiaoDich="G2"), pay(MaGiaoDich="G3", SoTien="0", HinhThucThanhToan="mien-phi"), pay(MaGiaoDich="G4", HinhThucThanhToan="tien-mat"),
        pay(MaGiaoDich="G5", TrangThaiGD="3"), pay(MaGiaoDich="G6", MaDonVi="H19.99"), pay(MaGiaoDich="G1", LoaiGiaoDich="REFUND"),
        pay(MaGiaoDich="G7", ThoiGianGD="09/03/2023 13:00:00"), pay(MaGiaoDich="G8", ThoiGianGD="09/03/2023 11:59:59"),
    ]  # fmt: skip
    world.payment_files = [PaymentFile(day, 1, soon, lines), PaymentFile(day, 3, soon, [], fault="sha256")]
    march = ("cashless_transaction_rate", "2023-03")
    assert value(known(world, at("2023-03-11T06:00:00")), *march) == (3, 4)
    assert value(known(world, at("2023-03-11T05:59:59")), *march) == (0, 0)
    world.payment_files.append(PaymentFile(day, 2, at("2023-03-20T00:00:00"), [pay()], manifest_arrives=at("2023-03-25T00:00:00")))
    assert value(known(world, at("2023-03-24T00:00:00")), *march) == (3, 4)
    assert value(known(world), *march) == (1, 1)
    world.payment_files.append(
        PaymentFile(date(2023, 4, 1), 1, at("2023-04-02T00:00:00"), [pay(ThoiGianGD="01/04/2023 00:00:00", MaDonVi=OFFICE)])
    )
    assert value(known(world), *march) == (0, 0)
    assert value(known(world), "cashless_transaction_rate", "2023-04", "level:district") == (1, 1)


def test_work_files_and_signatures() -> None:
    world = World()
    for key, more in (
        ("1", {}),
        ("2", {"DoMat": "mat"}),
        ("3", {"DoMat": None}),
        ("4", {"DacThu": True}),
        ("5", {"HinhThucXuLy": "ket_hop"}),
        ("6", {"NgayDong": None}),
    ):
        wire = {
            "IdHoSoCongViec": key,
            "MaDonVi": OFFICE,
            "NgayDong": "2023-03-31",
            "HinhThucXuLy": "dien_tu",
            "DoMat": "thuong",
            "DacThu": False,
            "NgayCapNhat": "2023-04-01T08:00:00",
        }
        world.put("work_files", key, at("2023-04-01T08:00:00"), wire | more)
    world.put(
        "work_files", "1", at("2023-05-02T08:00:00"), wire | {"IdHoSoCongViec": "1", "DoMat": "mat", "NgayCapNhat": "2023-05-02T08:00:00"}
    )
    ts = (at("2023-05-01T00:00:00"), at("2023-06-01T00:00:00"))
    assert value(known(world, ts[0]), "electronic_work_file_rate", "2023-03") == (1, 2)
    assert value(known(world, *ts), "electronic_work_file_rate", "2023-03") == (0, 1)  # it turned secret
    for person, unit, until in (("P1", OFFICE, None), ("P1", COMMUNE, None), ("P2", COMMUNE, "2023-03-30"), ("P3", COMMUNE, "2023-03-31")):
        wire = {"NguoiId": person, "MaDonVi": unit, "TuNgay": "2023-01-01", "DenNgay": until}
        world.put("leaders", person + unit, at("2023-01-01T00:00:00"), wire, at("2023-01-01T00:00:00"))
    for key, person, ok in (("1", "P1", True), ("2", "P3", False), ("3", "P2", True)):
        wire = {
            "IdKySo": key,
            "NguoiKyId": person,
            "ThoiDiemKy": "2023-03-31T23:59:59",
            "LoaiChungThu": "co_quan",
            "HopLe": ok,
            "NgayCapNhat": "2023-04-01T08:00:00",
        }
        world.put("signatures", key, at("2023-04-01T08:00:00"), wire)
    kn = known(world, *ts)
    got = [
        value(kn, "leader_digital_signature_rate", "2023-03", scope)
        for scope in ("all", OFFICE, COMMUNE, "level:commune", "level:district")
    ]
    assert got == [(1, 2), (1, 1), (1, 2), (1, 2), (1, 1)]


# ================================================================ targets, status, gap, coverage
def test_rows() -> None:
    world = World()
    procedure(world, "2022-12-01T00:00:00")
    procedure(world, "2022-12-01T00:00:00", MaDonVi=OFFICE)
    put(world, "2023-01-05T10:00:00", "A", NgayTiepNhan="20230105080000", KenhThucHien="2")
    for key in ("B", "C", "D", "E"):
        put(world, "2023-03-05T10:00:00", key)
    kn = known(world)
    march = rows(kn, "month", date(2023, 3, 1), "period")
    online = march["online_dossier_rate", COMMUNE]
    assert (online.numerator, online.denominator, online.target, online.status, online.gap) == (
        0,
        4,
        Fraction(1, 5),
        "met",
        1,
    )  # 1 of 5 to date
    assert online.coverage == 1 and march["online_dossier_rate", "all"].coverage == Fraction(1, 2)
    assert march["online_dossier_rate", "all"].target is None and march["online_dossier_rate", "all"].status is None
    office = march["online_dossier_rate", OFFICE]
    assert (office.target, office.status, office.coverage) == (Fraction(3, 10), "no_data", Fraction(0))
    assert march["sample_dossier_rate", "all"].coverage is None and march["sample_dossier_rate", "all"].status == "missed"
    assert march["dossier_on_time_first_due_rate", "all"].target is None
    assert march["ecertified_copy_count", "all"].status == "missed"
    assert march["cashless_transaction_rate", "all"].coverage == 0
    assert march["cashless_transaction_rate", "H19.16"].coverage is None
    started = [Run("one_stop", LATE, {"dossiers": at("2023-01-01T00:00:00")})]
    late = rows(Knowledge(world, runs=started), "month", date(2023, 3, 1), "period")
    assert late["ecertified_copy_count", "all"].status == "no_data"


def test_a_target_holds_in_the_year_of_its_plan_alone() -> None:
    world = World()
    for day in ("2022-12-20", "2023-01-05", "2023-12-20", "2024-01-05"):
        put(world, f"{day}T10:00:00", f"A{day}", NgayTiepNhan=f"{day}T08:00:00")
    kn = known(world, at("2024-06-01T00:00:00"))
    for kind, start, holds in (
        ("month", date(2022, 12, 1), False), ("year", date(2022, 1, 1), False), ("month", date(2023, 1, 1), True),
        ("report_month", date(2022, 12, 15), True), ("report_quarter", date(2022, 12, 15), True), ("month", date(2023, 12, 1), True),
        ("report_month", date(2023, 12, 15), False), ("month", date(2024, 1, 1), False), ("year", date(2024, 1, 1), False),
    ):  # fmt: skip
        found = rows(kn, kind, start, "year_to_date")
        online, copies, free = (
            found[code, COMMUNE] for code in ("online_dossier_rate", "ecertified_copy_count", "dossier_on_time_first_due_rate")
        )
        assert online.denominator, "a value without a target is a value"
        assert (online.target is not None, online.status is not None, online.gap is not None) == (holds, holds, holds), (kind, start)
        assert (copies.status is not None, free.status) == (holds, None)
        assert {row.reason for row in (online, copies, free)} == {None if holds else "no plan holds"}


def test_a_milestone_of_the_year_to_come_is_on_its_way() -> None:
    assert _status("milestone", Fraction(0), Fraction(1), date(2022, 12, 31), 2023) == "on_pace"
    assert _status("milestone", Fraction(0), Fraction(1), date(2023, 12, 31), 2023) == "missed"
    assert _status("milestone", Fraction(1), Fraction(1), date(2022, 12, 20), 2023) == "met"
    assert _status("milestone", Fraction(14, 372), Fraction(1), date(2023, 1, 14), 2023) == "on_pace"
    assert _status("milestone", Fraction(13, 372), Fraction(1), date(2023, 1, 14), 2023) == "behind"
    assert _status("flow", Fraction(0), Fraction(1), date(2022, 12, 20), 2023) == "missed"


# ================================================================ secondary sources, as known at, restatement, form II.06a
ANSWERED = {"NgayTraLoi": "10/03/2023 23:59", "TrangThai": "da_xu_ly", "DanhGia": "hai_long"}


@pytest.mark.parametrize(
    ("change", "on_time", "satisfied"),
    [
        ({}, (0, 1), (0, 0)),  # unanswered, its limit within the period
        (ANSWERED, (1, 1), (1, 1)),  # on the day itself
        (ANSWERED | {"NgayTraLoi": "11/03/2023 00:00"}, (0, 1), (1, 1)),
        (ANSWERED | {"NgayTraLoi": "01/04/2023 00:00"}, (0, 1), (0, 0)),  # unanswered at D
        (ANSWERED | {"DanhGia": ""}, (1, 1), (0, 0)),
        (ANSWERED | {"DanhGia": "khong_hai_long", "HanXuLy": ""}, (0, 0), (0, 1)),
        (ANSWERED | {"VeTTHC": "0"}, (0, 0), (0, 0)),
        (ANSWERED | {"MaTrung": "Q"}, (0, 0), (0, 0)),
        ({"TrangThai": "chuyen_don_vi"}, (0, 0), (0, 0)),
        (ANSWERED | {"TrangThai": "chuyen_don_vi"}, (1, 1), (1, 1)),
        ({"HanXuLy": "31/03/2023 23:59"}, (0, 1), (0, 0)),
        ({"HanXuLy": "01/04/2023 00:00"}, (0, 0), (0, 0)),
        (ANSWERED | {"DanhGia": "tam"}, (0, 0), (0, 0)),  # quarantined
        (ANSWERED | {"MaDonViXuLy": "H19.94"}, (0, 0), (0, 0)),
    ],
)
def test_feedback(change: dict[str, Any], on_time: tuple[int, int], satisfied: tuple[int, int]) -> None:
    world = World()
    drop(world, "feedback", "2023-04-05", "2023-04-06T01:00:00", change)
    kn = Knowledge(world, {"feedback": [at("2023-05-01T00:00:00")]})
    assert value(kn, "feedback_on_time_rate", "2023-03") == on_time
    assert value(kn, "feedback_satisfaction_rate", "2023-03") == satisfied


def test_the_row_of_the_greatest_day_and_revision_wins() -> None:
    world, t = World(), at("2023-05-01T00:00:00")
    drop(world, "feedback", "2023-04-05", "2023-04-20T01:00:00", {}, {"MaPhanAnh": "Q"})  # late: the older day does not win
    drop(world, "feedback", "2023-04-06", "2023-04-07T01:00:00", ANSWERED)
    drop(world, "feedback", "2023-04-06", "2023-04-09T01:00:00", ANSWERED | {"DanhGia": "khong_hai_long"}, revision=2, xlsx=True)
    assert value(Knowledge(world, {"feedback": [t]}), "feedback_satisfaction_rate", "2023-03") == (0, 1)
    assert value(Knowledge(world, {"feedback": [t]}), "feedback_on_time_rate", "2023-03") == (1, 2)
    assert value(Knowledge(world, {"feedback": [at("2023-04-08T00:00:00")]}), "feedback_satisfaction_rate", "2023-03") == (1, 1)
    world.drop_files[2].whole_at = at("2023-05-02T00:00:00")
    assert value(Knowledge(world, {"feedback": [t]}), "feedback_satisfaction_rate", "2023-03") == (1, 1)


def test_satisfaction_adds_the_survey_cut_at_its_own_j() -> None:
    world = World()
    good = {"MaDanhGia": "G", "MaDonVi": COMMUNE, "ThoiGianDanhGia": "2023-03-02T09:00:00", "DanhGia": "binh_thuong"}
    world.put("assessments", "G", at("2023-03-02T09:00:00"), good | {"NgaySuaCuoi": "2023-03-02T09:00:00"})
    sheets = [{"MaPhieu": str(n), "MucDoHaiLong": mark} for n, mark in enumerate(("3", "4", 5, "", "6"))]
    late = {"MaPhieu": "L", "NgayKhaoSat": "20/03/2023"}
    drop(world, "survey", "2023-03-06", "2023-03-07T00:00:00", *sheets, late)
    whole = {"one_stop": [at("2023-03-10T00:00:00")]}
    assert value(Knowledge(world, whole), "procedure_satisfaction_rate", "2023-03") == (0, 1)
    assert value(Knowledge(world, whole | {"survey": [at("2023-03-15T00:00:00")]}), "procedure_satisfaction_rate", "2023-03") == (2, 4)
    assert value(Knowledge(world, whole | {"survey": [at("2023-04-15T00:00:00")]}), "procedure_satisfaction_rate", "2023-03") == (3, 5)
    assert value(Knowledge(world, {"survey": [at("2023-04-15T00:00:00")]}), "procedure_satisfaction_rate", "2023-03") is None


def test_declared_figures_are_summed_of_the_month_of_d() -> None:
    world, code = World(), "job_position_scheme_admin_rate"
    for unit, arrives, pair, more in (
        (COMMUNE, "2023-04-02T00:00:00", (1, 2), {}), (OFFICE, "2023-04-03T00:00:00", (3, 4), {}),
        (COMMUNE, "2023-05-02T00:00:00", (2, 2), {}), (COMMUNE, "2023-05-03T00:00:00", (9, 9), {"is_bad": True}),
    ):  # fmt: skip
        drop(world, "declared", "2023-03-01", arrives, {"MaChiTieu": code, "TuSo": pair[0], "MauSo": pair[1]}, unit=unit, **more)
    kn = Knowledge(world, {"declared": [at("2023-04-10T00:00:00"), at("2023-05-02T12:00:00"), at("2023-06-01T00:00:00")]})
    for name in ("2023-03", "2023-Q1", "2023-03R", "2023-Q1R"):
        for basis in BASES:
            assert value(kn, code, name, basis=basis) == (5, 6)
    assert value(kn, code, "2023-04") == (0, 0)
    assert value(kn, code, "2023-03", "level:commune") == (2, 2)
    assert value(kn.as_known_at(at("2023-05-01T00:00:00")), code, "2023-03") == (4, 6)
    assert rows(kn, "month", date(2023, 3, 1), "period")[code, "all"].status == "missed"


def test_declared_directions_against_the_same_month_a_year_before() -> None:
    world, score, count = World(), "par_index_score", "public_service_unit_count"  # D02 up, D05 down
    for day, unit, pairs in (
        ("2022-03-01", OFFICE, ((84, 100), (9, None))), ("2023-03-01", OFFICE, ((43, 50), (5, 7))), ("2023-03-01", COMMUNE, ((0, 0), (4, None))),
    ):  # fmt: skip
        figures = [{"MaChiTieu": c, "TuSo": p[0], "MauSo": p[1]} for c, p in zip((score, count), pairs, strict=True)]
        drop(world, "declared", day, "2023-04-02T00:00:00", *figures, unit=unit)
    kn = Knowledge(world, {"declared": [at("2023-06-01T00:00:00")]})
    found = rows(kn, "month", date(2023, 3, 1), "period")
    assert (found[score, "all"].numerator, found[score, "all"].denominator) == (43, 50)
    assert (found[count, "all"].numerator, found[count, "all"].denominator) == (9, None)
    assert [found[score, scope].status for scope in ("all", OFFICE, COMMUNE)] == ["met", "met", "no_data"]
    assert [found[count, scope].status for scope in ("all", OFFICE, COMMUNE)] == ["missed", "met", "no_data"]
    then = rows(kn, "month", date(2022, 3, 1), "period")[count, "all"]
    assert (then.numerator, then.status, then.reason) == (9, None, "no plan holds")


def test_a_file_whose_place_another_took_before_any_extract_was_never_delivered() -> None:
    world, code = World(), "job_position_scheme_admin_rate"
    for arrives, is_bad in (("2023-04-02T00:00:00", False), ("2023-04-05T00:00:00", True)):
        figure = {"MaChiTieu": code, "TuSo": 1, "MauSo": 2}
        drop(world, "declared", "2023-03-01", arrives, figure, unit=OFFICE, is_bad=is_bad)
    between, after = at("2023-04-03T00:00:00"), at("2023-04-10T00:00:00")
    assert value(Knowledge(world, {"declared": [after]}), code, "2023-03") == (0, 0)
    assert value(Knowledge(world, {"declared": [between, after]}), code, "2023-03") == (1, 2)


def test_as_known_at_and_who_is_counted_otherwise() -> None:
    world = World()
    put(world, "2023-03-02T00:00:00", "A")
    put(world, "2023-04-20T00:00:00", "A", KenhThucHien="2")
    put(world, "2023-04-20T00:00:00", "B", MaDonVi=OFFICE)
    put(world, "2023-03-02T00:00:00", "C")
    kn = known(world, at("2023-04-01T00:00:00"), at("2023-05-01T00:00:00"))
    then = kn.as_known_at(at("2023-04-15T00:00:00"))
    code, period = "online_dossier_rate", parse_period("2023-03")
    assert value(then, code, "2023-03") == (0, 2) and value(kn, code, "2023-03") == (1, 3)
    assert restated(then, kn, code, *period, "period") == {"A": ("denominator", "numerator"), "B": ("out", "denominator")}
    assert restated(then, kn, code, *period, "period", OFFICE) == {"B": ("out", "denominator")}
    assert restated(kn, kn, code, *period, "period") == {}


def test_form_06a_columns() -> None:
    world, late = World(), at("2023-04-01T00:00:00")
    put(world, "2023-02-05T00:00:00", "A", NgayTiepNhan="2023-02-05T00:00:00", NgayHenTra="2023-03-01T17:00:00", MaLinhVuc="LV1")
    put(world, "2023-03-05T00:00:00", "B", KenhThucHien="2", MaLinhVuc="LV1", TrangThaiHoSo="9", NgayKetThucXuLy="2023-03-05T00:00:00")
    put(world, "2023-03-05T00:00:00", "C", MaLinhVuc="LV1", TrangThaiHoSo="7", NgayKetThucXuLy="2023-03-05T00:00:00", NgayHenTra="")
    table = form_06a_columns(known(world, late), "month", date(2023, 3, 1))
    wanted = {"3": 3, "4": 1, "5": 1, "6": 1, "7": 2, "8": 1, "9": 1, "10": 0, "11": 1, "12": 0, "13": 1, "returned": 1, "no_due": 0}
    assert table == {("commune", "LV1"): wanted}


# ================================================================ random worlds
@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(worlds(40))
def test_identities_hold_on_random_worlds(world: World) -> None:
    kn = known(world, *world.ts)
    for name in world.periods:
        kind, start = parse_period(name)
        for basis in BASES:
            sets = form_06a(kn, kind, start, basis)
            if not sets:
                continue
            assert sets["online"] | sets["otherwise"] == sets["received"] and not sets["online"] & sets["otherwise"]
            assert sets["received"] | sets["open_at_start"] == sets["finished"] | sets["open"]  # 3 = 4 + 5 + 6 = 7 + 11
            assert not sets["received"] & sets["open_at_start"] and not sets["finished"] & sets["open"]
            assert sets["early"] | sets["on_time"] | sets["late"] | sets["no_due"] == sets["finished"]
            assert sets["past_due"] | sets["paused"] <= sets["open"]
            values = evaluate(kn, kind, start, basis)
            assert values["online_dossier_rate", "all"] == (len(sets["online"]), len(sets["received"]))
            for (code, scope), (numerator, denominator) in values.items():
                assert denominator is None or 0 <= numerator <= denominator
                if code != "leader_digital_signature_rate":
                    parts = [values[code, f"level:{level}"] for level in ("district", "commune")]
                    assert scope != "all" or numerator == sum(part[0] for part in parts)


def test_open_at_the_end_is_open_at_the_next_start() -> None:
    world = random_world(7)
    kn = known(world, *world.ts)
    for n in range(1, 12):
        now, then = form_06a(kn, "month", date(2023, n, 1)), form_06a(kn, "month", date(2023, n + 1, 1))
        if then:
            assert now["open"] == then["open_at_start"]


@given(st.integers(0, 10**6))
@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_no_load_of_a_random_world_is_blocked(seed: int) -> None:
    world = random_world(seed)
    kn = known(world, *world.ts)
    for run in kn.runs:
        bad = sum(bool(f) for d in kn.dossiers().values() for v, f in zip(d.versions, d.faults, strict=True) if v.t == run.t)
        assert bad <= 20


# ================================================================ the server
def get(server: ContractServer, path: str, headers: dict[str, str], **query: str) -> Any:
    """One GET."""
    request = urllib.request.Request(f"{server.base}{path}?{urllib.parse.urlencode(query)}", headers=headers)
    with urllib.request.urlopen(request, timeout=5) as answer:
        raw = answer.read()
        return json.loads(gzip.decompress(raw) if answer.headers.get("Content-Encoding") == "gzip" else raw)


def bearer(server: ContractServer) -> dict[str, str]:
    """A fresh token."""
    basic = base64.b64encode(f"{server.login}:{server.password}".encode()).decode()
    request = urllib.request.Request(f"{server.base}/one_stop/token", b"grant_type=client_credentials", {"Authorization": f"Basic {basic}"})
    with urllib.request.urlopen(request, timeout=5) as answer:
        return {"Authorization": "Bearer " + json.loads(answer.read())["access_token"], "Accept-Encoding": "gzip"}


def test_the_server_delivers_what_the_oracle_knows(tmp_path: Path) -> None:
    world = random_world(11)
    t = world.ts[-1]
    with ContractServer(world, tmp_path / "drop", Faults(gzip=True, duplicates=True, last_page_forever=True)) as server:
        server.clock = t
        headers, total = bearer(server), 0
        seen: list[Any] = []
        cursor: str | None = ""
        while cursor is not None:
            page = get(server, "/one_stop/api/dossiers", headers, changed_to=t.isoformat(), limit="7", cursor=cursor)
            seen += page["data"]
            cursor, total = page["next_cursor"], page["total"]
        keyed = {r["MaHoSo"] for r in seen if isinstance(r, dict) and r.get("MaHoSo")}
        keyless = [r for r in seen if not isinstance(r, dict) or not r.get("MaHoSo")]
        assert keyed == set(known(world, t).dossiers()) and len(keyed) + len(keyless) == total and len(seen) > total
        key = {"X-API-Key": server.api_key}
        one = get(server, "/documents/api/v1/signatures", key, tuNgay="2022-01-01", denNgay="2024-12-31", page="0", size="5")
        over = get(server, "/documents/api/v1/signatures", key, tuNgay="2022-01-01", denNgay="2024-12-31", page="999", size="5")
        assert one["totalElements"] == len(known(world, t).newest("signatures")) and not one["last"] and over["last"] and over["content"]
        for path, more, query in (
            ("/one_stop/api/dossiers", headers, {"limit": "5001"}),
            ("/documents/api/v1/leaders", key, {"size": "1001"}),
        ):
            with pytest.raises(urllib.error.HTTPError) as failure:
                get(server, path, more, **query)
            assert failure.value.code == 400
            failure.value.close()
    names = {path.name for path in (tmp_path / "drop" / "payments").iterdir()}
    assert names and all(name.startswith("giaodich_") for name in names)


def test_busy_and_expired_tokens(tmp_path: Path) -> None:
    with ContractServer(random_world(3, 5), tmp_path, Faults(busy_every=3, token_requests=1)) as server:
        server.clock = LATE
        headers = bearer(server)
        get(server, "/one_stop/api/procedures", headers)
        codes = []
        for _ in range(2):
            with pytest.raises(urllib.error.HTTPError) as failure:
                get(server, "/one_stop/api/procedures", headers)
            codes.append((failure.value.code, failure.value.headers["Retry-After"]))
            failure.value.close()
        assert codes == [(401, None), (429, "0")]


def test_midnight_helper() -> None:
    assert midnight(date(2023, 3, 1)) == at("2023-03-01T00:00:00")


def test_differences_are_found_and_named() -> None:
    world = random_world(5, 20)
    kn = known(world, *world.ts)
    kind, start = parse_period(world.periods[3])
    said = {}
    for basis in BASES:
        for (code, scope), row in rows(kn, kind, start, basis).items():
            covered = None if row.coverage is None else float(row.coverage)
            said[code, scope, kind, start, basis] = Value(
                row.numerator, row.denominator, row.target, row.status, row.gap, covered, row.reason
            )
    assert said and differences(kn, said) == []
    key = ("online_dossier_rate", "all", kind, start, "period")
    said[key] = said[key]._replace(numerator=(said[key].numerator or 0) + 1)
    other = ("sample_dossier_rate", "all", kind, start, "period")
    said[other] = said[other]._replace(status="weather")
    found = differences(kn, said)
    assert len(found) == 2 and "numerator {" in found[0] and "status" in found[1]
    assert summary(found)[0] == "online_dossier_rate: numbers: 1"
