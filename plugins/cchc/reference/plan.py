"""The plans: their targets and directions, read from the folders of include/plans, and the plan that a period belongs to.

A plan is one folder (cchc.reference.plan_folder reads it); the name of the folder is its code. There may be several plans: each holds in
the periods whose last day is among its days, independent of CCHC_PLAN.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable
from datetime import date
from functools import lru_cache
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple

from sqlalchemy import Connection

from cchc.authority import authority
from cchc.errors import NotConfigured
from cchc.period import Period
from cchc.reference.plan_folder import Plan, PlanFault, Years, is_left_alone, read_plan
from cchc.settings import Settings, plans_name
from cchc.warehouse import query

YEARS_BEFORE = 1  # indicators are computed from the year before the earliest plan on, because directions and the scorecard compare with it
DISTRICT = authority().code  # the root of the units for which the plan holds
FAULTS_SHOWN = 10
_PAIR = re.compile(r"(?P<code>.+_(?P<year>\d{4}))_(?:targets|directions)\.csv")


class Place(NamedTuple):
    """The plan that a period belongs to. `holds`: whether its targets hold in the period; if not, the period is only filed under it."""

    plan_code: str
    holds: bool


def place(plans: Iterable[Years], day: date) -> Place:
    """The plan of the period whose last day is `day`.

    For a running period, `day` is the last day of the whole period, so it does not depend on known_at. The plan is the one whose years
    include the day. If there is none, no target holds, and the period is filed under the nearest later plan, or, without a later one, under
    the nearest earlier plan. Raises NotConfigured if there is no plan at all.
    """
    known = list(plans)
    for plan in known:
        if plan.valid_from <= day <= plan.valid_to:
            return Place(plan.plan_code, True)
    later = [plan for plan in known if plan.valid_from > day]
    if later:
        return Place(min(later, key=lambda plan: plan.valid_from).plan_code, False)
    if known:
        return Place(max(known, key=lambda plan: plan.valid_to).plan_code, False)
    raise NotConfigured(f"no plan is loaded: put its folder into {plans_name()} and run `cchc init`")


def loaded_years(connection: Connection) -> list[Years]:
    """The plans that `cchc init` has loaded and whose folders still exist."""
    rows = query(connection, "select plan_code, valid_from, valid_to from core.plan where ended_at is null order by valid_from")
    return [Years(**row) for row in rows]


def plan_of(connection: Connection, period: Period) -> Place:
    """The plan that a period belongs to, among the loaded plans. Raises NotConfigured if no plan is loaded."""
    return place(loaded_years(connection), period.last_day)


def plans(settings: Settings) -> tuple[Plan, ...]:
    """Every plan in include/plans, the earliest first.

    Raises NotConfigured, with file, line and rule, if something cannot be read, if two plans hold on one day, or if CCHC_PLAN names none
    of the plans.
    """
    folder = settings.plans_dir
    found = _read_all(folder, tuple((str(path), hashlib.sha256(path.read_bytes()).hexdigest()) for path in plan_files(settings)))
    if settings.plan not in {plan.code for plan in found}:
        raise NotConfigured(
            f"CCHC_PLAN names the plan {settings.plan}, and {folder} has none of that name; "
            f"there are: {', '.join(plan.code for plan in found)}"
        )
    return found


def plan_files(settings: Settings) -> list[Path]:
    """Every file that is read for the plans, and every one that does not belong there: they change where a plan changes."""
    found = [path for folder in _kept(settings.plans_dir) for path in (_kept(folder) if folder.is_dir() else [folder])]
    return [path for path in found if path.is_file()]


def plan_folders(folder: Path) -> list[Path]:
    """The folders of plans in a folder, by name. Raises NotConfigured if anything else lies there, or there is none."""
    inside = _kept(folder)
    loose = [path for path in inside if not path.is_dir()]
    if loose:
        raise NotConfigured("\n".join(dict.fromkeys(_loose(path) for path in loose)))
    if not inside:
        raise NotConfigured(f"{folder} has no plan: a plan is a folder with plan.yaml, targets.csv and directions.csv")
    return inside


def _kept(folder: Path) -> list[Path]:
    """What lies in a folder and is not left alone, by name. A folder that does not exist has nothing."""
    return [path for path in sorted(folder.iterdir()) if not is_left_alone(path)] if folder.is_dir() else []


def _loose(path: Path) -> str:
    """What to do with a file that lies beside the folders of plans."""
    pair = _PAIR.fullmatch(path.name)
    if pair is None:
        return (
            f"{path}: a plan is a folder with plan.yaml, targets.csv and directions.csv; put the file into the folder of its plan, or take "
            "it out"
        )
    code, year = pair["code"], pair["year"]
    return (
        f"{path.parent}: the plan {code} lies there as two files, and a plan is a folder now. Make the folder {code}, move the two files "
        f"into it as targets.csv and directions.csv, and write plan.yaml beside them, with number, date, title, levels and years: [{year}] "
        "(docs/guides/plans.md). It stays the same plan: no number and no publication changes"
    )


def plan_on(settings: Settings, day: date) -> Plan:
    """The plan in include/plans to which a day belongs, by the rule of `place`."""
    found = plans(settings)
    code = place((plan.years for plan in found), day).plan_code
    return next(plan for plan in found if plan.code == code)


def chosen(settings: Settings) -> Plan:
    """The plan that CCHC_PLAN names."""
    return next(plan for plan in plans(settings) if plan.code == settings.plan)


def in_words(settings: Settings) -> str:
    """A text that lists every plan in include/plans, their remarks, and which of them CCHC_PLAN names."""
    found = plans(settings)
    messages = [f"{plan.code}: {plan.words}" for plan in found] + [f"CCHC_PLAN names {settings.plan}"]
    return "; ".join([*messages, *(remark for plan in found for remark in plan.remarks)])


def targets(settings: Settings) -> list[dict[str, Any]]:
    """The rows of core.plan_target for the plan that CCHC_PLAN names: 41 targets and 6 directions in the plan of 2023."""
    return list(chosen(settings).rows)


def first_day(settings: Settings) -> date:
    """The first day whose periods are computed without a request: 1 January of the year before the year of the earliest plan.

    Earlier periods are computed on request (`cchc refresh 2021-06`).
    """
    return computed_from(plans(settings)[0].years.valid_from)


def computed_from(valid_from: date) -> date:
    """The first day whose periods are computed without a request, where the earliest plan holds from `valid_from` on."""
    return date(valid_from.year - YEARS_BEFORE, 1, 1)


@lru_cache(maxsize=8)
def _read_all(folder: Path, stamps: tuple[tuple[str, str], ...]) -> tuple[Plan, ...]:
    """The plans of a folder whose files have these paths and hashes. The result is cached, because a load needs it often."""
    found: list[Plan] = []
    faults: list[PlanFault] = []
    for each in plan_folders(folder):
        plan, wrong = read_plan(each)
        faults += wrong
        found += [plan] if plan else []
    faults = faults or overlaps(folder, found)
    if faults:
        more = len(faults) - FAULTS_SHOWN
        raise NotConfigured("\n".join(map(str, faults[:FAULTS_SHOWN])) + (f"\nand {more} more" if more > 0 else ""))
    return tuple(sorted(found, key=lambda plan: plan.years.valid_from))


def overlaps(folder: Path, found: Iterable[Plan]) -> list[PlanFault]:
    """A fault for each two plans of a folder that follow one another and hold on one day."""
    ordered = sorted((plan.years for plan in found), key=lambda years: (years.valid_from, years.plan_code))
    return [
        PlanFault(
            folder, None, "overlap",
            f"{before.plan_code} and {after.plan_code} both hold on {after.valid_from}; a period belongs to one plan, so one must go, "
            "or end before",
        )
        for before, after in pairwise(ordered)
        if after.valid_from <= before.valid_to
    ]  # fmt: skip
