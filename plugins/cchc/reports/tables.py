"""Rows of the tables of include/reports/…/tables.yaml, from the content; and how a cell is written where it is text."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from itertools import groupby
from typing import Any

from cchc.forms.form_06a import Row as FormRow
from cchc.forms.form_06a import total
from cchc.period import ZONE
from cchc.reports import vietnamese as vi
from cchc.reports.content import Content, PlanRow
from cchc.reports.layout import Column, Layout, Table

Row = dict[str, Any]


@dataclass(frozen=True)
class Filled:
    """A table with its rows, ready for any writer."""

    table: Table
    title: str
    subtitle: str
    rows: list[Row]
    note: str = ""

    def groups(self) -> Iterator[tuple[str | None, list[Row]]]:
        """The rows under the titles of their groups; one group without a title where the layout has none."""
        if self.table.group is None:
            yield None, self.rows
            return
        for title, rows in groupby(self.rows, key=lambda row: row[self.table.group or ""]):
            yield title, list(rows)


def shown(row: Row, column: Column) -> str:
    """A cell as text."""
    value = row.get(column.key)
    if column.format == "date":
        return vi.day(value)
    if column.format == "count":
        return vi.number(value)
    if column.format == "percent":
        return vi.percent(value)
    if column.format == "points":
        return vi.number(value, 2)
    if column.format == "value":
        return vi.percent(value, row.get("indicator_kind", "flow")) + ("*" if row.get("is_provisional") and value is not None else "")
    return "" if value is None else str(value)


def is_alert(row: Row, column: Column) -> bool:
    """Whether a cell calls for attention."""
    return (column.format == "status" and row.get("status") in ("missed", "behind")) or (
        column.format == "alert" and bool(row.get("is_alert"))
    )


class Tables:
    """Every table of one content and layout."""

    def __init__(self, content: Content, layout: Layout) -> None:
        self.content = content
        self.layout = layout
        self.labels = layout.labels
        self._makers: dict[str, Callable[[], list[Row]]] = {
            "plan_annex": self._annex,
            "form_summary": self._form_summary,
            "units": self._units,
            "late_by_unit": self._late_by_unit,
            "failures": self._failures,
            "ranking": self._ranking,
            "late": self._late,
            "due": self._due,
        }

    def names(self) -> list[str]:
        """Names that `fill` knows."""
        return [*self._makers, *(f"plan_section:{number}" for number in self.labels["sections"])]

    def fill(self, name: str) -> Filled:
        """A table by its name; `plan_section:2` is the plan's second section."""
        if name.startswith("plan_section:"):
            table, rows = self.layout.tables["plan_section"], self._section(name.partition(":")[2])
        else:
            table, rows = self.layout.tables[name], self._makers[name]()
        words = self.words()
        return Filled(table, table.title.format(**words), table.subtitle.format(**words), rows, self._note(rows))

    def words(self) -> dict[str, str]:
        """What titles may name."""
        period = self.content.period
        return {
            "period": vi.period_name(period),
            "span": vi.span(period).lower(),
            "Span": vi.span(period),
            "year": str(period.last_day.year),
            "plan": plan_number(self.content),
            "plan_words": self.labels["plan"].format(plan=plan_number(self.content)) if self.content.is_judged else self.labels["no_plan"],
            "last_day": vi.day(self.content.last_day),
            "known_at": f"{self.content.known_at.astimezone(ZONE):%H giờ %M ngày %d/%m/%Y}",
            "unit": (self.content.unit or self.content.district).name,
        }

    def source_note(self) -> str:
        """Where the numbers come from, and of when."""
        return str(self.labels["source_note"]).format(**self.words())

    def plan_row(self, row: PlanRow) -> Row:
        """A target cell with the words that tables and sentences use."""
        labels = self.labels
        if row.target_percent is not None:
            target_text = labels["operator"].get(row.operator, "") + vi.target(row.target_percent)
        else:
            target_text = self._direction(row.operator)
        scope = self.content.unit.name if self.content.unit else labels["scope"].get(row.scope_code, row.scope_code)
        if row.year_denominator is None:
            counts = vi.number(row.year_numerator) if row.year_numerator is not None else ""
        else:
            counts = f"{vi.number(row.year_numerator)}/{vi.number(row.year_denominator)}"
        if row.status in (None, "no_data") and not row.has_value:
            note = row.no_data_reason or labels["no_data_ask"].format(agency=row.lead_agency)
        else:
            note = labels["provisional"] if row.is_provisional else ""
        if row.declared_value is not None and row.declared_difference is not None:
            note = "; ".join(filter(None, [note, f"Tự khai {vi.percent(row.declared_value, row.indicator_kind)}"]))
        name = row.name_vi[:1].upper() + row.name_vi[1:]
        return asdict(row) | {
            # many clauses are parts of a sentence of the plan: alone they say nothing
            "clause": name if row.name_vi == row.clause_vi else f"{name} (“{row.clause_vi}”)",
            "name": name,
            "scope_name": scope,
            "target_text": target_text,
            "year_counts": counts,
            "status_name": labels["status"][row.status] if row.status else labels["not_judged"],
            "gap_count": row.gap_count or None,
            "note": note,
            "noun": labels["noun"].get(row.indicator_code, ""),
            "has_value": row.has_value,
            "section_name": f"{row.section[0]}. {labels['sections'].get(row.section[0], '')}",
        }

    def _direction(self, words: str | None) -> str:
        """What a direction asks for, in the words of the papers; the year in it is the one that is compared with."""
        if words is None:
            return ""
        known: dict[str, str] = self.labels["direction"]
        year = next((part for part in words.split() if part.isdigit()), "")
        before = self.content.period.last_day.year - 1
        return known.get(words.replace(year, "{year}") if year else words, words).format(year=before)

    def _annex(self) -> list[Row]:
        rows: list[Row] = []
        numbers: dict[str, int] = {}
        for row in self.content.plan:
            first = row.target_no not in numbers
            numbers.setdefault(row.target_no, len(numbers) + 1)
            rows.append(self.plan_row(row) | {"index": numbers[row.target_no] if first else ""})
        return rows

    def _section(self, number: str) -> list[Row]:
        return [self.plan_row(row) for row in self.content.plan if any(part.startswith(f"{number}.") for part in row.section.split(" + "))]

    def _form_summary(self) -> list[Row]:
        form = self.layout.form
        rows: list[Row] = []
        for level, found in groupby(self.content.form, key=lambda row: row.level):
            of_level = list(found)
            rows.append(_form_line(total(of_level), form["levels"].get(level, level), is_total=True))
            rows += [_form_line(row, row.field_name or form["no_field"]) for row in of_level]
        if rows:
            rows.append(_form_line(self.content.form_total, "Tổng cộng", is_total=True))
        return rows

    def _units(self) -> list[Row]:
        return [asdict(row) | {"judged_text": f"{row.met}/{row.judged}" if row.judged else vi.NONE} for row in self.content.units]

    def _late_by_unit(self) -> list[Row]:
        rows: list[Row] = []
        for _code, found in groupby(self.content.late, key=lambda row: row.unit_code):
            late = list(found)
            still_open = sum(row.state in ("open", "paused") for row in late)
            rows.append(
                {
                    "unit_name": late[0].unit_name,
                    "finished": len(late) - still_open,
                    "open": still_open,
                    "total": len(late),
                    "unapologised": sum(not row.apology_count for row in late),
                }
            )
        if rows:
            sums = {key: sum(row[key] for row in rows) for key in ("finished", "open", "total", "unapologised")}
            rows.append(sums | {"unit_name": "Tổng cộng", "is_total": True})
        return rows

    def _failures(self) -> list[Row]:
        rows = []
        for failure in self.content.failures:
            row = self.plan_row(failure.target)
            reached = vi.percent(row["year_value"], row["indicator_kind"])
            everybody = len(failure.units) == len([unit for unit in self.content.units if row["level"] in ("all", unit.level)]) > 1
            units = "Tất cả các đơn vị trong phạm vi" if everybody else "; ".join(failure.units)
            rows.append(
                row
                | {"name": f"{row['name']} ({row['scope_name']})", "result": f"{reached} / {row['target_text']}", "units": units or vi.NONE}
            )
        return rows

    def _ranking(self) -> list[Row]:
        provisional = self.labels["provisional"]
        return [
            asdict(row) | {"met_percent": row.met_percent, "note": provisional if row.is_provisional else ""}
            for row in self.content.ranking
        ]

    def _late(self) -> list[Row]:
        return [
            asdict(row)
            | {
                "index": index,
                "state_name": self.labels["state"][row.state],
                "apology": f"Đã gửi ({row.apology_count})" if row.apology_count else "Chưa gửi",
                "is_alert": not row.apology_count,
            }
            for index, row in enumerate(self.content.late, start=1)
        ]

    def _due(self) -> list[Row]:
        return [
            asdict(row)
            | {
                "index": index,
                "due_group": f"Hẹn trả ngày {vi.day(row.due_date)}",
                "note": "Đang tạm dừng" if row.is_paused else "",
            }
            for index, row in enumerate(self.content.due, start=1)
        ]

    def _note(self, rows: list[Row]) -> str:
        return str(self.labels["provisional_note"]) if any(row.get("is_provisional") for row in rows) else ""


def _form_line(row: FormRow, name: str, *, is_total: bool = False) -> Row:
    received = row.received_online_count + row.received_otherwise_count
    return asdict(row) | {"received": received, "name": name, "is_total": is_total}


def plan_number(content: Content) -> str:
    """53/KH-UBND, from the code of the plan."""
    parts = content.plan_code.split("_")
    return f"{parts[1]}/{parts[2]}" if len(parts) > 2 else content.plan_code
