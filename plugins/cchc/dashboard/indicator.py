"""One indicator: its value against the target, its months, its units, its definition, and the records behind it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from cchc.dashboard.page import Answer, Asking, NotThere
from cchc.dashboard.scorecard import MONTHS, SIGNS, chosen_edition, publication_values, restated_values, trends_of, values_of
from cchc.dashboard.table import PAGE_ROWS, Asked, Column, Row, Table, table_of
from cchc.dashboard.view import WIDE_SCOPES, scope_names
from cchc.errors import WrongUse
from cchc.explain.items import ORDERS, Item, Part, items_behind, parts_of
from cchc.indicators.declared import figures
from cchc.reference.catalogue import Indicator, catalogue, statement_of
from cchc.reference.plan import plan_of
from cchc.reports.scorecard import shown
from cchc.states import FAILED
from cchc.warehouse.queries import ask


def page(asking: Asking) -> Answer:
    """The page `/indicators/{indicator}`."""
    view, words = asking.view, asking.words
    found = catalogue(asking.settings, view.period.last_day).get(asking.parts["indicator"])
    if found is None:
        raise NotThere(words("no_such_indicator", code=asking.parts["indicator"]))
    publication = chosen_edition(asking)
    names = scope_names(asking.connection, view.period.last_day)
    everywhere = {scope: row for (_, scope), row in values_of(asking, view.period, view.basis, None, found.code).items()}
    value = edition_value(asking, publication, found.code) if publication else everywhere.get(view.scope)
    level_units = units_beside(asking, view.scope)
    behind, part, parts = records(asking, found)
    by_unit = unit_table(asking, found, everywhere, level_units)
    trends = trends_of(asking, [view.scope, *level_units], found.code, 2 * MONTHS - 1)
    months = month_rows(asking, found, trends)
    return Answer(
        "indicator.html",
        words.either(found.name_vi, found.name_en),
        {
            "indicator": found,
            "value": value,
            "shown": shown(value["value"], found.kind) if value else None,
            "target": shown(value["target"], "flow") if value else None,
            "scope_name": names.get(view.scope, view.scope),
            "restated": restated_values(asking).get((found.code, view.scope)) if view.is_now else None,
            "clauses": ask(
                asking.connection, "dashboard/clause", plan=plan_of(asking.connection, view.period).plan_code, indicator=found.code
            ),
            "statement": statement_of(asking.settings, found),
            "sources": [row for row in ask(asking.connection, "dashboard/clock") if row["role"] in found.roles],
            "declared": figures(asking.connection, found.code, view.scope, view.period),
            "months": month_chart(asking, found, trends),
            "units_chart": units_chart(asking, trends, level_units),
            "part": part,
            "parts": parts,
            "signs": SIGNS,
            "not_met": sum(1 for unit in level_units if unit in everywhere and everywhere[unit]["status"] in FAILED),
        }
        | publication_values(asking, publication),
        tuple(table for table in (behind, by_unit, months) if table is not None),
    )


def edition_value(asking: Asking, publication: Mapping[str, Any], code: str) -> dict[str, Any] | None:
    """The value of this view in an edition; None where the edition has none."""
    rows = ask(asking.connection, "publication/value_of_edition", p=publication["publication_id"])
    wanted = (code, asking.view.scope, asking.view.basis)
    return next((row for row in rows if (row["indicator_code"], row["unit_code"], row["basis"]) == wanted), None)


def units_beside(asking: Asking, scope: str) -> dict[str, str]:
    """The units that are compared: all of them, those of a level, or those of the level of a unit; code and name in their order."""
    units = ask(asking.connection, "dashboard/unit", d=asking.view.period.last_day)
    level = (
        scope.removeprefix("level:") if scope in WIDE_SCOPES else next((row["level"] for row in units if row["unit_code"] == scope), None)
    )
    return {row["unit_code"]: row["name"] for row in units if level in ("all", row["level"])}


def unit_table(asking: Asking, found: Indicator, everywhere: Mapping[str, Mapping[str, Any]], units: Mapping[str, str]) -> Table:
    """The units by their value, the best first; equal values share a rank; a unit without a value has none."""
    view, words = asking.view, asking.words
    rows = [
        {
            "unit_code": unit,
            "unit_name": name,
            "indicator_kind": found.kind,
            "fraction": words.fraction(everywhere[unit]["numerator"], everywhere[unit]["denominator"]) if unit in everywhere else "",
            "numerator": everywhere[unit]["numerator"] if unit in everywhere else None,
            "denominator": everywhere[unit]["denominator"] if unit in everywhere else None,
            "value": shown(everywhere[unit]["value"], found.kind) if unit in everywhere else None,
            "target_percent": shown(everywhere[unit]["target"], "flow") if unit in everywhere else None,
            "gap": everywhere[unit]["gap_count"] if unit in everywhere else None,
            "status": everywhere[unit]["status"] if unit in everywhere else None,
        }
        for unit, name in units.items()
    ]
    exact = {unit: everywhere[unit]["value"] for unit in units if unit in everywhere and everywhere[unit]["value"] is not None}
    for row in rows:
        mine = exact.get(str(row["unit_code"]))
        row["rank"] = None if mine is None else 1 + sum(1 for other in exact.values() if other > mine)
    rows.sort(key=lambda row: (row["rank"] is None, row["rank"]))
    columns = (
        Column("rank", words["rank"], "rank"),
        Column("unit_name", words["unit"], link=lambda row: view.with_scope(row["unit_code"]).link(f"/indicators/{found.code}")),
        Column("numerator", words["numerator"], "count"),
        Column("denominator", words["denominator"], "count"),
        Column("value", words["value"], "value"),
        Column("gap", words["gap"], "count"),
        Column("status", words["status"], "status"),
    )
    return table_of("units", words["by_unit"], columns, rows, asking.query, words, empty=words["no_units"])


def month_rows(asking: Asking, found: Indicator, trends: Mapping[tuple[str, str], Sequence[Any]]) -> Table:
    """The months of the chart as a table."""
    words = asking.words
    months = list(trends.get((found.code, asking.view.scope), ()))[-MONTHS:]
    columns = (
        Column("last_day", words["month"], "day"),
        Column("numerator", words["numerator"], "count"),
        Column("denominator", words["denominator"], "count"),
        Column("shown", words["value"], "value"),
        Column("target_percent", words["target"], "target"),
        Column("status", words["status"], "status"),
    )
    rows = [dict(month) | {"indicator_kind": found.kind} for month in months]
    return table_of("months", words["months_13"], columns, rows, asking.query, words, empty=words["no_months"])


def month_chart(asking: Asking, found: Indicator, trends: Mapping[tuple[str, str], Sequence[Any]]) -> dict[str, Any]:
    """The lines of the chart: the months, the same months of the year before, and what was published of them."""
    view, words = asking.view, asking.words
    every = list(trends.get((found.code, view.scope), ()))
    months = every[-MONTHS:]
    before = {(month["last_day"].year + 1, month["last_day"].month): month["shown"] for month in every}
    published = {
        row["last_day"]: shown(row["value"], found.kind)
        for row in ask(
            asking.connection,
            "dashboard/published_month",
            indicator=found.code,
            scope=view.scope,
            basis=view.basis,
            month_kind="report_month" if view.period.is_report else "month",
        )
    }
    target = next((month["target_percent"] for month in reversed(months) if month["target_percent"] is not None), None)
    lines: list[dict[str, Any]] = [
        {"kind": "now", "name": words["now"], "points": [{"at": month["last_day"], "value": month["shown"]} for month in months]},
        {
            "kind": "before",
            "name": words["year_before_line"],
            "points": [
                {"at": month["last_day"], "value": before.get((month["last_day"].year, month["last_day"].month))} for month in months
            ],
        },
        {
            "kind": "published",
            "name": words["published_line"],
            "points": [
                {"at": month["last_day"], "value": published[month["last_day"]]}
                for month in months
                if month["last_day"] in published and published[month["last_day"]] != month["shown"]
            ],
        },
    ]
    target_name = words("target_line", target=words.target(target)) if target is not None else ""
    return {
        "lines": [line for line in lines if any(point["value"] is not None for point in line["points"])],
        "target": target,
        "targetName": target_name,
    }


def units_chart(asking: Asking, trends: Mapping[tuple[str, str], Sequence[Any]], units: Mapping[str, str]) -> dict[str, Any]:
    """The months of every unit, for the heat map and the small multiples."""
    by_unit = {unit: list(months)[-MONTHS:] for (_, unit), months in trends.items() if unit in units}
    ordered = [unit for unit in units if unit in by_unit]
    target = next((month["target_percent"] for months in by_unit.values() for month in reversed(months) if month["target_percent"]), None)
    return {
        "heat": {
            "units": [units[unit] for unit in ordered],
            "cells": [
                {"unit": units[unit], "month": f"{month['last_day']:%m/%y}", "value": month["shown"], "status": month["status"]}
                for unit in ordered
                for month in by_unit[unit]
            ],
        },
        "multiples": {
            "target": target,
            "units": [
                {"name": units[unit], "points": [{"at": month["last_day"], "value": month["shown"]} for month in by_unit[unit]]}
                for unit in ordered
            ],
        },
    }


def records(asking: Asking, found: Indicator) -> tuple[Table | None, Part | None, tuple[Part, ...]]:
    """The records behind the figure that this person may see: the chosen part of them, page by page."""
    scope = asking.person.scope_of_dossiers(asking.view.scope)
    parts = tuple(part for part in parts_of(found) if part is not Part.CHANGED or asking.editions)
    if scope is None or found.record is None or not parts:
        return None, None, ()
    chosen = asking.query.get("part") or (Part.DENOMINATOR_NOT_NUMERATOR if Part.DENOMINATOR_NOT_NUMERATOR in parts else parts[0])
    if chosen not in parts:
        raise WrongUse(f"'{chosen}' is no part of a figure; {', '.join(parts)}")
    part = Part(chosen)
    columns = record_columns(asking, found, part)
    asked = Asked.of("records", asking.query, columns)
    if asked.sort is not None and asked.sort not in ORDERS:
        raise WrongUse(f"records cannot be sorted by '{asked.sort}': {', '.join(ORDERS)}")
    order = ("-" if asked.is_descending else "") + (asked.sort or "unit")

    def read(limit: int | None, offset: int) -> Any:
        return items_behind(
            asking.connection,
            asking.settings,
            found.code,
            asking.view.period,
            asking.view.basis,
            scope,
            part=part,
            order=order,
            limit=limit,
            offset=offset,
            search=asked.search or None,
        )

    seen = read(PAGE_ROWS, (asked.page - 1) * PAGE_ROWS)
    table = Table(
        "records",
        asking.words["behind"],
        columns,
        tuple(record_row(asking, item) for item in seen.items),
        seen.total,
        asked,
        lambda: [record_row(asking, item) for item in read(None, 0).items],
        asking.words["no_records"],
    )
    return table, part, parts


def record_columns(asking: Asking, found: Indicator, part: Part) -> tuple[Column, ...]:
    """The columns of the records: those of a dossier, or those of another record."""
    words, view = asking.words, asking.view
    is_dossier = found.record == "dossier"

    def story(row: Row) -> str | None:
        code = row.get("dossier_code")
        return view.dossier(code, row["source_code"], indicator=found.code) if is_dossier and code else None

    columns = [Column("item", words["dossier" if is_dossier else "record"], "code", story), Column("unit", words["unit"])]
    if is_dossier:
        columns += [
            Column("procedure", words["procedure"], note="procedure_code"),
            Column("received", words["received"], "day"),
            Column("due", words["due"], "day"),
            Column("ended", words["ended"], "day"),
            Column("late", words["late_days"], "count"),
        ]
    else:
        columns += [Column("counted_on", words["counted_on"], "day")]
    return (*columns, Column("reason", words["why"]))


def record_row(asking: Asking, item: Item) -> dict[str, Any]:
    """One record as a row of the table."""
    return {
        "source_code": item.source_code,
        "item": item.dossier_code or item.item,
        "dossier_code": item.dossier_code,
        "unit": item.unit_name,
        "procedure": item.procedure_name,
        "procedure_code": item.procedure_code,
        "received": item.received,
        "due": item.due,
        "ended": item.ended,
        "late": item.late_days,
        "counted_on": item.counted_on,
        "reason": asking.words.either(item.why.vi, item.why.en),
    }
