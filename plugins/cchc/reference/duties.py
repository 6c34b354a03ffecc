"""Which unit declares which indicator.

It follows from the authority's declarations.yaml (read strictly), the levels of the targets in each plan, and the list of units.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache
from typing import Any

from sqlalchemy import Connection, text

from cchc.errors import NotConfigured, WrongUse
from cchc.near import near
from cchc.period import add_months, now
from cchc.reference.catalogue import catalogue
from cchc.reference.entries import EACH_UNIT, GROUPS, DutyEntry
from cchc.reference.plan import DISTRICT, chosen, plan_on, plans
from cchc.reference.plan_folder import Plan
from cchc.reference.roles import role_clocks
from cchc.reference.unit_list import FILE, read_units, stored_units
from cchc.reference.units import State, Units
from cchc.settings import Settings
from cchc.typed import read_once
from cchc.warehouse import query, run_file, sql

ROLE = "declared"
UNASKED = "Không bắt buộc; số liệu gửi đến vẫn được tiếp nhận"
KINDS = tuple(GROUPS.values())  # the district itself declares nothing; its offices declare


@dataclass(frozen=True)
class Unit:
    """One state of a unit of the district, as in the authority's units.csv. A unit that was renamed, for example, has several states."""

    code: str
    name: str
    level: str
    kind: str
    valid_from: date
    valid_to: date | None

    def is_valid_in(self, month: date) -> bool:
        """Whether the state holds at the end of a month."""
        last = add_months(month, 1) - timedelta(days=1)
        return self.valid_from <= last and (self.valid_to is None or self.valid_to >= last)


@dataclass(frozen=True)
class Duty:
    """One indicator that a unit has to declare; with `is_required` false it may declare it.

    The unit has to declare it only on days on which its kind is one of `kinds` and its level one of `levels`; None means any.
    """

    indicator_code: str
    unit_code: str
    form: str
    is_required: bool
    reason: str
    kinds: tuple[str, ...] | None = None
    levels: tuple[str, ...] | None = None

    def holds_for(self, unit: Unit) -> bool:
        """Whether a unit has this duty in the given state."""
        return (self.kinds is None or unit.kind in self.kinds) and (self.levels is None or unit.level in self.levels)

    @property
    def is_asked(self) -> bool:
        """Whether the list of declarations names the unit for this indicator. A figure that it does not name is still accepted."""
        return self.reason != UNASKED


@dataclass(frozen=True)
class Duties:
    """All duties of all units, with the units as they are now and in all their states."""

    units: dict[str, Unit]
    duties: tuple[Duty, ...]
    states: tuple[Unit, ...]

    def of(self, unit: str) -> dict[str, Duty]:
        """What a unit may declare, by indicator: first the required ones in the order of the plan, then the rest of the plan."""
        return {duty.indicator_code: duty for duty in self.duties if duty.unit_code == unit}

    def declaring(self, month: date) -> list[Unit]:
        """The units that have to declare something in a month, in their states at the end of the month."""
        required: dict[str, list[Duty]] = {}
        for duty in self.duties:
            if duty.is_required:
                required.setdefault(duty.unit_code, []).append(duty)
        at_its_end = [state for state in self.states if state.is_valid_in(month)]
        return [unit for unit in at_its_end if any(duty.holds_for(unit) for duty in required.get(unit.code, ()))]

    def unit(self, code: str, month: date) -> Unit:
        """A unit that declares in a month, in its state at the end of the month. Raises WrongUse if it does not declare."""
        known = {unit.code: unit for unit in self.declaring(month)}
        if code not in known:
            raise WrongUse(f"'{code}' declares nothing in {month:%Y-%m}; units that do: {', '.join(known)}")
        return known[code]


def duties(settings: Settings, month: date | None = None) -> Duties:
    """The duties of this installation by the plan that a month belongs to, or, without a month, by the plan that CCHC_PLAN names.

    `month`: the first day of the month. Raises NotConfigured if declarations.yaml is wrong.
    """
    plan = chosen(settings) if month is None else plan_on(settings, month)
    return duties_of(settings, plan.code)


def duties_of(settings: Settings, plan_code: str) -> Duties:
    """The duties by one plan of include/plans."""
    stamps = tuple((settings.authority_dir / name).stat().st_mtime_ns for name in ("declarations.yaml", "units.csv"))
    return _duties(settings, plan_code, plans(settings), stamps)


