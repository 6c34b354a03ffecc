"""The rows of the tables of a layout, from the content, with the words of the layout."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from cchc.errors import NotConfigured
from cchc.forms.form_06a import Row as FormRow
from cchc.forms.form_06a import total
from cchc.near import near
from cchc.period import ZONE
from cchc.reference.scopes import NAMES
from cchc.reports import vietnamese as vi
from cchc.reports.content import DUE_WITHIN, Content, LateDossier, PlanRow
from cchc.reports.layout import Layout, filled
from cchc.reports.layout_file import ColumnEntry, TableEntry, TaskEntry
from cchc.reports.rows import (
    DueLine,
    FailureLine,
    FormLine,
    LateCount,
    LateLine,
    Line,
    OpenLine,
    PlanLine,
    RankLine,
    TaskLine,
    UnitLine,
    query_row,
)
from cchc.states import ValueStatus

OPEN_PLACES = "open_places"  # the table of a report's own blocks: the places that people have to fill in


@dataclass(frozen=True)
class Filled:
    """A table with its rows, ready for any writer. `empty` is what to say where there are none."""

    table: TableEntry
    title: str
    subtitle: str
    rows: Sequence[Line]
    empty: str
    note: str = ""

    def groups(self) -> Iterator[tuple[str | None, list[Line]]]:
        """The rows under the titles of their groups; one group without a title where the layout has none."""
        group = self.table.group
        if group is None:
            yield None, list(self.rows)
            return
        for title, rows in groupby(self.rows, key=lambda row: str(getattr(row, group))):
            yield title, list(rows)


def shown(row: Line, column: ColumnEntry) -> str:
    """A cell as text."""
    return column.look.text(getattr(row, column.key), row)


def is_alert(row: Line, column: ColumnEntry) -> bool:
    """Whether a cell calls for attention."""
    return column.look.is_alert(row)


class Tables:
    """Every table of one content and layout."""

    def __init__(self, content: Content, layout: Layout) -> None:
        self.content = content
        self.layout = layout
        self.labels = layout.labels
        self._makers: dict[str, Callable[[], Sequence[Line]]] = {
            "plan_annex": self._annex,
            "form_summary": self._form_summary,
            "units": self._units,
            "late_by_unit": self._late_by_unit,
            "failures": self._failures,
            "tasks": self._tasks,
            "ranking": self._ranking,
            "late": self._late,
            "due": self._due,
        }

    def names(self) -> list[str]:
        """The names that `fill` knows."""
        made = [name for name in self._makers if name in self.layout.tables]
        return [*made, *self.layout.queries, *(f"plan_section:{number}" for number in self.labels.sections)]

    def fill(self, name: str) -> Filled:
        """A table by its name; `plan_section:2` is the plan's second section. Raises NotConfigured for a wrong key of an SQL table."""
        if name.startswith("plan_section:"):
            table = self.layout.tables["plan_section"]
            rows: Sequence[Line] = self._section(name.partition(":")[2])
        else:
            table = self.layout.tables[name]
            rows = self._makers[name]() if name in self._makers else self._from_sql(name, table)
        return self._filled(table, rows)

    def open_places(self, places: Sequence[tuple[str, str]]) -> Filled:
        """The table of the places that people have to fill in: where each is, and what belongs there."""
        rows = [OpenLine(index, place, what) for index, (place, what) in enumerate(places, start=1)]
        return self._filled(self.layout.tables[OPEN_PLACES], rows)

    def _filled(self, table: TableEntry, rows: Sequence[Line]) -> Filled:
        words = self.words()
        note = self.labels.provisional_note if any(row.is_provisional for row in rows) else ""
        empty = filled(table.empty or self.labels.empty, **words)
        return Filled(table, filled(table.title, **words), filled(table.subtitle, **words), rows, empty, note)

    def words(self) -> dict[str, str]:
        """What titles may name."""
        period, labels = self.content.period, self.labels
        plan = self.content.plan_number
        return {
            "period": vi.period_name(period),
            "span": vi.span(period).lower(),
            "Span": vi.span(period),
            "year": str(period.last_day.year),
            "plan": plan,
            "plan_words": filled(labels.plan, plan=plan) if self.content.is_judged else labels.no_plan,
            "last_day": vi.day(self.content.last_day),
            "known_at": format(self.content.known_at.astimezone(ZONE), labels.known_at),
            "area": self.layout.office.area,
            "communes": self.layout.office.communes,
            "COMMUNES": self.layout.office.communes.upper(),
            "unit": (self.content.unit or self.content.district).name,
            "due_within": f"{DUE_WITHIN:02d}",
        }

    def source_note(self) -> str:
        """Where the numbers come from, and of when."""
        return filled(self.labels.source_note, **self.words())

    def plan_line(self, row: PlanRow) -> PlanLine:
        """A target cell with the words that tables and sentences use."""
        labels = self.labels
        if row.target_percent is not None:
            target_text = labels.operator.get(row.operator or "", "") + vi.target(row.target_percent)
        else:
            target_text = self._direction(row.operator)
        name = row.name_vi[:1].upper() + row.name_vi[1:]
        return PlanLine(
            **vars(row) | {"gap_count": row.gap_count or None},
            # many clauses are parts of a sentence of the plan: alone they say nothing
            clause=name if row.name_vi == row.clause_vi else f"{name} (“{row.clause_vi}”)",
            name=name,
            scope_name=self.content.unit.name if self.content.unit else NAMES.get(row.scope_code, row.scope_code),
            target_text=target_text,
            year_counts="" if row.year_numerator is None else vi.counts(row.year_numerator, row.year_denominator),
            status_name=getattr(labels.status, row.status) if row.status else labels.not_judged,
            note=self._plan_note(row),
            noun=labels.noun.get(row.indicator_code, ""),
            section_name=f"{row.section[0]}. {labels.sections.get(row.section[0], '')}",
        )

    def _plan_note(self, row: PlanRow) -> str:
        if row.status in (None, ValueStatus.NO_DATA) and not row.has_value:
            note = row.no_data_reason or filled(self.labels.no_data_ask, agency=row.lead_agency)
        else:
            note = self.labels.provisional if row.is_provisional else ""
        if row.declared_value is None or row.declared_difference is None:
            return note
        declared = filled(self.labels.declared, value=vi.percent(row.declared_value, row.indicator_kind))
        return "; ".join(filter(None, [note, declared]))

    def _direction(self, words: str | None) -> str:
        """What a direction asks for, in the words of the papers; the year in it is the one that is compared with."""
        if words is None:
            return ""
        year = next((part for part in words.split() if part.isdigit()), "")
        before = self.content.period.last_day.year - 1
        return filled(self.labels.direction.get(words.replace(year, "{year}") if year else words, words), year=before)

    def _annex(self) -> list[PlanLine]:
        return [self.plan_line(row) for row in self.content.plan]

    def _section(self, number: str) -> list[PlanLine]:
        in_section = (row for row in self.content.plan if any(part.startswith(f"{number}.") for part in row.section.split(" + ")))
        return [self.plan_line(row) for row in in_section]

    def _form_summary(self) -> list[FormLine]:
        form = self.layout.form
        lines: list[FormLine] = []
        for level, found in groupby(self.content.form, key=lambda row: row.level or ""):
            of_level = list(found)
            lines.append(_form_line(total(of_level), self.layout.office.form_levels.get(level, level), is_total=True))
            lines += [_form_line(row, row.field_name or form.no_field) for row in of_level]
        if lines:
            lines.append(_form_line(self.content.form_total, self.labels.total, is_total=True))
        return lines

    def _units(self) -> list[UnitLine]:
        return [UnitLine(**vars(row), judged_text=vi.counts(row.met, row.judged) if row.judged else vi.NONE) for row in self.content.units]

    def _late_by_unit(self) -> list[LateCount]:
        if not self.content.late:
            return []
        by_unit: dict[tuple[str, str], list[LateDossier]] = {}
        for row in self.content.late:
            by_unit.setdefault((row.unit_code, row.unit_name), []).append(row)
        lines = [_late_count(name, rows) for (_, name), rows in by_unit.items()]
        return [*lines, _late_count(self.labels.total, self.content.late, is_total=True)]

    def _failures(self) -> list[FailureLine]:
        lines = []
        for failure in self.content.failures:
            line = self.plan_line(failure.target)
            reached = vi.percent(line.year_value, line.indicator_kind)
            everybody = len(failure.units) == len([unit for unit in self.content.units if line.level in ("all", unit.level)]) > 1
            units = self.labels.every_unit if everybody else "; ".join(failure.units)
            values = vars(line) | {"name": f"{line.name} ({line.scope_name})"}
            lines.append(FailureLine(**values, result=f"{reached} / {line.target_text}", units=units or vi.NONE))
        return lines

    def _tasks(self) -> list[TaskLine]:
        """A row for each agency that leads a target that is missed or behind; the scopes of a target stand together."""
        words = self.labels.task
        if words is None:
            raise NotConfigured(f"{self.layout.folder.name}/labels.yaml: the table tasks needs the words under 'task'")
        lines = [self.plan_line(failure.target) for failure in self.content.failures]
        return [
            TaskLine(
                agency=agency,
                count=len(of_agency),
                tasks="; ".join(self._task(words, list(found)) for _number, found in groupby(of_agency, key=lambda line: line.target_no)),
            )
            for agency, of_agency in vi.grouped(lines, lambda line: line.lead_agency)
        ]

    def _task(self, words: TaskEntry, lines: list[PlanLine]) -> str:
        results = [self._result(words, line, with_noun=len(lines) == 1) for line in lines]
        if lines[0].level != "all" and self.content.unit is None:
            scopes = [line.scope_name[:1].lower() + line.scope_name[1:] for line in lines]
            results = [filled(words.scoped, scope=scope, result=result) for scope, result in zip(scopes, results, strict=True)]
        name = lines[0].name.removeprefix(words.without)
        return filled(words.name, name=name[:1].lower() + name[1:], number=lines[0].target_no, results=", ".join(results))

    def _result(self, words: TaskEntry, line: PlanLine, *, with_noun: bool) -> str:
        if line.gap_count:
            return filled(words.missing, count=vi.number(line.gap_count), noun=line.noun if with_noun else "").strip()
        return filled(words.value, value=vi.percent(line.year_value, line.indicator_kind), target=line.target_text.lower())

    def _ranking(self) -> list[RankLine]:
        return [RankLine(**vars(row), note=self.labels.provisional if row.is_provisional else "") for row in self.content.ranking]

    def _late(self) -> list[LateLine]:
        labels = self.labels
        return [
            LateLine(
                **vars(row),
                index=index,
                state_name=getattr(labels.state, row.state),
                apology=filled(labels.apology_sent, count=row.apology_count) if row.apology_count else labels.apology_missing,
                is_alert=not row.apology_count,
            )
            for index, row in enumerate(self.content.late, start=1)
        ]

    def _due(self) -> list[DueLine]:
        labels = self.labels
        return [
            DueLine(
                **vars(row),
                index=index,
                due_group=filled(labels.due_group, day=vi.day(row.due_date)),
                note=labels.paused if row.is_paused else "",
            )
            for index, row in enumerate(self.content.due, start=1)
        ]

    def _from_sql(self, name: str, table: TableEntry) -> list[Any]:
        found = self.content.from_sql[name]
        wrong = [key for key in (*(column.key for column in table.columns), table.group) if key is not None and key not in found.names]
        if wrong:
            faults = "; ".join(f"{key!r}{near(key, found.names)}" for key in wrong)
            file = f"{self.layout.folder.name}/tables.yaml, {name}"
            raise NotConfigured(f"{file}: queries/reports/{name}.sql gives no {faults}. It gives {', '.join(found.names)}.")
        line = query_row(found.names)
        return [line(**row) for row in found.rows]


def _late_count(name: str, rows: Sequence[LateDossier], *, is_total: bool = False) -> LateCount:
    is_open = sum(row.state in ("open", "paused") for row in rows)
    unapologised = sum(not row.apology_count for row in rows)
    return LateCount(
        unit_name=name, finished=len(rows) - is_open, open=is_open, total=len(rows), unapologised=unapologised, is_total=is_total
    )


def _form_line(row: FormRow, name: str, *, is_total: bool = False) -> FormLine:
    return FormLine(**vars(row), name=name, is_total=is_total)
