"""Who declares what: include/reference/declarations.yaml read strictly, crossed with the plan's levels and the list of units."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache
from typing import Any

import yaml
from sqlalchemy import Connection, text

from cchc.errors import NotConfigured, WrongUse
from cchc.indicators.plan import DISTRICT, targets
from cchc.period import add_months
from cchc.settings import Settings

SOURCE = "declared"
FORMS = ("rate", "count", "score")
UNASKED = "Không bắt buộc; số liệu gửi đến vẫn được tiếp nhận"
GROUPS = {"each_office": "office", "each_public_service_unit": "public_service_unit", "each_commune": "commune"}
KINDS = tuple(GROUPS.values())  # the district's own code declares nothing: its offices do


@dataclass(frozen=True)
class Unit:
    """One unit of the district, as include/reference/units.csv has it."""

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
    """One indicator that a unit has to declare, or (`is_required` false) may."""

    indicator_code: str
    unit_code: str
    form: str
    is_required: bool
    reason: str

    @property
    def is_asked(self) -> bool:
        """Whether the list of declarations names the unit for it; what it does not is taken in all the same."""
        return self.reason != UNASKED


@dataclass(frozen=True)
class Duties:
    """The whole list, and the units it is about."""

    units: dict[str, Unit]
    duties: tuple[Duty, ...]

    def of(self, unit: str) -> dict[str, Duty]:
        """What a unit may declare: what it is asked for in the plan's order, then the rest of the plan."""
        return {duty.indicator_code: duty for duty in self.duties if duty.unit_code == unit}

    def declaring(self, month: date) -> list[Unit]:
        """The units that have to declare something in a month."""
        wanted = {duty.unit_code for duty in self.duties if duty.is_required}
        return [unit for unit in self.units.values() if unit.code in wanted and unit.is_valid_in(month)]

    def unit(self, code: str, month: date) -> Unit:
        """A unit that declares in that month. Raises WrongUse."""
        known = [unit.code for unit in self.declaring(month)]
        if code not in known:
            raise WrongUse(f"'{code}' declares nothing in {month:%Y-%m}; units that do: {', '.join(known)}")
        return self.units[code]


def duties(settings: Settings) -> Duties:
    """The list of this installation. Raises NotConfigured where declarations.yaml is not as it should be."""
    stamps = tuple((settings.reference_dir / name).stat().st_mtime_ns for name in ("declarations.yaml", "units.csv"))
    return _duties(settings, stamps)


@cache
def _duties(settings: Settings, _stamps: tuple[int, ...]) -> Duties:
    from cchc.reference import units as listed_units

    units = {row["unit_code"]: _unit(row) for row in listed_units(settings) if row["root_code"] == DISTRICT}
    path = settings.reference_dir / "declarations.yaml"
    entries = yaml.safe_load(path.read_text(encoding="utf-8"))
    levels: dict[str, set[str]] = {}
    for target in targets(settings):
        levels.setdefault(target["indicator_code"], set()).add(target["level"])
        if target["how"] == "declared" and target["indicator_code"] not in entries:
            raise NotConfigured(f"{path.name}: {target['indicator_code']} ({target['target_no']}) is declared, but nobody is named for it")
    found = [
        Duty(code, unit.code, entry.get("form", "rate"), entry.get("required", True), entry["reason"])
        for code in levels
        if (entry := _checked(path.name, code, entries.get(code), units)) is not None
        for unit in _declaring(entry["declared_by"], units)
        if unit.level in levels[code] or "all" in levels[code]
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
    return Duties(units, tuple(found))


def _unit(row: dict[str, Any]) -> Unit:
    ends = row["valid_to"]
    return Unit(
        row["unit_code"],
        row["name"],
        row["level"],
        row["kind"],
        date.fromisoformat(row["valid_from"]),
        date.fromisoformat(ends) if ends else None,
    )


def _checked(file: str, code: str, entry: Any, units: dict[str, Unit]) -> dict[str, Any] | None:
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


def _declaring(by: str | list[str], units: dict[str, Unit]) -> list[Unit]:
    if by == "each_unit":
        return [unit for unit in units.values() if unit.kind in KINDS]
    kinds = {GROUPS[name] for name in by if name in GROUPS}
    return [unit for unit in units.values() if unit.code in by or unit.kind in kinds]


def load_duties(connection: Connection, settings: Settings) -> None:
    """Bring core.declaration up to date; what is gone from the list goes."""
    rows = [vars(duty) for duty in duties(settings).duties]
    connection.execute(
        text(
            """insert into core.declaration as t (indicator_code, unit_code, form, is_required, reason)
            values (:indicator_code, :unit_code, :form, :is_required, :reason)
            on conflict (indicator_code, unit_code) do update set form = excluded.form, is_required = excluded.is_required,
                reason = excluded.reason
            where (t.form, t.is_required, t.reason) is distinct from (excluded.form, excluded.is_required, excluded.reason)"""
        ),
        rows,
    )
    connection.execute(
        text("delete from core.declaration where indicator_code || ' ' || unit_code <> all(:kept)"),
        {"kept": [f"{row['indicator_code']} {row['unit_code']}" for row in rows]},
    )
