"""The text that the approver of a period reads: how ready it is, and the scorecard that will be frozen, as far as it asks for attention."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection

from cchc.period import ZONE, Period, month_start
from cchc.publication.readiness import readiness_at
from cchc.publication.shown import Shown, shown_now
from cchc.reference.roles import role_clocks
from cchc.reports import vietnamese as vi
from cchc.reports.scorecard import scorecard_rows, stands
from cchc.settings import Settings
from cchc.states import FAILED, GOOD, ValueStatus
from cchc.warehouse import engine, query

HEAD = "| Số | Chỉ tiêu | Phạm vi | Kết quả | Mục tiêu | Đánh giá | Còn thiếu |"
RULE = "|---|---|---|---:|---:|---|---:|"


def approval_text(settings: Settings, period: Period, scorecard_url: str | None = None) -> tuple[str, Shown]:
    """The text for the approver of a period, as Markdown in Vietnamese, and what stood of the period when it was written.

    First the readiness (sources, units, findings, restatements), then how many targets stand how, then a table of those that are missed or
    behind. `scorecard_url`: the address of the whole scorecard, which is linked if it is given. What a load has touched is computed anew
    before the period is frozen; the text says so where something waits.
    """
    with engine(settings).connect() as connection:
        shown = shown_now(connection, settings, period)
        state = readiness_at(connection, settings, period, role_clocks(connection))
        until = (
            f"Số liệu tại {shown.at.astimezone(ZONE):%H:%M %d/%m/%Y}. Số liệu được công bố là số liệu lúc chốt; "
            "những số đã thay đổi từ lúc này được nêu trong thông báo công bố."
        )
        return "\n".join([state.text_vi(), "", *_scorecard(connection, settings, period, scorecard_url), "", until]), shown


def _scorecard(connection: Connection, settings: Settings, period: Period, url: str | None) -> list[str]:
    rows = [row for row in scorecard_rows(connection, settings, period) if row["target_no"] and stands(row)]
    link = f" [Xem toàn bộ bảng điểm]({url})" if url else ""
    if not any(row["computed_at"] is not None for row in rows):
        return [f"**Bảng điểm sẽ công bố**: kỳ này chưa được tính; sẽ tính trước khi công bố.{link}"]
    counted = Counter(row["status_vi"] for row in rows if row["status"])
    in_order = dict.fromkeys(row["status_vi"] for status in ValueStatus for row in rows if row["status"] == status)
    judged = " · ".join(f"{counted[words]} {words.lower()}" for words in in_order) or "không có mục tiêu nào được đánh giá"
    lines = [f"**Bảng điểm sẽ công bố** (lũy kế từ đầu năm): {judged}.{link}"]
    if _is_waiting(connection, period):
        lines.append("**Còn tháng chờ tính lại: các số dưới đây được tính lại trước khi công bố.**")
    before = _statuses(connection, settings, period.before()) if period.before().last_day.year == period.last_day.year else {}
    turned = {
        (row["target_no"], row["unit_code"])
        for row in rows
        if row["status"] in FAILED and before.get((row["target_no"], row["unit_code"])) in GOOD
    }
    missed = [row for row in rows if row["status"] in FAILED]
    if missed:
        first = sorted(missed, key=lambda row: (row["target_no"], row["unit_code"]) not in turned)  # what has turned comes first
        lines += ["", HEAD, RULE, *(_line(row, (row["target_no"], row["unit_code"]) in turned) for row in first)]
    return lines


def _line(row: Mapping[str, Any], has_turned: bool) -> str:
    cells = (
        row["target_no"],
        row["name_vi"],
        row["unit_name"],
        vi.percent(row["year_value"], row["indicator_kind"]) + ("*" if row["is_provisional"] else ""),
        vi.percent(row["target_percent"]),
        row["status_vi"] + (" (kỳ trước còn đạt)" if has_turned else ""),
        "" if row["gap_count"] is None else vi.number(row["gap_count"]),
    )
    return f"| {' | '.join(str(cell).replace('|', '/') for cell in cells)} |"


def _statuses(connection: Connection, settings: Settings, period: Period) -> dict[tuple[str, str], str]:
    """The status of each target in a period, by number and scope."""
    rows: Sequence[dict[str, Any]] = scorecard_rows(connection, settings, period)
    return {(row["target_no"], row["unit_code"]): row["status"] for row in rows if row["target_no"] and stands(row)}


def _is_waiting(connection: Connection, period: Period) -> bool:
    """Whether a load has touched a month that the year to date counts, since it was computed."""
    found = query(
        connection,
        "select 1 from ops.dirty_month where month_start >= :a and month_start < :b limit 1",
        {"a": month_start(period.year_start), "b": period.end},
    )
    return bool(found)
