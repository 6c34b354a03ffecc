"""The content of the reports: all their rows, read once from the warehouse. The writers use nothing else.

Only this module and include/sql/queries/reports use tables and functions of other modules, so a change of those is made only here.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from decimal import Decimal
from functools import cached_property
from typing import Any, TypeVar

from sqlalchemy import Connection, text

from cchc.errors import CchcError, NotConfigured, WrongUse
from cchc.forms import form_06a
from cchc.period import Period
from cchc.reference.plan import DISTRICT, plan_of
from cchc.reference.roles import role_clocks
from cchc.reference.scopes import known_scope
from cchc.reports.seal import Seal
from cchc.reports.vietnamese import clean
from cchc.settings import Settings
from cchc.states import FAILED, ValueStatus
from cchc.warehouse import engine, query, run_file

ROLE = "dossiers"  # of form II.06a, late and due lists
DUE_WITHIN = 3  # working days

Row = TypeVar("Row")


@dataclass(frozen=True)
class Unit:
    """The unit of a report."""

    unit_code: str
    name: str
    level: str
    kind: str


@dataclass(frozen=True)
class PlanRow:
    """A target cell of the plan with what was reached, and what the units declared where both exist.

    `operator` as the plan writes it. Where no plan holds, `operator`, `target_percent`, `status` and `gap_count` are None.
    """

    target_no: str
    section: str
    clause_vi: str
    indicator_code: str
    name_vi: str
    level: str
    scope_code: str
    operator: str | None
    target_kind: str
    how: str
    lead_agency: str
    target_percent: Decimal | None
    indicator_kind: str
    period_numerator: int | None
    period_denominator: int | None
    period_value: Decimal | None
    year_numerator: int | None
    year_denominator: int | None
    year_value: Decimal | None
    last_period_value: Decimal | None
    year_before_value: Decimal | None
    status: str | None
    gap_count: int | None
    coverage_percent: Decimal | None
    is_provisional: bool
    no_data_reason: str | None
    declared_value: Decimal | None
    declared_difference: Decimal | None
    status_before: str | None

    @property
    def has_value(self) -> bool:
        """Whether anything was reached at all."""
        return self.year_value is not None or self.period_value is not None

    @property
    def is_failed(self) -> bool:
        """Whether the target is missed, or behind its pace."""
        return self.status in FAILED

    @property
    def turned(self) -> str:
        """`worse`: was not failed in the period before, and is now; `better`: the other way round; else nothing."""
        if self.status_before in (None, ValueStatus.NO_DATA) or self.status in (None, ValueStatus.NO_DATA):
            return ""
        was_failed = self.status_before in FAILED
        return "" if was_failed == self.is_failed else "better" if was_failed else "worse"

    @property
    def is_falling(self) -> bool:
        """Whether the value of the period is further from what the plan asks for than that of the period before."""
        if self.period_value is None or self.last_period_value is None:
            return False
        wants_less = (self.operator or "").startswith(("down", "below"))
        return self.period_value > self.last_period_value if wants_less else self.period_value < self.last_period_value


@dataclass(frozen=True)
class UnitRow:
    """A unit's figures of the period, and the targets that it misses."""

    unit_code: str
    unit_name: str
    level: str
    unit_kind: str
    received: int | None
    resolved: int | None
    on_time_value: Decimal | None
    online_value: Decimal | None
    digitized_value: Decimal | None
    electronic_result_value: Decimal | None
    met: int
    judged: int
    failed: list[str]
    is_provisional: bool


@dataclass(frozen=True)
class MonthRow:
    """A month of the year, for the charts."""

    period_start: date
    last_day: date
    received: int | None
    received_online: int | None
    resolved: int | None
    on_time_value: Decimal | None
    online_value: Decimal | None


@dataclass(frozen=True)
class LateDossier:
    """A dossier that ended late, or is open past its due. `state`: resolved, stopped, returned, open, paused.

    `former_unit_name`: the ended unit for which it counts, where the unit has taken that one's place; else None.
    """

    unit_code: str
    unit_name: str
    dossier_code: str
    procedure_name: str | None
    field_name: str | None
    received_date: date
    due_date: date
    finished_date: date | None
    state: str
    days_late: int
    working_days_late: int
    apology_count: int
    former_unit_name: str | None = field(default=None, kw_only=True)


@dataclass(frozen=True)
class DueDossier:
    """An open dossier that falls due within the next working days; `former_unit_name` as of LateDossier."""

    unit_code: str
    unit_name: str
    dossier_code: str
    procedure_name: str | None
    field_name: str | None
    received_date: date
    due_date: date
    is_paused: bool
    working_days_left: int
    former_unit_name: str | None = field(default=None, kw_only=True)


