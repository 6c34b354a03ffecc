"""The demo's feedback and survey through the pipeline, against a count in plain Python; then the odd files of January 2024."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from cchc.period import BASES, KINDS, Period, parse_period
from demo import clock, drops
from demo.district import District
from demo.units import BY_CODE
from tests.secondary.conftest import Desk
from tests.support.district import district as made_district

CODES = ("feedback_on_time_rate", "feedback_satisfaction_rate")
PERIODS = ("2023-05", "2023-06", "2023-12", "2023-Q2", "2023-H1", "2023-9M", "2023", "2022", "2023-06R", "2023-Q1R")


def deliver(desk: Desk, district: District, at: str) -> None:
    """What the demo has delivered by a time."""
    moment = clock.parse_iso(at)
    drops.Shelf(desk.folder / "feedback", drops.feedback_parcels(district.feedback)).update(moment)
    drops.Shelf(desk.folder / "survey", drops.survey_parcels(district.survey)).update(moment)


def day(value: int) -> date:
    return clock.as_date(value // clock.DAY)


def known(district: District, last: int) -> list[dict[str, Any]]:
    """Every item as the newest file that lists it says, by the file of day `last`; those that a check sets aside are out."""
    found: dict[str, dict[str, Any]] = {}
    for sunday in range(drops.FIRST_SUNDAY, last + 1, 7):
        found |= {item.key: item.row(sunday) for item in district.feedback if item.is_listed(sunday)}
    return [row for row in found.values() if row["MaDonViXuLy"] in BY_CODE and row["TrangThai"] != "treo" and row["KenhTiepNhan"] != "zalo"]


def counted(rows: list[dict[str, Any]], period: Period, basis: str) -> dict[str, tuple[int, int]]:
    """Numerator and denominator of both rates for the whole; T lies after the period."""
    first, last = period.first_day(basis), period.last_day
    on_time, satisfied = [], []
    for row in rows:
        if row["VeTTHC"] != "1" or row["MaTrung"]:
            continue
        answered = day(row["NgayTraLoi"]) if row["NgayTraLoi"] else None
        due = day(row["HanXuLy"]) if isinstance(row["HanXuLy"], int) and row["HanXuLy"] else None
        if answered is not None and answered > last:
            answered = None
        if answered is not None and first <= answered:
            if row["DanhGia"]:
                satisfied.append(row["DanhGia"] == "hai_long")
            if due is not None:
                on_time.append(answered <= due)
        elif answered is None and due is not None and first <= due <= last and row["TrangThai"] != "chuyen_don_vi":
            on_time.append(False)
    return {CODES[0]: (sum(on_time), len(on_time)), CODES[1]: (sum(satisfied), len(satisfied))}


def test_the_numbers_are_those_of_a_plain_count(desk: Desk) -> None:
    district = made_district()
    deliver(desk, district, "2024-01-02T00:00:00+07:00")
    for source in ("feedback", "survey"):
        done = desk.ingest(source, "2024-01-02")
        assert not done.blocked
        assert {load["status"] for load in done.loads} == {"loaded"}
    desk.settle("2022-12", "2023-03", "2023-05", "2023-06", "2023-09", "2023-12")
    rows = known(district, clock.day_number(2023, 12, 31))
    compared = 0
    for text in PERIODS:
        period = parse_period(text)
        for basis in BASES:
            expected = counted(rows, period, basis)
            for code in CODES:
                assert desk.counts(code, period.kind, period.start.isoformat(), basis) == expected[code], (code, text, basis)
                compared += expected[code][1]
    assert compared > 2_000
    assert {parse_period(text).kind for text in PERIODS} == set(KINDS)
    rules = {row["rule"]: row["n"] for row in desk.rows("select rule, count(distinct key) as n from ops.quarantine group by 1")}
    assert rules == {"UNIT": 2, "STATUS": 1, "CHANNEL": 1, "SCORE": 2, "W_UNREADABLE": 2}

    # January: a cut file waits, a blocked one is told, and the rest is loaded; both are right two days later
    def run(at: str) -> dict[str, str]:
        deliver(desk, district, f"{at}T06:00:00+07:00")
        later = (date.fromisoformat(at) + timedelta(days=1)).isoformat()
        loads = [load for source in ("feedback", "survey") for load in desk.ingest(source, later).loads]
        return {load["file_name"]: load["status"] for load in loads}

    assert run("2024-01-16") == {"phananh_20240107.csv": "loaded", "phananh_20240114.csv": "waiting", "khaosat_20240115.xlsx": "waiting"}
    assert run("2024-01-18") == {"phananh_20240114.csv": "loaded", "khaosat_20240115.xlsx": "loaded"}
    assert run("2024-01-22") == {"phananh_20240121.csv": "blocked"}
    assert run("2024-01-24") == {"phananh_20240121_r2.csv": "loaded"}
