"""How the cells of a table are written: for each format of a layout its text, its number format in a workbook, and its side."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

from cchc.reports import vietnamese as vi
from cchc.reports.rows import Line

Align = Literal["left", "center", "right"]
# number formats of a workbook with Vietnamese separators, whatever the language of the office program
COUNT, PERCENT, DECIMALS, DATE = "[$-42A]#,##0", '[$-42A]#,##0.00" %"', "[$-42A]#,##0.00", "dd/mm/yyyy"
PROVISIONAL = "*"


@dataclass(frozen=True)
class Format:
    """One way to write a cell.

    `text`: the value of a row as text. `excel`: the number format in a workbook; a value that is text or absent is written as text.
    `is_alert` and `is_good`: whether the cell is marked.
    """

    align: Align
    text: Callable[[Any, Line], str]
    excel: Callable[[Line], str | None] = lambda row: None
    is_alert: Callable[[Line], bool] = lambda row: False
    is_good: Callable[[Line], bool] = lambda row: False


def _plain(value: Any, row: Line) -> str:
    return "" if value is None else str(value)


def _indicator(value: Any, row: Line) -> str:
    mark = PROVISIONAL if row.is_provisional and value is not None else ""
    return vi.percent(value, row.indicator_kind) + mark


FORMATS: dict[str, Format] = {
    "text": Format("left", _plain),
    "center": Format("center", _plain),
    "count": Format("right", lambda value, row: vi.number(value), lambda row: COUNT),
    # a value of the row's indicator: a percentage, a count or a score
    "value": Format("right", _indicator, lambda row: {"count": COUNT, "score": DECIMALS}.get(row.indicator_kind, PERCENT)),
    "percent": Format("right", lambda value, row: vi.percent(value), lambda row: PERCENT),
    "points": Format("right", lambda value, row: vi.number(value, 2), lambda row: DECIMALS),
    "date": Format("center", lambda value, row: vi.day(value), lambda row: DATE),
    # the judgement of a target: marked where it is missed or behind
    "status": Format("center", _plain, is_alert=lambda row: row.is_failed, is_good=lambda row: row.is_met),
    # marked where the row calls for attention
    "alert": Format("center", _plain, is_alert=lambda row: row.is_alert),
}
