"""The rows of the reports' tables: a dataclass for each table. A column of a layout names one of their fields or properties.

`Tables` makes the rows from the content, with the words of the layout; the writers turn them into cells.
"""

from __future__ import annotations

from dataclasses import dataclass, fields, make_dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from cchc.forms.form_06a import Row as FormRow
from cchc.reports.content import DueDossier, LateDossier, PlanRow, RankRow, UnitRow
from cchc.states import ValueStatus


class Line:
    """What a writer may ask of every row; a row of a table says otherwise where it differs."""

    is_total = False
    is_provisional = False
    is_alert = False
    indicator_kind = "flow"

    @property
    def is_failed(self) -> bool:
        """Whether a target is missed or behind."""
        return False

    @property
    def is_met(self) -> bool:
        """Whether a target is reached."""
        return False


@dataclass(frozen=True)
class PlanLine(PlanRow, Line):
    """A target cell of the plan with the words that tables and sentences use."""

    clause: str
    name: str
    scope_name: str
    target_text: str
    year_counts: str
    status_name: str
    note: str
    noun: str
    section_name: str

    @property
    def is_met(self) -> bool:
        """Whether the target is reached."""
        return self.status == ValueStatus.MET


@dataclass(frozen=True)
class FailureLine(PlanLine):
    """A target that is missed or behind, with what was reached and the units that miss it."""

    result: str
    units: str


@dataclass(frozen=True)
class TaskLine(Line):
    """What an agency has to see to: the targets that it leads and that are missed or behind."""

    agency: str
    count: int
    tasks: str


@dataclass(frozen=True)
class OpenLine(Line):
    """A place that a person has to fill in."""

    index: int
    place: str
    what: str


@dataclass(frozen=True)
class FormLine(FormRow, Line):
    """A row of form II.06a, or a sum of its rows, for the summary in the report."""

    name: str
    is_total: bool

    @property
    def received(self) -> int:
        """Received in the period: columns 4 and 5."""
        return self.received_online_count + self.received_otherwise_count


@dataclass(frozen=True)
class UnitLine(UnitRow, Line):
    """A unit's figures."""

    judged_text: str


@dataclass(frozen=True)
class LateCount(Line):
    """How many dossiers of a unit are late; the last row is the sum."""

    unit_name: str
    finished: int
    open: int
    total: int
    unapologised: int
    is_total: bool = False


@dataclass(frozen=True)
class RankLine(RankRow, Line):
    """A commune's place."""

    note: str


@dataclass(frozen=True)
class LateLine(LateDossier, Line):
    """A late dossier."""

    index: int
    state_name: str
    apology: str
    is_alert: bool


@dataclass(frozen=True)
class DueLine(DueDossier, Line):
    """A dossier that will soon be due."""

    index: int
    due_group: str
    note: str


def keys(row: type) -> list[str]:
    """The names that a column of a table may have as its key: the fields and properties of its rows."""
    properties = [name for kind in row.__mro__ if kind is not Line for name, value in vars(kind).items() if isinstance(value, property)]
    return list(dict.fromkeys([*(field.name for field in fields(row)), *properties]))


def query_row(names: list[str]) -> type[Any]:
    """A class for the rows of an SQL file with these columns."""
    values: list[tuple[str, Any]] = [(name, str | int | Decimal | date | None) for name in names]
    return make_dataclass("QueryLine", values, bases=(Line,), frozen=True)
