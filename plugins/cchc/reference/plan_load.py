"""Load the plans of include/plans into the warehouse, describe what changed, and mark the months that are judged differently now.

A target that was removed from a file ends, and its row stays in the warehouse. What was published under it does not change.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from sqlalchemy import Connection, text

from cchc.period import Period, midnight, months_between, now
from cchc.reference.dirty_months import mark_months
from cchc.reference.plan import computed_from, first_day, loaded_years, place, plans
from cchc.reference.plan_folder import Plan
from cchc.settings import Settings, plans_name
from cchc.warehouse import query, run_file

HEADER = ("valid_from", "valid_to", "plan_number", "signed_on", "title_vi")  # what core.plan keeps of the header of a plan
WORDS = ("section", "clause_vi", "indicator_code", "operator", "operator_text", "target", "kind", "lead_agency", "how")
MONTHS_TOLD = 24


def load_plans(connection: Connection, settings: Settings) -> list[str]:
    """Bring core.plan and core.plan_target up to date with include/plans. Returns a sentence for each change.

    If a period now belongs to another plan, its values are filed under that plan. The months with a stored value that is judged differently
    than before are marked. Raises NotConfigured if a plan cannot be read.
    """
    moment = now()
    found = plans(settings)
    first_before = query(connection, "select min(valid_from) as day from core.plan")[0]["day"]
    messages = _end_plans(connection, found, moment)
    changed: list[dict[str, str]] = []
    for plan in found:
        messages += [*_load_plan(connection, settings, plan, moment, changed), *plan.remarks]
    _place_values(connection)
    messages += _mark_judged_otherwise(connection, settings, changed, moment)
    first = first_day(settings)
    if first_before is not None and first < computed_from(first_before):
        messages += _mark_earlier_years(connection, settings, found[0], first, computed_from(first_before))
    return messages


def not_loaded(connection: Connection, settings: Settings) -> list[str]:
    """A sentence for each plan whose folder differs from what is loaded; an empty list if `cchc init` has nothing to do."""
    stored = {
        (row["plan_code"], row["target_no"], row["level"]): row
        for row in query(connection, "select * from core.plan_target where ended_at is null")
    }
    written = {(row["plan_code"], row["target_no"], row["level"]): row for plan in plans(settings) for row in plan.rows}
    differing = {key[0] for key in stored.keys() ^ written.keys()} | {
        key[0] for key in stored.keys() & written.keys() if any(stored[key][name] != written[key][name] for name in WORDS)
    }
    headers = {row["plan_code"]: row for row in query(connection, "select * from core.plan where ended_at is null")}
    differing |= {plan.code for plan in plans(settings) if plan.code in headers and _differing(headers[plan.code], _header(plan))}
    return [f"{code}: {plans_name()} says something else than what is loaded; run `cchc init`" for code in sorted(differing)]


def _end_plans(connection: Connection, found: Iterable[Plan], moment: datetime) -> list[str]:
    """End the plans whose folders no longer exist. Returns a sentence for each."""
    codes = [plan.code for plan in found]
    ended = connection.execute(
        text("update core.plan set ended_at = :now where ended_at is null and plan_code <> all(:codes) returning plan_code"),
        {"now": moment, "codes": codes},
    ).scalars()
    messages = []
    for code in sorted(ended):
        connection.execute(
            text("update core.plan_target set ended_at = :now where plan_code = :plan and ended_at is null"), {"now": moment, "plan": code}
        )
        messages.append(
            f"{code} has ended: its folder is gone from {plans_name()}, so no period is judged by it; what was published with it stays"
        )
    return messages


def _load_plan(connection: Connection, settings: Settings, plan: Plan, moment: datetime, changed: list[dict[str, str]]) -> list[str]:
    """Load one plan. Adds to `changed` the cells (plan_code, indicator_code, level) whose values may be judged differently now."""
    stored = query(connection, "select * from core.plan where plan_code = :plan", {"plan": plan.code})
    header = plan.header
    run_file(
        connection,
        settings,
        "core/plan",
        plan=plan.code,
        first=header.first_day,
        last=header.last_day,
        number=header.number,
        signed_on=header.date,
        title=header.title,
        now=moment,
    )
    before = {
        (row["target_no"], row["level"]): row
        for row in query(connection, "select * from core.plan_target where plan_code = :plan", {"plan": plan.code})
    }
    after = {(row["target_no"], row["level"]): row for row in plan.rows}
    messages = _header_changes(stored[0], plan) if stored else []
    if stored and any(stored[0][name] != _header(plan)[name] for name in ("valid_from", "valid_to")):
        changed += [_cell(row) for row in plan.rows]  # a milestone is due on another day
    for key, row in after.items():
        old = before.get(key)
        if old is not None:
            messages += _update(connection, old, row, moment, changed)
            continue
        _store(connection, row | {"added_at": moment})
        changed.append(_cell(row))
        if stored:
            messages.append(f"{plan.code}: {_name(row)} is new: {_asks(row)}")
            _keep(connection, row, moment, "added", None, row)
    for key, old in before.items():
        if key not in after and old["ended_at"] is None:
            messages.append(_end(connection, old, moment))
            changed.append(_cell(old))
    if not stored:
        return [f"{plan.code} is loaded: {plan.words}"]
    if stored[0]["ended_at"] is not None:
        return [f"{plan.code} is in force again: {plan.words}"]
    return messages


def _header(plan: Plan) -> dict[str, Any]:
    """What core.plan keeps of the header of a plan."""
    header = plan.header
    return dict(zip(HEADER, (header.first_day, header.last_day, header.number, header.date, header.title), strict=True))


def _differing(stored: dict[str, Any], header: dict[str, Any]) -> list[str]:
    """The columns in which a header is another one than the stored one."""
    return [name for name in HEADER if stored[name] != header[name]]


def _header_changes(stored: dict[str, Any], plan: Plan) -> list[str]:
    """A sentence for what changed in the header; none for a plan that was stored before plans had one."""
    header = _header(plan)
    told = [f"{name} {stored[name]} → {header[name]}" for name in _differing(stored, header) if stored[name] is not None]
    return [f"{plan.code}: the header has changed: {'; '.join(told)}"] if told else []


def _update(connection: Connection, old: dict[str, Any], row: dict[str, Any], moment: datetime, changed: list[dict[str, str]]) -> list[str]:
    """One target that was stored before, as the plan's file says it now."""
    differing = [name for name in WORDS if old[name] != row[name]]
    if old["ended_at"] is not None:
        change, words = "restored", f"is back: {_asks(row)}"
    elif differing:
        shown = [name for name in differing if name != "operator_text" or "operator" not in differing]
        change, words = "changed", f"has changed: {'; '.join(_difference(name, old, row) for name in shown)}"
    else:
        if old["target_order"] != row["target_order"]:
            _store(connection, row)
        return []
    _store(connection, row)
    _keep(connection, row, moment, change, {name: old[name] for name in differing}, {name: row[name] for name in differing})
    if change == "restored" or set(differing) & {"indicator_code", "operator", "target", "kind"}:
        changed += [_cell(old), _cell(row)]
    return [f"{row['plan_code']}: {_name(row)} {words}"]