@dataclass(frozen=True)
class Score:
    """Points of a unit by Decision 766/QĐ-TTg; `possible` leaves out the parts without a source."""

    unit_code: str
    points: Decimal
    possible: Decimal


@dataclass(frozen=True)
class RankRow:
    """A commune's place: by its points where there are any, else by its share of targets met."""

    rank: int
    unit_code: str
    unit_name: str
    met: int
    judged: int
    points: Decimal | None
    possible: Decimal | None
    on_time_value: Decimal | None
    online_value: Decimal | None
    is_provisional: bool

    @property
    def met_percent(self) -> Decimal | None:
        """Targets met in percent of those judged."""
        return round(Decimal(100 * self.met) / self.judged, 2) if self.judged else None


@dataclass(frozen=True)
class SqlRows:
    """The result of an SQL file of a further report: the names of its columns, and its rows."""

    names: list[str]
    rows: list[dict[str, Any]]


@dataclass(frozen=True)
class Failure:
    """A target that is missed or behind, and the units that miss it."""

    target: PlanRow
    units: list[str]


@dataclass(frozen=True)
class Content:
    """Everything that the reports of one period and scope say. `unit` None = the whole district.

    `plan_number`: of the plan to which the period belongs, for example 53/KH-UBND. `is_judged`: whether that plan holds in the period;
    else it only gives the order, and nothing is judged. `seal`: of the edition whose paper this is.
    """

    plan_number: str
    period: Period
    last_day: date
    known_at: datetime
    unit: Unit | None
    district: Unit
    plan: list[PlanRow]
    form: list[form_06a.Row]
    unit_forms: list[tuple[Unit, list[form_06a.Row]]]
    months: list[MonthRow]
    units: list[UnitRow]
    late: list[LateDossier]
    due: list[DueDossier]
    ranking: list[RankRow]
    from_sql: dict[str, SqlRows] = field(default_factory=dict)
    is_judged: bool = True
    seal: Seal | None = None

    @property
    def is_provisional(self) -> bool:
        """Whether some number is provisional, or the period was not over when the data were pulled."""
        return self.last_day < self.period.last_day or any(row.is_provisional for row in self.plan)

    @cached_property
    def failures(self) -> list[Failure]:
        """Targets missed or behind, in the plan's order, with the units that miss them."""
        return [
            Failure(row, [unit.unit_name for unit in self.units if row.target_no in unit.failed and row.level in ("all", unit.level)])
            for row in self.plan
            if row.is_failed
        ]

    @property
    def form_total(self) -> form_06a.Row:
        """The sum of the rows of form II.06a."""
        return form_06a.total(self.form)


def read(
    settings: Settings,
    period: Period,
    unit: str | None = None,
    *,
    each_unit: bool = False,
    is_edition: bool = False,
    queries: Iterable[str] = (),
) -> Content:
    """The content of a period's reports. `each_unit` adds form II.06a of every unit.

    Units are called as on the period's last day, those of a published period as it was published. `is_edition`: this is for a new edition,
    which is no longer bound by the names of the one before. `queries`: further files of include/sql/queries/reports, read with the same
    binds.

    Raises WrongUse for an unknown unit, CchcError where the period is not computed (an empty report would look like an answer),
    NotConfigured where a query has no file.
    """
    with engine(settings).connect() as connection:
        known_at = role_clocks(connection).known_at(ROLE)
        last_day = period.effective_last_day(known_at) if known_at else period.last_day
        named = {"as_published": not is_edition, "kind": period.kind, "start": period.start, "last_day": last_day}
        district = _unit(connection, DISTRICT, named)
        scope = None if unit is None else _unit(connection, unit, named)
        # mart.scorecard joins the values with themselves four times. The planner guesses too few rows and would choose nested loops,
        # which take minutes.
        connection.execute(text("set local enable_nestloop = off"))
        if known_at is None or not _is_computed(connection, period):
            raise CchcError(f"{period.code} is not computed: ingest its sources, then `cchc refresh {period.code}`")
        plan = plan_of(connection, period)
        binds = {
            "plan": plan.plan_code,
            "holds": plan.holds,
            "root": DISTRICT,
            "unit": unit,
            "scope": unit or "all",
            "level": scope.level if scope else None,
            "month_kind": "report_month" if period.is_report else "month",
            "before": period.before().start,
            "end_day": period.end,
            "year_start": period.year_start,
            "end_at": period.end_at(known_at),
            "days": DUE_WITHIN,
            "failed": list(FAILED),
        } | named

        def rows(name: str, kind: type[Row]) -> list[Row]:
            return [kind(**_clean(row)) for row in run_file(connection, settings, f"queries/reports/{name}", **binds).mappings()]

        def sql_rows(name: str) -> SqlRows:
            try:
                found = run_file(connection, settings, f"queries/reports/{name}", **binds)
            except FileNotFoundError:
                raise NotConfigured(
                    f"the table {name} of the layout needs include/sql/queries/reports/{name}.sql, which is missing"
                ) from None
            return SqlRows(list(found.keys()), [_clean(row) for row in found.mappings()])

        units = rows("unit_row", UnitRow)
        return Content(
            plan_number=_plan_number(connection, plan.plan_code),
            is_judged=plan.holds,
            period=period,
            last_day=last_day,
            known_at=known_at,
            unit=scope,
            district=district,
            plan=rows("plan_row", PlanRow),
            form=_form(connection, period, unit or "all"),
            unit_forms=_unit_forms(connection, period, units) if each_unit else [],
            months=rows("month_row", MonthRow),
            units=[row for row in units if unit in (None, row.unit_code)],
            late=rows("late_dossier", LateDossier),
            due=rows("due_dossier", DueDossier),
            ranking=rank([row for row in units if row.unit_kind == "commune"], read_scores(connection, settings, period)),
            from_sql={name: sql_rows(name) for name in queries},
        )


