"""The scorecard of a period as text for the terminal, in Vietnamese."""

from __future__ import annotations

from typing import Any

from cchc.cli.printing import LEFT_OUT_VI, table
from cchc.period import Period
from cchc.reports.scorecard import stands
from cchc.reports.vietnamese import counts, number, percent, signed
from cchc.states import ValueStatus

SPARE = ("Cùng kỳ", "Kỳ trước")  # what a narrow terminal leaves out, in this order; the coverage has the mark of what is provisional


def render(rows: list[dict[str, Any]], period: Period) -> str:
    """The scorecard as a text table in Vietnamese: every target at the scopes where it stands, then the indicators without a target.

    A target of both levels has a line for each, and its number on the first. Below: why there is no value, and declared against computed.
    """
    is_one_scope = len({row["unit_code"] for row in rows}) == 1
    shown = [row for row in rows if is_one_scope or stands(row)]
    header = ["Số", "Chỉ tiêu", "Phạm vi", "Trong kỳ", "Lũy kế", "Mục tiêu", "Đánh giá", "Còn thiếu", "Kỳ trước", "Cùng kỳ", "Độ phủ"]
    lines: list[list[str]] = []
    numbered: set[str] = set()
    for row in shown:
        kind = row["indicator_kind"]
        target_no = row["target_no"] or ""
        coverage = percent(row["coverage_percent"]) + ("*" if row["is_provisional"] else "")
        lines.append(
            [
                target_no if target_no not in numbered else "",
                row["name_vi"] + (" †" if row.get("is_restated") else ""),
                row["unit_name"],
                percent(row["period_value"], kind),
                f"{percent(row['year_value'], kind)} ({_year_counts(row)})" if row["year_numerator"] is not None else "–",
                percent(row["target_percent"]) if row["target_percent"] is not None else "",
                row["status_vi"] or "",
                "" if not row["gap_count"] else number(row["gap_count"]),
                percent(row["last_period_value"], kind),
                percent(row["year_before_value"], kind) + _compared(row),
                coverage if row["status"] != ValueStatus.NO_DATA or row["coverage_percent"] is not None else "–",
            ]
        )
        numbered.add(target_no)
    note = "* số liệu tạm tính: còn đơn vị chưa gửi số liệu, chưa có người duyệt, hoặc kỳ chưa kết thúc"
    title = f"Bảng điểm chỉ tiêu cải cách hành chính – {period.name_vi}"
    not_judged = next((row["no_target_reason_vi"] for row in rows if row.get("no_target_reason_vi")), None)
    if not_judged:
        title += f"\n{not_judged}"
    edition = next((row for row in rows if row.get("edition")), None)
    if edition:
        title += f"\nĐã công bố lần {edition['edition']} ngày {edition['published_at']:%d/%m/%Y}, người phê duyệt: {edition['approved_by']}"
        if any(row.get("is_restated") for row in rows):
            note += f"\n† có thay đổi sau công bố: `cchc restatements {period.code}`"
    return "\n\n".join([title, table(header, lines, SPARE, LEFT_OUT_VI), note, *_remarks(shown)])


def _compared(row: dict[str, Any]) -> str:
    """Of a direction what it is judged by, the year to date a year before, which the period a year before does not show."""
    if row.get("compared_numerator") is None:
        return ""
    return f" (lũy kế {counts(row['compared_numerator'], row['compared_denominator'])})"


def _year_counts(row: dict[str, Any]) -> str:
    return counts(row["year_numerator"], row["year_denominator"])


def _remarks(rows: list[dict[str, Any]]) -> list[str]:
    """What stands below the table, where there is something to say."""
    found = []
    missing = [f"{row['target_no']} {row['unit_name']}: {row['no_data_reason_vi']}" for row in rows if row["no_data_reason_vi"]]
    if missing:
        found.append("Chưa có số liệu:\n" + "\n".join(f"  {line}" for line in missing))
    both = [row for row in rows if row["declared_difference"] is not None]
    if both:
        lines = []
        for row in both:
            kind, proven = row["indicator_kind"], "; có văn bản chứng minh" if row["declared_is_proven"] else ""
            who = f"{row['target_no'] or row['indicator_code']} {row['unit_name']}: {row['declared_unit_count']} đơn vị"
            told = f"{percent(row['declared_value'], kind)} ({counts(row['declared_numerator'], row['declared_denominator'])})"
            lines.append(
                f"  {who} tự khai {told}, tính từ hệ thống "
                f"{percent(row['year_value'], kind)} ({_year_counts(row)}), chênh lệch {signed(row['declared_difference'])}{proven}"
            )
        found.append("Tự khai và tính từ hệ thống (lũy kế):\n" + "\n".join(lines))
    return found
