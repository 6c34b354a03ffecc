"""Who declares what: include/reference/declarations.yaml read strictly, crossed with the plan's levels and the list of units."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache
from typing import Any

import yaml
from sqlalchemy import Connection, text

from cchc.errors import NotConfigured, WrongUse
from cchc.indicators.plan import DISTRICT, targets
from cchc.period import add_months
from cchc.reference_units import FILE, read_units, stored_units
from cchc.settings import Settings
from cchc.units import State, Units

SOURCE = "declared"
FORMS = ("rate", "count", "score")
UNASKED = "Không bắt buộc; số liệu gửi đến vẫn được tiếp nhận"
GROUPS = {"each_office": "office", "each_public_service_unit": "public_service_unit", "each_commune": "commune"}
KINDS = tuple(GROUPS.values())  # the district's own code declares nothing: its offices do


@dataclass(frozen=True)
class Unit:
    """One unit of the district in one of its states, as include/reference/units.csv has it; several where it was renamed, for example."""

    code: str
    name: str
    level: str
    kind: str
    valid_from: date
    valid_to: date | None

    def is_valid_in(self, month: date) -> bool:
        """Whether it exists at the end of a month."""
        last = add_months(month, 1) - timedelta(days=1)
        return self.valid_from <= last and (self.valid_to is None or self.valid_to >= last)


@dataclass(frozen=True)
class Duty:
    """One indicator that a unit has to declare, or (`is_required` false) may.

    `kinds`, `levels`: of which the unit is on the days on which it has to; None = of whichever.
    """

    indicator_code: str
    unit_code: str
    form: str
    is_required: bool
    reason: str
    kinds: tuple[str, ...] | None = None
    levels: tuple[str, ...] | None = None

    def holds_for(self, unit: Unit) -> bool:
        """Whether a unit has it in one of its states."""
        return (self.kinds is None or unit.kind in self.kinds) and (self.levels is None or unit.level in self.levels)

    @property
    def is_asked(self) -> bool:
        """Whether the list of declarations names the unit for it; what it does not is taken in all the same."""
        return self.reason != UNASKED


@dataclass(frozen=True)
class Duties:
    """The whole list, and the units it is about: each as it is now, and in all its states."""

    units: dict[str, Unit]
    duties: tuple[Duty, ...]
    states: tuple[Unit, ...]

    def of(self, unit: str) -> dict[str, Duty]:
        """What a unit may declare: what it is asked for in the plan's order, then the rest of the plan."""
        return {duty.indicator_code: duty for duty in self.duties if duty.unit_code == unit}

    def declaring(self, month: date) -> list[Unit]:
        """The units that have to declare something in a month, as they are at its end."""
        required: dict[str, list[Duty]] = {}
        for duty in self.duties:
            if duty.is_required:
                required.setdefault(duty.unit_code, []).append(duty)
        at_its_end = [state for state in self.states if state.is_valid_in(month)]
        return [unit for unit in at_its_end if any(duty.holds_for(unit) for duty in required.get(unit.code, ()))]

    def unit(self, code: str, month: date) -> Unit:
        """A unit that declares in that month, as it is at its end. Raises WrongUse."""
        known = {unit.code: unit for unit in self.declaring(month)}
        if code not in known:
            raise WrongUse(f"'{code}' declares nothing in {month:%Y-%m}; units that do: {', '.join(known)}")
        return known[code]


def duties(settings: Settings) -> Duties:
    """The list of this installation. Raises NotConfigured where declarations.yaml is not as it should be."""
    stamps = tuple((settings.reference_dir / name).stat().st_mtime_ns for name in ("declarations.yaml", "units.csv"))
    return _duties(settings, stamps)


@cache
def _duties(settings: Settings, _stamps: tuple[int, ...]) -> Duties:
    return _crossed(settings, read_units(settings.reference_dir / FILE))