def _end(connection: Connection, old: dict[str, Any], moment: datetime) -> str:
    """One target that the plan's file does not have any more."""
    connection.execute(
        text("update core.plan_target set ended_at = :now where plan_code = :plan and target_no = :no and level = :level"),
        {"now": moment, "plan": old["plan_code"], "no": old["target_no"], "level": old["level"]},
    )
    _keep(connection, old, moment, "ended", {name: old[name] for name in WORDS}, None)
    return (
        f"{old['plan_code']}: {_name(old)} has ended: it is gone from the plan's file, so nothing is judged by it; "
        "what was published with it stays"
    )


def _store(connection: Connection, row: dict[str, Any]) -> None:
    names = list(row)
    assignments = ", ".join(f"{name} = excluded.{name}" for name in names if name not in ("plan_code", "target_no", "level", "added_at"))
    connection.execute(
        text(
            f"insert into core.plan_target as t ({', '.join(names)}) values ({', '.join(f':{name}' for name in names)}) "
            f"on conflict (plan_code, target_no, level) do update set {assignments}, ended_at = null"
        ),
        row,
    )


def _keep(
    connection: Connection, row: dict[str, Any], moment: datetime, change: str, before: dict[str, Any] | None, after: dict[str, Any] | None
) -> None:
    """Insert one row into core.plan_change."""
    words = [
        None if said is None else json.dumps({name: said[name] for name in WORDS if name in said}, ensure_ascii=False, default=str)
        for said in (before, after)
    ]
    connection.execute(
        text(
            "insert into core.plan_change (plan_code, target_no, level, changed_at, change, before, after) values "
            "(:plan, :no, :level, :now, :change, cast(:before as jsonb), cast(:after as jsonb))"
        ),
        {
            "plan": row["plan_code"], "no": row["target_no"], "level": row["level"], "now": moment, "change": change,
            "before": words[0], "after": words[1],
        },
    )  # fmt: skip


