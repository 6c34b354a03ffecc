"""Outlook: the method on cases worked by hand, and its back-test on the small demo district."""

from __future__ import annotations

from datetime import date
from statistics import mean
from typing import Any

import pytest

from cchc.cli import main as cli
from cchc.errors import CchcError
from cchc.indicators import outlook
from cchc.indicators.compute import compute
from cchc.period import month
from cchc.reference.catalogue import catalogue
from cchc.reference.roles import role_clocks
from cchc.settings import Settings
from cchc.warehouse import engine

CODES = ("dossier_on_time_rate", "online_dossier_rate", "dossier_digitized_rate", "ecertification_coverage_rate")


@pytest.fixture(scope="module")
def measured(demo_warehouse: Any) -> Settings:
    """The demo with some indicators of every month of 2022 and 2023."""
    settings: Settings = demo_warehouse.settings
    items = [catalogue(settings)[code] for code in CODES]
    with engine(settings).begin() as connection:
        clocks = role_clocks(connection)
        for year in (2022, 2023):
            for number in range(1, 13):
                compute(connection, settings, items, "dossiers", [month(year, number)], clocks)
    return settings


def year(numerator: int, denominator: int, months: int = 12, later: int | None = None) -> dict[int, tuple[int, int]]:
    return {n: (numerator if later is None or n <= 6 else later, denominator) for n in range(1, months + 1)}


def test_pace_alone_where_there_is_no_year_before() -> None:
    found = outlook.forecast_flow(year(800, 1000, 6), {}, 6)
    assert found is not None
    assert found.expected == pytest.approx(0.8)
    assert found.low < 0.8 < found.high
    assert found.high - found.low < 0.02


def test_the_step_of_the_year_before_counts_as_far_as_it_is_more_than_chance() -> None:
    big = outlook.forecast_flow(year(800, 1000, 6), year(700, 1000, later=800), 6)
    assert big is not None
    assert big.expected == pytest.approx(0.85, abs=0.002)  # half of the year at 80 %, half at nearly 90 %
    small = outlook.forecast_flow(year(8, 10, 6), year(7, 10, later=8), 6)
    assert small is not None
    assert 0.8 <= small.expected < 0.82
    assert small.high - small.low > 5 * (big.high - big.low)


def test_more_cases_are_expected_where_last_year_had_more() -> None:
    busy = {n: (900 if n <= 6 else 1800, 1000 if n <= 6 else 2000) for n in range(1, 13)}
    found = outlook.forecast_flow(year(400, 500, 6), busy, 6)
    assert found is not None
    assert found.expected == pytest.approx(0.8)  # last year's rate did not move


def test_the_year_is_over() -> None:
    found = outlook.forecast_flow(year(799, 1000), {}, 12)
    assert found == outlook.Forecast(0.799, 0.799, 0.799, 0.0)
    assert (found.probability(0.8), found.probability(0.799)) == (0.0, 1.0)
    assert outlook.forecast_flow({}, year(1, 2), 3) is None


def test_months_that_vary_widen_the_interval() -> None:
    calm, wild = year(80, 100, 6), {n: (60 if n % 2 else 100, 100) for n in range(1, 7)}
    a, b = outlook.forecast_flow(calm, {}, 6), outlook.forecast_flow(wild, {}, 6)
    assert a is not None
    assert b is not None
    assert a.expected == b.expected
    assert b.high - b.low > 2 * (a.high - a.low)


def test_states_follow_the_steps_of_the_year_before() -> None:
    last = {n: 0.5 + n / 100 for n in range(1, 13)}
    found = outlook.forecast_state({n: 0.6 + n / 100 for n in range(1, 10)}, last, 9)
    assert found is not None
    assert found.expected == pytest.approx(0.72)
    assert outlook.forecast_state({1: 0.5, 2: 0.6}, {}, 2).expected == 1.0  # type: ignore[union-attr]
    assert outlook.forecast_state({}, last, 9) is None


@pytest.mark.parametrize(
    ("probability", "words"),
    [(1.0, "Gần như chắc chắn đạt"), (0.8, "Nhiều khả năng đạt"), (0.5, "Chưa rõ, ngang ngửa"), (0.2, "Nhiều khả năng không đạt"), (0.01, "Gần như chắc chắn không đạt"), (None, "Chưa có số liệu")],
)  # fmt: skip
def test_words(probability: float | None, words: str) -> None:
    assert outlook.words_vi(probability) == words


def test_back_test_of_the_demo(measured: Settings) -> None:
    with engine(measured).connect() as connection:
        tests = outlook.back_test(connection, measured, 2023)
        first_year = outlook.back_test(connection, measured, 2022)
    flows = [test for test in tests if test.indicator_code != "ecertification_coverage_rate"]
    errors = {after: mean(abs(test.error) for test in flows if test.month == after) for after in (3, 6, 9, 11)}
    assert errors[11] < 0.02
    assert errors[11] < errors[6] < errors[3] + 0.02
    assert mean(test.is_covered for test in flows) > 0.7
    assert len(first_year) > 100
    assert all(0 <= test.forecast.low <= test.forecast.expected <= test.forecast.high <= 1 for test in (*tests, *first_year))
    # nothing but the months up to the day is used: December says what came out, to the last dossier
    with engine(measured).connect() as connection:
        december = outlook.outlook_at(connection, measured, date(2023, 12, 31))
    # of the indicators whose months were all computed: other tests in the same warehouse compute December alone
    whole_year = [item for item in december if item.indicator_code in CODES and item.forecast and item.value is not None]
    assert whole_year
    assert all(item.forecast.expected == pytest.approx(item.value) for item in whole_year if item.forecast)


def test_the_command_names_who_will_miss(measured: Settings, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["outlook", "2023-09"]) == 0
    printed = capsys.readouterr().out
    assert "không đạt" in printed
    assert "Nhiều khả năng đạt" not in printed
    assert cli.main(["outlook", "2023-09", "--unit", "H19.16.21"]) == 0
    assert "Thị trấn Vĩnh An" in capsys.readouterr().out
    assert cli.main(["outlook", "2021-09"]) == 1
    with pytest.raises(CchcError, match="2021-09 is not computed"), engine(measured).connect() as connection:
        outlook.outlook_at(connection, measured, date(2021, 9, 30))
