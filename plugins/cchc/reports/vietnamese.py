"""How Vietnamese papers write numbers, dates and periods. The one module that knows it.

Comma for decimals, dot for thousands, a space before %, dd/mm/yyyy, quarters in Roman numerals.
"""

from __future__ import annotations

import string
import unicodedata
from datetime import date
from decimal import ROUND_HALF_UP, Decimal

from cchc.period import Period

NONE = "–"
_DECIMALS = {"count": 0, "score": 2}  # the kinds of indicators that are no percentages
_SWAPPED = str.maketrans({",": ".", ".": ","})
# the order of the alphabet, as core.vietnamese_order has it: the marks make letters of their own, the tones do not
_PLAIN = str.maketrans(dict(zip(string.ascii_uppercase, string.ascii_lowercase, strict=True)) | {"Đ": "d{", "đ": "d{"})
_MARKS, _TONES = "\u0306\u0302\u031b", "\u0300\u0309\u0303\u0301\u0323"
_LETTERS = str.maketrans(_MARKS, "{|}", _TONES)
_SPOKEN = str.maketrans(_TONES, "①②③④⑤", _MARKS)


def number(value: Decimal | float | None, decimals: int = 0) -> str:
    """1.234 or 1.234,50; – where there is none. Halves are rounded away from zero, as people do it by hand."""
    if value is None:
        return NONE
    return f"{_rounded(value, decimals) + 0:,f}".translate(_SWAPPED)


def _rounded(value: Decimal | float, decimals: int) -> Decimal:
    return Decimal(value).quantize(Decimal(1).scaleb(-decimals), ROUND_HALF_UP)


def percent(value: Decimal | float | None, kind: str = "flow") -> str:
    """A value of the scorecard, already in percent: 96,35 %; counts (whole) and scores as numbers; – where there is none."""
    if value is None:
        return NONE
    if kind in _DECIMALS:
        return number(value, _DECIMALS[kind])
    return f"{number(value, 2)} %"


def target(value: Decimal) -> str:
    """A target in percent: 96 % where it is whole, else with two decimals: 12,50 %."""
    return f"{number(value, 0 if value == value.to_integral_value() else 2)} %"


def day(value: date | None) -> str:
    """31/12/2023; – where there is none."""
    return NONE if value is None else f"{value:%d/%m/%Y}"


def change(now: Decimal | None, before: Decimal | None, kind: str = "flow") -> str | None:
    """The change in words: "tăng 2,31 điểm %", "giảm 12", "không đổi"; None where one of the two is missing.

    Both numbers are rounded as they are shown, and then subtracted, so that a reader who subtracts the shown numbers gets the same.
    """
    if now is None or before is None:
        return None
    decimals = _DECIMALS.get(kind, 2)
    difference = _rounded(now, decimals) - _rounded(before, decimals)
    if difference == 0:
        return "không đổi"
    word = "tăng" if difference > 0 else "giảm"
    return f"{word} {number(abs(difference), decimals)}" + ("" if kind in _DECIMALS else " điểm %")


def counts(numerator: Decimal | int, denominator: Decimal | int | None) -> str:
    """1.234/1.300, or 1.234 where there is no denominator."""
    return "/".join(number(part) for part in (numerator, denominator) if part is not None)


def signed(value: Decimal) -> str:
    """A difference with its sign and two decimals, without dots for thousands: +4,16."""
    return f"{value:+.2f}".translate(_SWAPPED)


def roman(value: int) -> str:
    """1 to 39 in Roman numerals. Raises ValueError for other numbers."""
    if not 1 <= value < 40:
        raise ValueError(f"{value} is not written in Roman numerals here; 1 to 39 are")
    return "X" * (value // 10) + ("", "I", "II", "III", "IV", "V", "VI", "VII", "VIII", "IX")[value % 10]


def period_name(period: Period) -> str:
    """How the title of a report calls a period: tháng 12 năm 2023, quý IV năm 2023, 6 tháng đầu năm 2023."""
    last = period.last_day
    if period.kind in ("month", "report_month"):
        return f"tháng {last.month} năm {last.year}"
    if period.kind in ("quarter", "report_quarter"):
        return f"quý {roman((last.month + 2) // 3)} năm {last.year}"
    if period.kind == "half_year":
        return f"6 tháng {'đầu' if last.month == 6 else 'cuối'} năm {last.year}"
    return f"9 tháng năm {last.year}" if period.kind == "nine_months" else f"năm {last.year}"


def period_before_name(period: Period) -> str:
    """What comparisons call the period before: so với tháng trước, quý trước."""
    return {
        "month": "tháng trước",
        "report_month": "tháng báo cáo trước",
        "quarter": "quý trước",
        "report_quarter": "quý báo cáo trước",
        "half_year": "6 tháng liền trước",
        "nine_months": "9 tháng năm trước",
        "year": "năm trước",
    }[period.kind]


def has_own_period_before(period: Period) -> bool:
    """Whether the period before differs from the same period of the year before (for 9 months and a year it is the same)."""
    return period.before() != period.year_before()


def next_period_name(period: Period) -> str:
    """What the last chapter of a report plans for."""
    if period.kind == "nine_months":
        return f"3 tháng cuối năm {period.last_day.year}"
    if period.kind == "half_year":
        return f"6 tháng {'cuối' if period.end.month == 7 else 'đầu'} năm {period.end.year}"
    if period.kind == "year":
        return f"năm {period.end.year}"
    month = period.last_day.month % 12 + 1  # D lies in the period's last month, in the report calendar too
    year = period.last_day.year + (month == 1)
    return f"quý {roman((month + 2) // 3)} năm {year}" if "quarter" in period.kind else f"tháng {month} năm {year}"


def span(period: Period) -> str:
    """Từ ngày 01/12/2023 đến ngày 31/12/2023."""
    return f"Từ ngày {day(period.start)} đến ngày {day(period.last_day)}"


def order(text: str) -> tuple[str, str, str]:
    """What to sort Vietnamese names by: letters (a ă â … d đ e ê …), then tones (huyền, hỏi, ngã, sắc, nặng), then capitals.

    The same as core.vietnamese_order, by which PostgreSQL sorts.
    """
    taken_apart = unicodedata.normalize("NFD", text).translate(_PLAIN)
    return taken_apart.translate(_LETTERS), taken_apart.translate(_SPOKEN), text


def clean(text: str) -> str:
    """One line of NFC text without control characters: what may stand in a cell, a paragraph, a page."""
    kept = "".join(" " if unicodedata.category(letter) in ("Cc", "Zl", "Zp") else letter for letter in text)
    return unicodedata.normalize("NFC", " ".join(kept.split()))


def glue(text: str) -> str:
    """Text whose numbers stay with their % when a line breaks."""
    return text.replace(" %", "\N{NO-BREAK SPACE}%").replace("≥ ", "≥\N{NO-BREAK SPACE}")