def _cell(row: dict[str, Any]) -> dict[str, str]:
    return {name: row[name] for name in ("plan_code", "indicator_code", "level")}


def _name(row: dict[str, Any]) -> str:
    kind = "direction" if row["kind"] == "direction" else "target"
    return f"{kind} {row['target_no']} ({row['indicator_code']}, {row['level']})"


def _asks(row: dict[str, Any]) -> str:
    """What a cell requires, in words, for example ">= 96 %, flow" or "above the same period of 2022"."""
    return str(row["operator_text"]) if row["target"] is None else f"{row['operator']} {_percent(row['target'])}, {row['kind']}"


def _percent(target: Decimal | None) -> str:
    return "none" if target is None else f"{(target * 100).normalize():f} %"


def _difference(name: str, old: dict[str, Any], new: dict[str, Any]) -> str:
    """The change of one column: old → new."""
    if name == "target":
        said = [_percent(row["target"]) for row in (old, new)]
    else:
        said = [str(row["operator_text" if name == "operator" else name]) for row in (old, new)]
    return f"{name.removesuffix('_text')} {said[0]} → {said[1]}"


def _place_values(connection: Connection) -> None:
    """File each stored period under the plan that it belongs to now. Publications keep the plan under which they were published."""
    years = loaded_years(connection)
    for row in query(connection, "select distinct plan_code, period_kind, period_start, period_end from mart.indicator_value"):
        period = Period(row["period_kind"], row["period_start"], row["period_end"])
        plan = place(years, period.last_day)
        if plan.plan_code != row["plan_code"]:
            connection.execute(
                text(
                    "update mart.indicator_value set plan_code = :plan "
                    "where plan_code = :before and period_kind = :kind and period_start = :start"
                ),
                {"plan": plan.plan_code, "before": row["plan_code"], "kind": period.kind, "start": period.start},
            )


def _mark_judged_otherwise(connection: Connection, settings: Settings, changed: list[dict[str, str]], moment: datetime) -> list[str]:
    """Mark the months with a stored value that the current plans judge differently."""
    marked = run_file(connection, settings, "core/plan_dirty_month", changed=json.dumps(changed), now=moment).all()
    months = sorted({f"{row.month_start:%Y-%m}" for row in marked})
    if not months:
        return []
    shown = ", ".join(months[:MONTHS_TOLD]) + (f" and {len(months) - MONTHS_TOLD} more" if len(months) > MONTHS_TOLD else "")
    return [f"values of {shown} are judged otherwise by the plans as they are now: `cchc refresh` computes them"]


def _mark_earlier_years(connection: Connection, settings: Settings, earliest: Plan, first: date, before: date) -> list[str]:
    """Mark the months from `first` to the month before `before`: with a new earliest plan they are computed without a request."""
    months = months_between(first, before - timedelta(days=1))
    for row in query(connection, "select source_code, known_at from ops.source_clock where known_at > :first", {"first": midnight(first)}):
        known = [month for month in months if midnight(month) < row["known_at"]]
        mark_months(connection, settings, row["source_code"], known, f"{earliest.code} was loaded")
    return [f"values are computed from {first} on, the year before {earliest.code}: `cchc refresh` computes them"]
