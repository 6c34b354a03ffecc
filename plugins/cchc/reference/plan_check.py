"""Judge a plan before it is loaded: what its files say, beside the catalogue, the declarations, the units, and the other plans.

A mistake must be corrected. A remark is what a person should look at: it can be meant.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from cchc.errors import WrongUse
from cchc.near import near, or_known
from cchc.reference.catalogue import DECLARED, Indicator, catalogue
from cchc.reference.entries import DutyEntry
from cchc.reference.plan import overlaps, plan_folders
from cchc.reference.plan_folder import ALL, HEADER, Plan, PlanFault, Written, read_plan
from cchc.reference.unit_list import FILE, read_units
from cchc.reference.units import Units
from cchc.settings import Settings
from cchc.typed import read

_NUMBER = re.compile(r"([TD])(\d+)[a-z]?")


@dataclass(frozen=True)
class PlanVerdict:
    """What is said of one plan. `plan`: None where its files cannot be read."""

    folder: Path
    plan: Plan | None
    mistakes: tuple[PlanFault, ...]
    remarks: tuple[str, ...]


def folder_of(settings: Settings, name: str) -> Path:
    """The folder of a plan: a path, or the code of a plan in include/plans. Raises WrongUse if there is none."""
    for folder in (settings.plans_dir / name, Path(name)):
        if folder.is_dir():
            return folder
    known = [folder.name for folder in plan_folders(settings.plans_dir)]
    raise WrongUse(f"'{name}' is neither a folder nor a plan of {settings.plans_dir}{or_known(name, known)}")


def check_plan(settings: Settings, folder: Path) -> PlanVerdict:
    """Judge one plan by its folder. Nothing is loaded and the warehouse is not asked.

    Raises NotConfigured if the catalogue, the declarations or the units cannot be read, because then nothing can be said of the plan.
    """
    plan, faults = read_plan(folder)
    if plan is None:
        return PlanVerdict(folder, None, faults, ())
    known, duties = catalogue(settings), read(settings.authority_dir / "declarations.yaml", dict[str, DutyEntry])
    units = read_units(settings.authority_dir / FILE)
    mistakes = [fault for each in _lines(plan) for fault in _indicator(each, known, duties)]
    mistakes += _levels(plan, folder, units)
    mistakes += overlaps(settings.plans_dir, [plan, *_others(settings, folder)])
    remarks = [*plan.remarks, *_offices(plan, units), *_gaps(plan), *_header(plan)]
    return PlanVerdict(folder, plan, tuple(mistakes), tuple(remarks))


def _lines(plan: Plan) -> list[Written]:
    """Each line of the plan once; a line with several levels gives several rows."""
    return list({(each.file, each.line): each for each in plan.written}.values())


def _others(settings: Settings, folder: Path) -> list[Plan]:
    """The other plans of include/plans that can be read. A plan of the same code takes the place of the one there, it is no other."""
    found = [read_plan(other)[0] for other in plan_folders(settings.plans_dir) if other.name != folder.name]
    return [plan for plan in found if plan is not None]


def _indicator(each: Written, known: dict[str, Indicator], duties: dict[str, DutyEntry]) -> Iterable[PlanFault]:
    """A fault where nothing computes or declares the indicator of a line."""
    code, how = each.row["indicator_code"], each.row["how"]
    item = known.get(code)
    if how == "declared" and code not in duties:
        words = f"indicator {code} is declared, and declarations.yaml does not say by whom{near(code, duties) or '.'}"
        yield PlanFault(each.file, each.line, "indicator", f"{words} Add it there, or correct the code")
    elif how == "computed" and item is None:
        words = f"indicator {code} is computed, and indicators.yaml has none of that code{near(code, known) or '.'}"
        yield PlanFault(each.file, each.line, "indicator", f"{words} Add it there, or correct the code")
    elif how == "computed" and item is not None and item.item == DECLARED:
        yield PlanFault(each.file, each.line, "how", f"how is 'computed', and indicator {code} is declared by units: write declared")
    if item is not None and item.kind == "count" and each.row["target"] is not None:
        words = f"indicator {code} counts and has no denominator, so it reaches no share of 100"
        yield PlanFault(each.file, each.line, "target_of_count", f"{words}; give it a direction, or name a rate")


def _levels(plan: Plan, folder: Path, units: Units) -> list[PlanFault]:
    """A fault for each level of the header at which no unit exists while the plan holds."""
    years = plan.years
    there = {
        state.level
        for states in units.states.values()
        for state in states
        if state.valid_from <= years.valid_to and (state.valid_to is None or state.valid_to >= years.valid_from)
    }
    return [
        PlanFault(
            folder / HEADER, None, "level_of_no_unit",
            f"levels names {level}, and units.csv has no unit of that level {plan.span}; there are: {', '.join(sorted(there)) or 'none'}",
        )
        for level in plan.header.levels
        if level not in there
    ]  # fmt: skip


def _offices(plan: Plan, units: Units) -> list[str]:
    """A remark for each office that answers for targets and is called like no unit: papers print the name as the plan writes it."""
    names = {units.at(code, plan.years.valid_from).name for code in units}
    offices: dict[str, Written] = {}
    for each in plan.written:
        offices.setdefault(each.row["lead_agency"], each)
    return [
        f"{each.file}, line {each.line}: lead_agency '{office}' is the name of no unit in units.csv{near(office, names) or '.'} "
        "Papers print it as it is written"
        for office, each in offices.items()
        if office not in names
    ]


def _gaps(plan: Plan) -> list[str]:
    """A remark where the numbers of the targets leave one out."""
    told = []
    for letter in "TD":
        numbers = sorted(
            {int(found[2]) for each in plan.written if (found := _NUMBER.fullmatch(each.row["target_no"])) and found[1] == letter}
        )
        missing = [f"{letter}{number:02d}" for number in range(1, max(numbers, default=0)) if number not in numbers]
        if missing:
            file = f"{'targets' if letter == 'T' else 'directions'}.csv"
            told.append(f"{plan.code}/{file}: no line has the number {', '.join(missing)}; is one missing?")
    return told


def _header(plan: Plan) -> list[str]:
    """Remarks on the header: a level that no target names, and a day of signature that lies after the plan."""
    header, named = plan.header, {row["level"] for row in plan.rows if row["kind"] != "direction"}
    told = [
        f"{plan.code}/{HEADER}: levels names {level}, and no target stands at {level} or at {ALL}"
        for level in header.levels
        if level not in named and ALL not in named
    ]
    if header.date > header.last_day:
        told.append(f"{plan.code}/{HEADER}: it was signed on {header.date}, after the last day on which it holds, {header.last_day}")
    return told
