"""Form II.06a/VPCP/KSTT: its rows for any period and unit, the dossiers behind each cell, and the check of the carry-over.

This module computes the form from what is known now. A published form is read from its edition and never computed again.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection

from cchc.errors import NothingKnown, WrongUse
from cchc.period import Period, midnight
from cchc.reference.roles import role_clocks
from cchc.reference.scopes import known_scope, scope_name
from cchc.settings import Settings
from cchc.warehouse import engine, query
from cchc.warehouse.queries import ask

ROLE = "dossiers"
FINISHED = ("early", "on_time", "late")
OPEN = ("open_in_time", "open_past_due")
# column number of the form → field of `Row`, which is also the name of the column of mart.form_06a
COLUMNS = {
    3: "received_count", 4: "received_online_count", 5: "received_otherwise_count", 6: "carried_over_count", 7: "finished_count",
    8: "early_count", 9: "on_time_count", 10: "late_count", 11: "open_count", 12: "open_in_time_count", 13: "open_past_due_count",
}  # fmt: skip


@dataclass(frozen=True)
class Identity:
    """An equation of the form: the column `total` is the sum of the columns `parts`."""

    total: int
    parts: tuple[int, ...]

    def __str__(self) -> str:
        return f"{self.total} = {' + '.join(map(str, self.parts))}"


# every row of the form must satisfy these equations
IDENTITIES = (Identity(3, (4, 5, 6)), Identity(7, (8, 9, 10)), Identity(11, (12, 13)), Identity(3, (7, 11)))


@dataclass(frozen=True)
class Row:
    """One row of the form: a field of administration within a level, or a sum.

    In a sum over all fields `field_code` is None, and in a sum over all levels `level` is None.
    """

    level: str | None
    field_code: str | None
    field_name: str | None
    received_count: int
    received_online_count: int
    received_otherwise_count: int
    carried_over_count: int
    finished_count: int
    early_count: int
    on_time_count: int
    late_count: int
    open_count: int
    open_in_time_count: int
    open_past_due_count: int
    returned_count: int
    without_due_count: int

    def column(self, number: int) -> int:
        """The number in a column of the form (3 to 13)."""
        return int(getattr(self, COLUMNS[number]))

    def broken_identities(self) -> list[str]:
        """The equations of the form that this row breaks; a correct row breaks none."""
        return [str(rule) for rule in IDENTITIES if self.column(rule.total) != sum(self.column(part) for part in rule.parts)]


_FIGURES = tuple(field.name for field in fields(Row) if field.name.endswith("_count"))


def total(rows: Sequence[Row], level: str | None = None) -> Row:
    """The sum of the rows of one level, or of all rows; all numbers are 0 if there are no rows."""
    chosen = [row for row in rows if level is None or row.level == level]
    return Row(level, None, None, **{name: sum(getattr(row, name) for row in chosen) for name in _FIGURES})


@dataclass(frozen=True)
class Form06a:
    """The form of one period and scope, as known at `known_at`.

    `last_day`: the last counted day, which is earlier than the period's last day while the period is running.
    """

    period: Period
    scope: str
    scope_name: str
    known_at: datetime
    last_day: date
    rows: tuple[Row, ...]

    @property
    def levels(self) -> tuple[str, ...]:
        """The levels that have rows, in the order of the form."""
        return tuple(dict.fromkeys(row.level for row in self.rows if row.level))

    def total(self, level: str | None = None) -> Row:
        """The sum of one level, or of the whole form."""
        return total(self.rows, level)


def form_06a(settings: Settings, period: Period, unit: str = "all") -> Form06a:
    """The form for a period and a scope: a unit, `level:district`, `level:commune` or `all`.

    Raises WrongUse if the period has not begun at known_at, or if the scope does not exist.
    """
    with engine(settings).connect() as connection:
        return form_06a_at(connection, period, unit)


def form_06a_at(connection: Connection, period: Period, unit: str = "all") -> Form06a:
    """The same as `form_06a`, inside a transaction of the caller, so that everything is read at one moment."""
    known_at = _known_at(connection, period)
    known_scope(connection, unit)
    last_day = period.effective_last_day(known_at)
    return Form06a(period, unit, scope_name(connection, unit, last_day), known_at, last_day, rows(connection, period, unit))


def rows(connection: Connection, period: Period, unit: str = "all") -> tuple[Row, ...]:
    """The rows of the form for a period and an existing scope, in the order of the form: the columns of mart.form_06a by their names."""
    return tuple(Row(**row) for row in query(connection, "select * from mart.form_06a(:kind, :start, :scope)", _binds(period, unit)))


def dossiers(connection: Connection, period: Period, unit: str = "all", column: int | None = None) -> list[dict[str, Any]]:
    """The dossiers behind one column of the form, or behind the whole form: level, unit, field, code and state of each.

    Raises WrongUse as `form_06a` does, and for a column that has no dossiers.
    """
    _known_at(connection, period)
    known_scope(connection, unit)
    conditions = {
        None: "true", 3: "true", 4: "not is_carried_over and channel = 'online'", 5: "not is_carried_over and channel <> 'online'",
        6: "is_carried_over", 7: f"state in {FINISHED}", 8: "state = 'early'", 9: "state = 'on_time'", 10: "state = 'late'",
        11: f"state in {OPEN}", 12: "state = 'open_in_time'", 13: "state = 'open_past_due'",
    }  # fmt: skip
    if column not in conditions:
        raise WrongUse(f"form II.06a has no figures in column {column}; columns 3 to 13 have")
    return query(
        connection,
        f"select * from mart.form_06a_dossier(:kind, :start, :scope) where {conditions[column]} order by dossier_code",
        _binds(period, unit),
    )


def preceding(period: Period) -> Period:
    """The period whose column 11 must equal column 6 of this one: the period of the same kind that ends where this one starts.

    Before nine months, this is the year before.
    """
    before = period.before()
    return before if before.end == period.start else Period("year", before.start, period.start)


def open_codes(connection: Connection, period: Period, unit: str = "all") -> list[str]:
    """The codes of the dossiers in column 11 (open at the end), which the next period must carry over. A publication stores this list."""
    return [row["dossier_code"] for row in dossiers(connection, period, unit, 11)]


def carried_codes(connection: Connection, period: Period, unit: str = "all") -> list[str]:
    """The codes of the dossiers in column 6 (carried over from the period before), as known now."""
    return [row["dossier_code"] for row in dossiers(connection, period, unit, 6)]


@dataclass(frozen=True)
class CarryOver:
    """The comparison of column 6 of a period with column 11 of the period before, and the dossiers that differ."""

    before: int
    now: int
    gone: tuple[str, ...]
    come: tuple[str, ...]

    @property
    def holds(self) -> bool:
        """Whether both columns have the same dossiers, and not only the same number of dossiers."""
        return not self.gone and not self.come


def carry_over(open_before: Iterable[str], carried_now: Iterable[str]) -> CarryOver:
    """Compare two lists of codes of open dossiers: at the published end of the period before, and at the start of this one as known now."""
    before, now = set(open_before), set(carried_now)
    return CarryOver(len(before), len(now), tuple(sorted(before - now)), tuple(sorted(now - before)))


@dataclass(frozen=True)
class Break:
    """One dossier that breaks the carry-over: `gone` was open before and is not carried over now; `come` is the opposite."""

    dossier_code: str
    side: str
    reason: str
    reason_vi: str
    unit_code: str | None


_REASONS = {
    "unknown": "không còn trong dữ liệu",
    "deleted": "đã bị xóa sau khi chốt",
    "critical": "bản ghi mới nhất vi phạm kiểm tra bắt buộc",
    "not_received": "không còn ngày tiếp nhận",
    "received_later": "ngày tiếp nhận nay thuộc kỳ này hoặc sau",
    "finished_before": "nay biết đã kết thúc trước kỳ này",
    "other_unit": "nay thuộc đơn vị khác",
    "late_delivery": "dữ liệu đến sau khi chốt",
    "reopened_or_changed": "mở lại, hoặc ngày kết thúc hay ngày tiếp nhận đã thay đổi",
}


def explain_carry_over(
    connection: Connection, period: Period, found: CarryOver, unit: str = "all", frozen_at: Mapping[str, datetime] | None = None
) -> list[Break]:
    """The reason why each dossier breaks the carry-over into `period`, from what is known now.

    `frozen_at`: known_at of each source when the period before was published.
    """
    known = {
        row["dossier_code"]: row
        for row in ask(
            connection,
            "forms/carry_over_dossier",
            codes=[*found.gone, *found.come],
            sources=list(role_clocks(connection).by_role.get(ROLE, {})),
        )
    }
    start = midnight(period.start)
    breaks = []
    for side, codes in (("gone", found.gone), ("come", found.come)):
        for code in codes:
            row = known.get(code)
            if row is None:
                reason = "unknown"
            elif side == "gone":
                reason = _why_gone(row, start, unit)
            elif frozen_at is not None and row["source_code"] in frozen_at and row["first_seen_at"] > frozen_at[row["source_code"]]:
                reason = "late_delivery"
            else:
                reason = "reopened_or_changed"
            breaks.append(Break(code, side, reason, _REASONS[reason], row["unit_code"] if row else None))
    return breaks


def moved(before: Mapping[str, str], now: Mapping[str, str]) -> list[Break]:
    """The dossiers that are open in both lists but at different units: `gone` from the one unit and `come` to the other.

    `before` and `now`: the unit of each dossier by its code.
    """
    reason = "other_unit"
    return [
        Break(code, side, reason, _REASONS[reason], units[code])
        for code in sorted(set(before) & set(now))
        if before[code] != now[code]
        for side, units in (("gone", before), ("come", now))
    ]


def _why_gone(row: dict[str, Any], start: datetime, unit: str) -> str:
    if row["left_out_reason"]:
        return str(row["left_out_reason"])
    if row["received_at"] >= start:
        return "received_later"
    if row["finished_at"] is not None and row["finished_at"] < start:
        return "finished_before"
    return "other_unit" if unit not in ("all", row["unit_code"]) else "reopened_or_changed"


def _binds(period: Period, unit: str) -> dict[str, Any]:
    return {"kind": period.kind, "start": period.start, "scope": unit}


def _known_at(connection: Connection, period: Period) -> datetime:
    clocks = role_clocks(connection)
    known_at = clocks.known_at(ROLE)
    if known_at is None or midnight(period.start) >= known_at:
        known = known_at.isoformat() if known_at else "not set"
        raise NothingKnown(f"nothing is known of {period.code} yet: T of {clocks.names(ROLE)} is {known}")
    return known_at
