"""Every answer about a period on a connection that shows a moment: what two warehouses, or one before and after a change, are compared by."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from cchc.errors import CchcError
from cchc.findings import counts as findings
from cchc.forms import score
from cchc.forms.form_06a import form_06a_at
from cchc.indicators.compute import compute_known
from cchc.period import Period
from cchc.reference.catalogue import catalogue
from cchc.reports.scorecard import explained, reading
from cchc.settings import Settings
from cchc.warehouse import engine, query

Answers = dict[tuple[Any, ...], tuple[Any, ...]]
VALUES = (
    "select indicator_code, unit_code, basis, numerator, denominator, value, target, status, gap_count, coverage, is_provisional, "
    "formula_version, plan_code, no_target_reason from mart.indicator_value where period_kind = :kind and period_start = :start"
)
EXPLAINED = ("dossier_on_time_rate", "online_dossier_rate", "procedure_update_timely_rate")


def said_now(settings: Settings, period: Period) -> Answers:
    """What the warehouse says of a period now, computed as a refresh does."""
    with engine(settings).connect() as connection, connection.begin() as transaction:
        compute_known(connection, settings, period)
        answers = told(connection, settings, period)
        transaction.rollback()
    return answers


def said_then(settings: Settings, moment: datetime, period: Period) -> Answers:
    """What the warehouse says of a period as known at a moment."""
    with reading(settings, moment, period) as past:
        return told(past.connection, past.settings, period)


def told(connection: Connection, settings: Settings, period: Period) -> Answers:
    """Every figure of a period: values, scorecard, explanations, form II.06a, findings, the score of each scope."""
    binds = {"kind": period.kind, "start": period.start}
    answers: Answers = {("value", *list(row.values())[:3]): tuple(row.values())[3:] for row in query(connection, VALUES, binds)}
    for row in query(connection, "select * from mart.scorecard where period_kind = :kind and period_start = :start", binds):
        key = ("scorecard", row["indicator_code"], row["unit_code"], row["target_no"])
        answers[key] = tuple(value for name, value in row.items() if name != "computed_at")
    try:
        for line in form_06a_at(connection, period).rows:
            answers["form", line.level, line.field_code] = tuple(vars(line).values())
        for code in EXPLAINED:
            if code in catalogue(settings, period.last_day):
                answers["explain", code] = _explained(connection, settings, code, period)
        score.compute_then(connection, settings, period)
        for row in query(connection, "select * from mart.score_766 where period_kind = :kind and period_start = :start", binds):
            answers["score", row["unit_code"], row["part_code"]] = tuple(
                value for name, value in row.items() if name not in ("computed_at", "publication")
            )
    except CchcError as error:
        answers["no form or score",] = (type(error).__name__,)
    for count in findings.counts(settings, period, connection=connection):
        answers["finding", count.code, count.unit_code] = (count.count, count.name_vi, count.unit_name)
    return answers


def _explained(connection: Connection, settings: Settings, code: str, period: Period) -> tuple[Any, ...]:
    found = explained(connection, settings, code, "all", period, "period")
    clauses = [tuple(clause.values()) for clause in found.clauses]
    rows = [tuple(row.values()) for row in found.rows]
    return (found.indicator.version, found.indicator.name_vi, found.indicator.numerator_vi, found.query, clauses, rows, found.plan)
