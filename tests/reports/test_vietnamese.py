"""How numbers, dates and periods are written."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from cchc.period import parse_period
from cchc.reports import vietnamese as vi


@pytest.mark.parametrize(
    ("value", "decimals", "said"),
    [
        (0, 0, "0"),
        (999, 0, "999"),
        (1234, 0, "1.234"),
        (1234567, 0, "1.234.567"),
        (-1234, 0, "-1.234"),
        (Decimal("1234.5"), 2, "1.234,50"),
        (Decimal("0.005"), 2, "0,01"),
        (Decimal("2.675"), 2, "2,68"),
        (Decimal("-0.001"), 2, "0,00"),
        (3.125, 2, "3,13"),
        (96.35, 2, "96,35"),
        (None, 2, "–"),
    ],
)
def test_number(value: Decimal | float | None, decimals: int, said: str) -> None:
    assert vi.number(value, decimals) == said


def test_percent_and_target() -> None:
    assert vi.percent(Decimal("96.35")) == "96,35 %"
    assert vi.percent(Decimal("1234.5")) == "1.234,50 %"
    assert vi.percent(Decimal(1042), "count") == "1.042"
    assert vi.percent(Decimal("81.5"), "score") == "81,50"
    assert vi.percent(None) == "–"
    assert vi.target(Decimal("96.00")) == "96 %"
    assert vi.target(Decimal("12.50")) == "12,50 %"


def test_change_is_the_difference_of_the_numbers_as_shown() -> None:
    assert vi.change(Decimal("96.15"), Decimal("93.84")) == "tăng 2,31 điểm %"
    assert vi.change(Decimal("93.84"), Decimal("96.15")) == "giảm 2,31 điểm %"
    assert vi.change(Decimal("93.84"), Decimal("93.84")) == "không đổi"
    assert vi.change(Decimal(1500), Decimal(300), "count") == "tăng 1.200"
    assert vi.change(Decimal("96.154"), Decimal("93.836")) == "tăng 2,31 điểm %"  # 96,15 − 93,84
    assert vi.change(Decimal("96.151"), Decimal("96.149")) == "không đổi"
    assert vi.change(None, Decimal(1)) is None
    assert vi.change(Decimal(1), None) is None


def test_counts_differences_and_roman_numerals() -> None:
    assert (vi.counts(1234, 1300), vi.counts(1234, None)) == ("1.234/1.300", "1.234")
    assert (vi.signed(Decimal("4.16")), vi.signed(Decimal("-1234.5")), vi.signed(Decimal(0))) == ("+4,16", "-1234,50", "+0,00")
    assert [vi.roman(number) for number in (1, 4, 5, 9, 10, 14, 39)] == ["I", "IV", "V", "IX", "X", "XIV", "XXXIX"]
    with pytest.raises(ValueError, match="40 is not written in Roman numerals"):
        vi.roman(40)


def test_days() -> None:
    assert vi.day(date(2023, 2, 1)) == "01/02/2023"
    assert vi.day(None) == "–"
    assert vi.span(parse_period("2023-Q1R")) == "Từ ngày 15/12/2022 đến ngày 14/03/2023"


@pytest.mark.parametrize(
    ("code", "name", "before", "following", "own"),
    [
        ("2023-12", "tháng 12 năm 2023", "tháng trước", "tháng 1 năm 2024", True),
        ("2023-01", "tháng 1 năm 2023", "tháng trước", "tháng 2 năm 2023", True),
        ("2023-01R", "tháng 1 năm 2023", "tháng báo cáo trước", "tháng 2 năm 2023", True),
        ("2023-12R", "tháng 12 năm 2023", "tháng báo cáo trước", "tháng 1 năm 2024", True),
        ("2023-Q1", "quý I năm 2023", "quý trước", "quý II năm 2023", True),
        ("2023-Q4", "quý IV năm 2023", "quý trước", "quý I năm 2024", True),
        ("2023-Q4R", "quý IV năm 2023", "quý báo cáo trước", "quý I năm 2024", True),
        ("2023-Q1R", "quý I năm 2023", "quý báo cáo trước", "quý II năm 2023", True),
        ("2023-H1", "6 tháng đầu năm 2023", "6 tháng liền trước", "6 tháng cuối năm 2023", True),
        ("2023-H2", "6 tháng cuối năm 2023", "6 tháng liền trước", "6 tháng đầu năm 2024", True),
        ("2023-9M", "9 tháng năm 2023", "9 tháng năm trước", "3 tháng cuối năm 2023", False),
        ("2023", "năm 2023", "năm trước", "năm 2024", False),
    ],
)
def test_names_of_periods(code: str, name: str, before: str, following: str, own: bool) -> None:
    period = parse_period(code)
    assert (vi.period_name(period), vi.period_before_name(period), vi.next_period_name(period)) == (name, before, following)
    assert vi.has_own_period_before(period) is own


def test_text_is_one_line_of_nfc() -> None:
    assert vi.clean("Vi\u0303nh\n# Cu\u031b\u0309u\t\x00\u2028x") == "V\u0129nh # C\u1eedu x"
    assert vi.glue("đạt 96,35 %, chỉ tiêu ≥ 96 %") == "đạt 96,35\u00a0%, chỉ tiêu ≥\u00a096\u00a0%"