def _crossed(settings: Settings, listed: Units) -> Duties:
    """declarations.yaml crossed with a list of units. Raises NotConfigured where it is not as it should be."""
    units = {
        code: tuple(_unit(state) for state in states)
        for code, states in listed.states.items()
        if any(state.root_code == DISTRICT for state in states)
    }
    path = settings.reference_dir / "declarations.yaml"
    entries = yaml.safe_load(path.read_text(encoding="utf-8"))
    levels: dict[str, set[str]] = {}
    for target in targets(settings):
        levels.setdefault(target["indicator_code"], set()).add(target["level"])
        if target["how"] == "declared" and target["indicator_code"] not in entries:
            raise NotConfigured(f"{path.name}: {target['indicator_code']} ({target['target_no']}) is declared, but nobody is named for it")
    found = [
        duty
        for code in levels
        if (entry := _checked(path.name, code, entries.get(code), units)) is not None
        for unit, states in units.items()
        if any(map((duty := _duty(code, unit, entry, levels[code])).holds_for, states))
    ]
    asked = {(duty.indicator_code, duty.unit_code) for duty in found}
    # a figure that nobody asked for is still a figure: the contract forbids unknown codes and units, no others
    found += [
        Duty(code, unit, entry.get("form", "rate"), False, UNASKED)
        for code in levels
        if (entry := entries.get(code)) is not None
        for unit in units
        if (code, unit) not in asked
    ]
    return Duties(
        {code: states[-1] for code, states in units.items()}, tuple(found), tuple(state for states in units.values() for state in states)
    )


def _unit(state: State) -> Unit:
    return Unit(state.unit_code, state.name, state.level, state.kind, state.valid_from, state.valid_to)


def _checked(file: str, code: str, entry: Any, units: Collection[str]) -> dict[str, Any] | None:
    if entry is None:
        return None
    allowed = {"declared_by", "form", "required", "reason"}
    if not isinstance(entry, dict) or not {"declared_by", "reason"} <= set(entry) <= allowed:
        raise NotConfigured(f"{file}: {code}: it needs declared_by and reason, and may have form and required")
    if entry.get("form", "rate") not in FORMS or not isinstance(entry.get("required", True), bool):
        raise NotConfigured(f"{file}: {code}: form is one of {', '.join(FORMS)}, required is true or false")
    by = entry["declared_by"]
    strange = [name for name in ([] if by == "each_unit" else by) if name not in GROUPS and name not in units]
    if not isinstance(by, (str, list)) or strange:
        raise NotConfigured(
            f"{file}: {code}: declared_by is each_unit, or a list of unit codes and {', '.join(GROUPS)}; "
            f"unknown: {', '.join(map(str, strange))}"
        )
    return dict(entry)


def _duty(code: str, unit: str, entry: dict[str, Any], levels: set[str]) -> Duty:
    """What an entry asks of a unit; whether it is ever of such a kind and level is another question."""
    by = entry["declared_by"]
    kinds = KINDS if by == "each_unit" else None if unit in by else tuple(GROUPS[name] for name in by if name in GROUPS)
    required, reason = entry.get("required", True), entry["reason"]
    return Duty(code, unit, entry.get("form", "rate"), required, reason, kinds, None if "all" in levels else tuple(sorted(levels)))


def load_duties(connection: Connection, settings: Settings) -> None:
    """Bring core.declaration up to date; what is gone from the list goes. A unit that is out of its list keeps what it had to declare."""
    rows = [
        vars(duty) | {name: list(value) if (value := getattr(duty, name)) is not None else None for name in ("kinds", "levels")}
        for duty in _crossed(settings, stored_units(connection)).duties
    ]
    connection.execute(
        text(
            """insert into core.declaration as t (indicator_code, unit_code, form, is_required, reason, kinds, levels)
            values (:indicator_code, :unit_code, :form, :is_required, :reason, :kinds, :levels)
            on conflict (indicator_code, unit_code) do update set form = excluded.form, is_required = excluded.is_required,
                reason = excluded.reason, kinds = excluded.kinds, levels = excluded.levels
            where (t.form, t.is_required, t.reason, t.kinds, t.levels)
                is distinct from (excluded.form, excluded.is_required, excluded.reason, excluded.kinds, excluded.levels)"""
        ),
        rows,
    )
    connection.execute(
        text("delete from core.declaration where indicator_code || ' ' || unit_code <> all(:kept)"),
        {"kept": [f"{row['indicator_code']} {row['unit_code']}" for row in rows]},
    )