@cache
def _duties(settings: Settings, plan_code: str, known: tuple[Plan, ...], _stamps: tuple[int, ...]) -> Duties:
    return _crossed(settings, plan_code, known, read_units(settings.authority_dir / FILE))


def _crossed(settings: Settings, plan_code: str, known: tuple[Plan, ...], listed: Units) -> Duties:
    """Combine declarations.yaml with a plan and a list of units. Raises NotConfigured if declarations.yaml is wrong."""
    units = {
        code: tuple(_unit(state) for state in states)
        for code, states in listed.states.items()
        if any(state.root_code == DISTRICT for state in states)
    }
    path = settings.authority_dir / "declarations.yaml"
    entries = read_once(path, dict[str, DutyEntry])
    levels: dict[str, set[str]] = {}
    others: dict[str, None] = {}
    for plan in known:
        for target in plan.rows:
            if plan.code == plan_code:
                levels.setdefault(target["indicator_code"], set()).add(target["level"])
                if target["how"] == "declared" and target["indicator_code"] not in entries:
                    what = f"{target['indicator_code']} ({target['target_no']} of {plan.code})"
                    raise NotConfigured(f"{path.name}: {what} is declared, but nobody is named for it{_near(target, entries, known)}")
            others.setdefault(target["indicator_code"])
    for code in (code for code in entries if code not in others):
        if code not in (listed_codes := catalogue(settings)):
            raise NotConfigured(f"{path.name}, {code}: there is no such indicator{near(code, {**others, **listed_codes}) or '.'}")
    found = [
        duty
        for code in levels
        if (entry := _checked(path.name, code, entries.get(code), units)) is not None
        for unit, states in units.items()
        if any(map((duty := _duty(code, unit, entry, levels[code])).holds_for, states))
    ]
    asked = {(duty.indicator_code, duty.unit_code) for duty in found}
    # A figure that is not required is accepted too: only unknown indicators and units are forbidden in a declared workbook. An indicator
    # of another plan is known too.
    found += [
        Duty(code, unit, entry.form, False, UNASKED)
        for code in [*levels, *(code for code in others if code not in levels)]
        if (entry := entries.get(code)) is not None
        for unit in units
        if (code, unit) not in asked
    ]
    return Duties(
        {code: states[-1] for code, states in units.items()}, tuple(found), tuple(state for states in units.values() for state in states)
    )


def _unit(state: State) -> Unit:
    return Unit(state.unit_code, state.name, state.level, state.kind, state.valid_from, state.valid_to)


def _near(target: Mapping[str, Any], entries: Collection[str], known: tuple[Plan, ...]) -> str:
    """The entry that is probably meant for a target: one whose code is in no plan."""
    listed = {row["indicator_code"] for plan in known for row in plan.rows}
    return near(target["indicator_code"], [code for code in entries if code not in listed]).replace("did you mean", "is it misspelt as")


def _checked(file: str, code: str, entry: DutyEntry | None, units: Collection[str]) -> DutyEntry | None:
    if entry is None:
        return None
    by = [] if isinstance(entry.declared_by, str) else entry.declared_by
    strange = [name for name in by if name not in GROUPS and name not in units]
    if strange:
        hint = near(strange[0], [*GROUPS, *units]) or "."
        raise NotConfigured(
            f"{file}, {code}: declared_by is each_unit, or a list of unit codes and {', '.join(GROUPS)}; "
            f"unknown: {', '.join(strange)}{hint}"
        )
    return entry


def _duty(code: str, unit: str, entry: DutyEntry, levels: set[str]) -> Duty:
    """The duty of a unit by an entry. The unit may never be of the kind and level that the entry names."""
    by = entry.declared_by
    kinds = KINDS if by == EACH_UNIT else None if unit in by else tuple(GROUPS[name] for name in by if name in GROUPS)
    return Duty(code, unit, entry.form, entry.required, entry.reason, kinds, None if "all" in levels else tuple(sorted(levels)))