def _form(connection: Connection, period: Period, scope: str) -> list[form_06a.Row]:
    rows = form_06a.rows(connection, period, scope)
    return [row if row.field_name is None else replace(row, field_name=clean(row.field_name)) for row in rows]


def read_scores(connection: Connection, settings: Settings, period: Period) -> dict[str, Score]:
    """Points by Decision 766/QĐ-TTg of each unit; empty where they are not computed, and the ranking goes by targets alone."""
    found = run_file(connection, settings, "queries/reports/score_row", kind=period.kind, start=period.start).mappings()
    return {row["unit_code"]: Score(**row) for row in found}


def rank(units: list[UnitRow], scores: dict[str, Score]) -> list[RankRow]:
    """Communes from best to worst. Communes with equal results share a rank. A commune without any judged target is ranked last.

    Empty where there is one commune alone: there is nothing to rank.
    """
    if len(units) < 2:
        return []

    def share(row: UnitRow) -> tuple[Decimal, Decimal]:
        score = scores.get(row.unit_code)
        met = Decimal(row.met) / row.judged if row.judged else Decimal(-1)
        if scores:
            return (score.points if score else Decimal(-1), met)
        return (met, Decimal(0))

    ordered = sorted(units, key=lambda row: (*(-part for part in share(row)), row.unit_code))
    ranked: list[RankRow] = []
    for position, row in enumerate(ordered):
        same = position > 0 and share(row) == share(ordered[position - 1])
        score = scores.get(row.unit_code)
        ranked.append(
            RankRow(
                rank=ranked[-1].rank if same else position + 1,
                unit_code=row.unit_code,
                unit_name=row.unit_name,
                met=row.met,
                judged=row.judged,
                points=score.points if score else None,
                possible=score.possible if score else None,
                on_time_value=row.on_time_value,
                online_value=row.online_value,
                is_provisional=row.is_provisional,
            )
        )
    return ranked


def _unit(connection: Connection, code: str, named: dict[str, Any]) -> Unit:
    found = query(
        connection,
        "select unit_code, name, level, kind from core.unit_in_period(:kind, :start, :last_day, cast(:as_published as boolean)) "
        "where unit_code = :code and root_code = :root",
        {"code": code, "root": DISTRICT} | named,
    )
    if not found:
        known_scope(connection, code)  # it says which unit may be meant
        raise WrongUse(f"'{code}' is no unit of the plan; a unit code such as {DISTRICT}.3")
    return Unit(**_clean(found[0]))


def _plan_number(connection: Connection, code: str) -> str:
    """53/KH-UBND, from the header of the plan; its code where it was loaded before a plan had a header."""
    number = connection.execute(text("select plan_number from core.plan where plan_code = :code"), {"code": code}).scalar()
    return str(number or code)


def _unit_forms(connection: Connection, period: Period, units: list[UnitRow]) -> list[tuple[Unit, list[form_06a.Row]]]:
    found = []
    for row in units:
        form = _form(connection, period, row.unit_code)
        if form:
            found.append((Unit(row.unit_code, row.unit_name, row.level, row.unit_kind), form))
    return found


def _is_computed(connection: Connection, period: Period) -> bool:
    return bool(
        query(
            connection,
            "select 1 from mart.indicator_value where period_kind = :kind and period_start = :start limit 1",
            {"kind": period.kind, "start": period.start},
        )
    )


def _clean(row: Any) -> dict[str, Any]:
    return {name: clean(value) if isinstance(value, str) else value for name, value in row.items()}
