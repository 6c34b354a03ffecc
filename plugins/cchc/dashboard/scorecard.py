"""The scorecard: every target where it stands, by field of reform, with what is missing, the trend, and what changed since publication."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from cchc.dashboard.page import Answer, Asking, NotThere
from cchc.dashboard.past import past
from cchc.dashboard.table import Column, Table
from cchc.dashboard.view import WIDE_SCOPES
from cchc.errors import NothingKnown
from cchc.period import Period, month_start, parse_period
from cchc.reports.layout import Layout
from cchc.reports.scorecard import scorecard_rows, stands
from cchc.states import FAILED, GOOD, ValueStatus
from cchc.warehouse.queries import ask

SMALL = 10  # a rate of fewer cases is marked: one case more or less moves it by ten points or more
MONTHS = 13
SIGNS = {
    ValueStatus.MET: "✓",
    ValueStatus.MISSED: "✕",
    ValueStatus.ON_PACE: "→",
    ValueStatus.BEHIND: "!",
    ValueStatus.NO_DATA: "–",
}
ACTIONS = 4


@dataclass(frozen=True)
class Line:
    """One line of the scorecard: a target (or an indicator without one) in a scope, on the basis that the reader chose."""

    row: Mapping[str, Any]
    name: str
    numerator: int | None
    denominator: int | None
    value: Decimal | None
    gap: int | None
    trend: tuple[Mapping[str, Any], ...]
    status_before: str | None
    published: Mapping[str, Any] | None

    @property
    def status(self) -> str | None:
        """met, missed, on_pace, behind, no_data; None where nothing is judged."""
        status: str | None = self.row["status"]
        return status

    @property
    def is_small(self) -> bool:
        """Whether the rate is one of so few cases that one more moves it much."""
        return self.denominator is not None and 0 < self.denominator < SMALL

    @property
    def has_turned(self) -> bool:
        """Whether it was met (or on pace) in the period before, and is not any more."""
        return self.status in FAILED and self.status_before in GOOD


def page(asking: Asking) -> Answer:
    """The page `/`."""
    view, words = asking.view, asking.words
    publication = chosen_edition(asking)
    if view.known_at is not None:
        rows = _rows_then(asking, view.known_at)
        if rows is None:
            return Answer("waiting.html", words["scorecard"], {}, again_in=3)
        if view.scope in WIDE_SCOPES[1:]:
            rows = [row for row in rows if row["unit_code"] == view.scope]
    else:
        rows = scorecard_rows(asking.connection, asking.settings, view.period, None if view.scope == "all" else view.scope, publication)
    lines = lines_of(asking, rows, publication)
    groups = grouped(asking, lines)
    counted = Counter(line.status for line in lines if line.row["target_no"])
    return Answer(
        "scorecard.html",
        words["scorecard"],
        {
            "groups": groups,
            "counted": counted,
            "turned": [line for line in lines if line.has_turned],
            "actions": actions(lines),
            "signs": SIGNS,
            "status_order": [status for status in ValueStatus if counted[status]],
            "no_target_reason": next((row["no_target_reason_vi"] for row in rows if row.get("no_target_reason_vi")), None),
            "is_computed": any(row["computed_at"] is not None for row in rows),
            "nothing_known": view.known_at is not None and not rows,
        }
        | publication_values(asking, publication),
        (export_table(asking, lines),),
        status=200 if rows or view.known_at is not None else 404,
    )


def _rows_then(asking: Asking, moment: datetime) -> list[dict[str, Any]] | None:
    """The rows as known at a moment, none where nothing was known of the period; None while they are computed."""
    view = asking.view
    try:
        return past(asking.settings).rows(moment, view.period, None if view.scope in WIDE_SCOPES else view.scope)
    except NothingKnown:
        return []


def chosen_edition(asking: Asking) -> dict[str, Any] | None:
    """The edition that the view asks for; None where it shows what is known now. Raises NotThere for one that there is not."""
    view = asking.view
    if view.edition is None:
        return None
    for edition in asking.editions:
        if edition["edition"] == view.edition:
            return edition
    raise NotThere(asking.words("no_such_edition", edition=view.edition, period=view.period.code))


def publication_values(asking: Asking, chosen: Mapping[str, Any] | None) -> dict[str, Any]:
    """What the head of a page says of the publication, and which sources do not reach the end of the period."""
    found = asking.editions
    return {
        "editions": found,
        "edition": chosen,
        "newest_edition": found[0] if found else None,
        "late_sources": late_sources(asking),
    }


def late_sources(asking: Asking) -> list[dict[str, Any]]:
    """The sources that are not known up to the end of the period, each once."""
    last_day = asking.view.period.last_day
    late = {
        row["source_code"]: row
        for row in ask(asking.connection, "dashboard/clock")
        if row["last_day"] is None or row["last_day"] < last_day
    }
    return [late[source] for source in sorted(late)]


def lines_of(asking: Asking, rows: Sequence[Mapping[str, Any]], publication: Mapping[str, Any] | None) -> list[Line]:
    """The lines in the order of the plan. Trend, gap and status before are of what is known now, so a past view has none of them."""
    view = asking.view
    shown = [row for row in rows if view.scope != "all" or stands(row)]
    scopes = sorted({row["unit_code"] for row in shown})
    trends = trends_of(asking, scopes) if view.is_now else {}
    before = statuses_before(asking, scopes) if view.is_now else {}
    gaps = gaps_of(asking, scopes) if view.is_now else {}
    restated = restated_values(asking) if view.is_now else {}
    names = {row["indicator_code"]: row["name_en"] for row in ask(asking.connection, "dashboard/indicator")}
    found = []
    for row in shown:
        key = (row["indicator_code"], row["unit_code"])
        numerator, denominator, value = basis_of(row, view.basis)
        found.append(
            Line(
                row,
                asking.words.either(row["name_vi"], names.get(row["indicator_code"])),
                numerator,
                denominator,
                value,
                gaps.get(key, row["gap_count"] if view.basis == "year_to_date" else None),
                tuple(trends.get(key, ())),
                before.get(key),
                restated.get(key),
            )
        )
    return found


def basis_of(row: Mapping[str, Any], basis: str) -> tuple[Any, Any, Any]:
    """Numerator, denominator and value of a row on a basis."""
    part = "period" if basis == "period" else "year"
    return row[f"{part}_numerator"], row[f"{part}_denominator"], row[f"{part}_value"]


def trends_of(
    asking: Asking, scopes: Sequence[str], indicator: str | None = None, months: int = MONTHS
) -> dict[tuple[str, str], list[Any]]:
    """The months up to the period's last one, by indicator and scope."""
    view = asking.view
    found: dict[tuple[str, str], list[Any]] = {}
    for row in ask(
        asking.connection,
        "dashboard/trend",
        scopes=list(scopes),
        indicator=indicator,
        month_kind="report_month" if view.period.is_report else "month",
        last_start=last_month(view.period),
        months=months,
        basis=view.basis,
    ):
        found.setdefault((row["indicator_code"], row["unit_code"]), []).append(row)
    return found