def load_duties(connection: Connection, settings: Settings) -> list[str]:
    """Bring core.declaration up to date, plan by plan. Returns a sentence for each change.

    Duties that are no longer in the list are deleted. If a unit now has to declare an indicator, or no longer has to, the months with
    another coverage of the indicator are marked. An ended plan keeps its duties, and a unit that was removed from its list keeps its own.
    """
    before = {
        (row["plan_code"], row["indicator_code"], row["unit_code"]): row
        for row in query(
            connection, "select plan_code, indicator_code, unit_code, form, is_required, reason, kinds, levels from core.declaration"
        )
    }
    units = stored_units(connection)
    now_asked = {
        (plan.code, duty.indicator_code, duty.unit_code): vars(duty)
        | {"plan_code": plan.code, "kinds": _list(duty.kinds), "levels": _list(duty.levels)}
        for plan in plans(settings)
        for duty in _crossed(settings, plan.code, plans(settings), units).duties
    }
    messages = []
    changed: set[tuple[str, str]] = set()
    for plan in plans(settings):
        had, has = ({key[1:]: row for key, row in rows.items() if key[0] == plan.code} for rows in (before, now_asked))
        if had:
            messages += _describe_changes(plan.code, had, has, changed)
        else:
            required = {row["indicator_code"] for row in has.values() if row["is_required"]}
            messages.append(f"{plan.code}: units have to declare {len(required)} indicators (the authority's declarations.yaml)")
            changed |= {(plan.code, code) for code in required}
    other = [row for key, row in now_asked.items() if key not in before or any(before[key][name] != row[name] for name in before[key])]
    if other:
        connection.execute(text(sql(settings, "core/declaration")), other)
    gone = [key for key in before if key not in now_asked and key[0] in {plan.code for plan in plans(settings)}]
    if gone:
        connection.execute(
            text("delete from core.declaration where plan_code = :plan and indicator_code = :code and unit_code = :unit"),
            [{"plan": plan, "code": code, "unit": unit} for plan, code, unit in gone],
        )
    return messages + _mark_coverage(connection, settings, changed)


def _describe_changes(
    plan: str, before: dict[tuple[str, str], Any], after: dict[tuple[str, str], Any], changed: set[tuple[str, str]]
) -> list[str]:
    """One sentence for each indicator whose duties changed. Adds to `changed` the (plan, indicator) pairs whose coverage may change."""
    messages = []
    for code in sorted({key[0] for key in (*before, *after)}):
        old, new = ({unit: row for (item, unit), row in rows.items() if item == code} for rows in (before, after))
        had, have = ({unit for unit, row in rows.items() if row["is_required"]} for rows in (old, new))
        parts = []
        if have - had:
            parts.append(f"has to be declared by {_listed(have - had)} too")
        if had - have:
            parts.append(f"has no longer to be declared by {_listed(had - have)}")
        both = old.keys() & new.keys()
        forms = {(old[unit]["form"], new[unit]["form"]) for unit in both if old[unit]["form"] != new[unit]["form"]}
        parts += [f"is declared as a {form} and no longer as a {earlier}" for earlier, form in sorted(forms)]
        # Older versions of this software did not store the kinds and levels of an entry; to add them is not a change.
        of_whom = [(_of_whom(old[unit]), _of_whom(new[unit])) for unit in both]
        if not parts and any(was != (None, None) and was != will for was, will in of_whom):
            parts.append("is asked of units of another kind or level")
        if not parts and any(old[unit]["reason"] != new[unit]["reason"] for unit in both):
            parts.append("has another reason why it is declared")
        if parts:
            messages.append(f"{plan}: {code} {' and '.join(parts)}")
        if had != have or any(_of_whom(old[unit]) != _of_whom(new[unit]) for unit in had & have):
            changed.add((plan, code))
    return messages


def _of_whom(row: Any) -> tuple[Any, Any]:
    """The kinds and levels of the units that have a duty; None means any."""
    return row["kinds"], row["levels"]


def _list(values: tuple[str, ...] | None) -> list[str] | None:
    return None if values is None else list(values)


def _listed(units: Iterable[str]) -> str:
    found = sorted(units, key=lambda code: [int(part) if part.isdigit() else 0 for part in code.split(".")])
    return ", ".join(found[:5]) + (f" and {len(found) - 5} more" if len(found) > 5 else "")


def _mark_coverage(connection: Connection, settings: Settings, changed: set[tuple[str, str]]) -> list[str]:
    """Mark the months in which a stored value of these (plan, indicator) pairs has another coverage by the current duties."""
    declared = role_clocks(connection).of(ROLE)
    if not declared or not changed:
        return []
    source, known_at = next(iter(declared.items()))
    marked = run_file(
        connection,
        settings,
        "core/declaration_dirty_month",
        source=source,
        changed=json.dumps([{"plan_code": plan, "indicator_code": code} for plan, code in sorted(changed)]),
        root=DISTRICT,
        known_at=known_at,
        now=now(),
    ).scalars()
    months = sorted(f"{month:%Y-%m}" for month in marked)
    return [f"the coverage of declared figures is another one in {', '.join(months)}: `cchc refresh` computes them"] if months else []
