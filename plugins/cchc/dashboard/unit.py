"""One unit on one page: its targets, its late dossiers, what falls due, its findings, what it must declare, and its rank."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any

from cchc.dashboard.measures import is_of, known_findings
from cchc.dashboard.page import Answer, Asking, NotThere
from cchc.dashboard.scorecard import SIGNS, chosen_edition, lines_of, publication_values
from cchc.dashboard.table import Column, Row, Table, table_of
from cchc.period import month_start
from cchc.reference.plan import DISTRICT, plan_of
from cchc.reference.roles import role_clocks
from cchc.reports.content import DUE_WITHIN
from cchc.reports.content import ROLE as DOSSIERS
from cchc.reports.scorecard import scorecard_rows
from cchc.states import FAILED, ValueStatus
from cchc.warehouse import asked_binds, query
from cchc.warehouse.queries import ask, statement

ON_TIME = "dossier_on_time_rate"


def list_page(asking: Asking) -> Answer:
    """The page `/units`: every unit with what its chairman is asked first."""
    view, words = asking.view, asking.words
    rows = [
        dict(row) | {"indicator_kind": "flow"}
        for row in ask(
            asking.connection,
            "dashboard/unit_summary",
            kind=view.period.kind,
            start=view.period.start,
            basis=view.basis,
            d=view.period.last_day,
        )
    ]
    columns = (
        Column("unit_name", words["unit"], link=lambda row: view.link(f"/units/{row['unit_code']}")),
        Column("met", words["status_met"], "count"),
        Column("missed", words["status_missed"], "count"),
        Column("no_data", words["status_no_data"], "count"),
        Column("on_time", words["on_time"], "value"),
        Column("resolved", words["resolved"], "count"),
        Column("past_due", words["past_due"], "count"),
        Column("finding_count", words["findings"], "count"),
    )
    table = table_of("units", words["units"], columns, rows, asking.query, words, empty=words["no_units"])
    return Answer("units.html", words["units"], publication_values(asking, None), (table,))


def page(asking: Asking) -> Answer:
    """The page `/units/{unit}`."""
    view, words = asking.view.with_scope(asking.parts["unit"]), asking.words
    unit = next((row for row in ask(asking.connection, "dashboard/unit", d=view.period.last_day) if row["unit_code"] == view.scope), None)
    if unit is None:
        raise NotThere(words("no_such_unit", code=view.scope))
    asking = asking.of(view)
    publication = chosen_edition(asking)
    lines = lines_of(asking, scorecard_rows(asking.connection, asking.settings, view.period, view.scope, publication), publication)
    declared = to_declare(asking)
    must = {figure["indicator_code"] for figure in declared}
    roles = {row["indicator_code"]: row["role"] for row in ask(asking.connection, "dashboard/indicator")}
    every = [line for line in lines if line.row["target_no"]]
    # what other units declare for the whole is no target of this one
    targets = [
        line
        for line in every
        if line.value is not None or roles.get(line.row["indicator_code"]) != "declared" or line.row["indicator_code"] in must
    ]
    late, due, counts = dossiers(asking)
    findings = finding_table(asking)
    return Answer(
        "unit.html",
        unit["name"],
        {
            "unit": unit,
            "lines": targets,
            "missed": [line for line in targets if line.status in FAILED],
            "counted": Counter(line.status for line in targets),
            "status_order": [status for status in ValueStatus if any(line.status == status for line in targets)],
            "signs": SIGNS,
            "counts": counts,
            "to_declare": declared,
            "others": [line for line in every if line not in targets],
            "rank": rank_of(asking),
            "due_within": DUE_WITHIN,
        }
        | publication_values(asking, publication),
        tuple(table for table in (late, due, findings) if table is not None),
        view=view,
    )


def dossiers(asking: Asking) -> tuple[Table | None, Table | None, dict[str, int]]:
    """The late dossiers of the unit and those that fall due soon, and how many there are; the tables only for who may see dossiers."""
    view, words = asking.view, asking.words
    known_at = role_clocks(asking.connection).known_at(DOSSIERS)
    if known_at is None:
        return None, None, {}
    binds = {
        "kind": view.period.kind,
        "start": view.period.start,
        "last_day": view.period.effective_last_day(known_at),
        "end_at": view.period.end_at(known_at),
        "as_published": view.edition is not None,
        "root": DISTRICT,
        "unit": view.scope,
        "days": DUE_WITHIN,
    }
    late, due = (_rows(asking, f"reports/{name}", binds) for name in ("late_dossier", "due_dossier"))
    for row in late:
        row["state_name"] = words[f"state_{row['state']}"]
    counts = {"late": len(late), "late_open": sum(row["finished_date"] is None for row in late), "due": len(due)}
    if asking.person.scope_of_dossiers(view.scope) is None:
        return None, None, counts

    def story(row: Row) -> str:
        return view.dossier(row["dossier_code"])

    code, procedure = Column("dossier_code", words["dossier"], "code", story), Column("procedure_name", words["procedure"])
    former = (Column("former_unit_name", words["former_unit"]),) if any(row["former_unit_name"] for row in (*late, *due)) else ()
    late_columns = (
        code,
        procedure,
        *former,
        Column("received_date", words["received"], "day"),
        Column("due_date", words["due"], "day"),
        Column("finished_date", words["ended"], "day"),
        Column("state_name", words["state"]),
        Column("working_days_late", words["late_days"], "count"),
        Column("apology_count", words["apologies"], "count"),
    )
    due_columns = (
        code,
        procedure,
        *former,
        Column("received_date", words["received"], "day"),
        Column("due_date", words["due"], "day"),
        Column("working_days_left", words["days_left"], "count"),
        Column("is_paused", words["paused"], "yes"),
    )
    return (
        table_of("late", words["late_dossiers"], late_columns, late, asking.query, words, empty=words["no_late"]),
        table_of("due", words("due_soon", days=DUE_WITHIN), due_columns, due, asking.query, words, empty=words["no_due"]),
        counts,
    )


def _rows(asking: Asking, name: str, binds: Mapping[str, Any]) -> list[dict[str, Any]]:
    text = statement(name)
    return query(asking.connection, text, asked_binds(text, binds))


def finding_table(asking: Asking) -> Table | None:
    """How many findings of each kind the unit has in the months of the period; None while they are counted for the first time."""
    words, period = asking.words, asking.view.period
    known = known_findings(asking.connection, asking.settings)
    if known is None:
        return None
    own = [row for row in known.value if row["unit_code"] == asking.view.scope and is_of(period, row["month_start"])]
    counted = Counter(row["finding_code"] for row in own)
    kinds = ask(asking.connection, "dashboard/finding_kind")
    rows = [{"name_vi": kind["name_vi"], "finding_count": counted[kind["finding_code"]]} for kind in kinds if counted[kind["finding_code"]]]
    columns = (Column("name_vi", words["finding"]), Column("finding_count", words["count"], "count"))
    title = words("findings_at", moment=words.moment(known.at))
    return table_of("findings", title, columns, rows, asking.query, words, empty=words["no_findings"])


def to_declare(asking: Asking) -> list[dict[str, Any]]:
    """The figures that the unit must declare for the month with which the period ends, with what it has sent."""
    return ask(
        asking.connection,
        "dashboard/declaration",
        unit=asking.view.scope,
        plan=plan_of(asking.connection, asking.view.period).plan_code,
        month=month_start(asking.view.period.last_day),
        d=asking.view.period.last_day,
    )


def rank_of(asking: Asking) -> dict[str, Any] | None:
    """The place of the unit among those of its level by the on-time rate, and a commune's by the score of Decision 766.

    None where it has no value, and where it is the only unit of its level: there is nothing to rank.
    """
    rows = ask(
        asking.connection,
        "dashboard/rank",
        unit=asking.view.scope,
        indicator=ON_TIME,
        kind=asking.view.period.kind,
        start=asking.view.period.start,
        basis=asking.view.basis,
    )
    return rows[0] if rows and rows[0]["unit_count"] > 1 else None