def last_month(period: Period) -> date:
    """The first day of the month, or report month, with which a period ends."""
    if period.is_report:
        return parse_period(f"{period.last_day:%Y-%m}R").start
    return month_start(period.last_day)


def statuses_before(asking: Asking, scopes: Sequence[str]) -> dict[tuple[str, str], str | None]:
    """The status in the period before, by indicator and scope; none where that period is of another year, with another target."""
    before = asking.view.period.before()
    if before.last_day.year != asking.view.period.last_day.year:
        return {}
    return {key: row["status"] for key, row in values_of(asking, before, "year_to_date", scopes).items()}


def values_of(
    asking: Asking, period: Period, basis: str, scopes: Sequence[str] | None, indicator: str | None = None
) -> dict[tuple[str, str], dict[str, Any]]:
    """The rows of mart.indicator_value of a period on a basis, by indicator and scope; without `scopes` of every scope."""
    rows = ask(
        asking.connection,
        "dashboard/value",
        kind=period.kind,
        start=period.start,
        basis=basis,
        scopes=None if scopes is None else list(scopes),
        indicator=indicator,
    )
    return {(row["indicator_code"], row["unit_code"]): row for row in rows}


def gaps_of(asking: Asking, scopes: Sequence[str]) -> dict[tuple[str, str], int | None]:
    """How many are missing on the chosen basis, by indicator and scope."""
    return {key: row["gap_count"] for key, row in values_of(asking, asking.view.period, asking.view.basis, scopes).items()}


def restated_values(asking: Asking) -> dict[tuple[str, str], dict[str, Any]]:
    """What was published otherwise, by indicator and scope, on the chosen basis."""
    found = asking.editions
    if not found:
        return {}
    rows = ask(asking.connection, "dashboard/restated", p=found[0]["publication_id"])
    return {(row["indicator_code"], row["unit_code"]): row for row in rows if row["basis"] == asking.view.basis}


def grouped(asking: Asking, lines: Sequence[Line]) -> list[tuple[str, list[Line]]]:
    """The lines by field of reform, as the plan divides them; those without a target come last."""
    sections = Layout.of(asking.settings.reports_dir, asking.view.period.last_day).labels.sections
    groups: dict[str, list[Line]] = {}
    for line in lines:
        section = line.row["section"]
        number = section[0] if section else ""
        title = f"{number}. {sections.get(number, number)}" if number else asking.words["without_target"]
        groups.setdefault(title, []).append(line)
    return list(groups.items())


def actions(lines: Sequence[Line]) -> list[Line]:
    """What somebody must act on first: what is missed and lacks the fewest cases, each target once."""
    missed = [line for line in lines if line.status in FAILED and line.gap]
    return sorted(missed, key=lambda line: (not line.has_turned, line.gap or 0))[:ACTIONS]


def export_table(asking: Asking, lines: Sequence[Line]) -> Table:
    """The lines as a table to take along."""
    words = asking.words
    columns = (
        Column("target_no", words["number"], "code"),
        Column("name", words["target_or_indicator"]),
        Column("indicator_code", words["code"], "code"),
        Column("unit_name", words["scope"]),
        Column("numerator", words["numerator"], "count"),
        Column("denominator", words["denominator"], "count"),
        Column("value", words["value"], "value"),
        Column("target_percent", words["target"], "target"),
        Column("gap", words["gap"], "count"),
        Column("status", words["status"], "status"),
        Column("is_provisional", words["provisional"], "yes"),
        Column("lead_agency", words["lead_agency"]),
        Column("no_data_reason_vi", words["no_data_reason"]),
    )
    rows = tuple(
        dict(line.row)
        | {"name": line.name, "numerator": line.numerator, "denominator": line.denominator, "value": line.value, "gap": line.gap}
        for line in lines
    )
    return Table("scorecard", words["scorecard"], columns, rows, len(rows))
