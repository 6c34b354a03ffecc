"""The plan as data: targets and directions of include/plans, one row a cell and level."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

from cchc.errors import NotConfigured
from cchc.settings import Settings

FIRST_YEAR_BEFORE = 1  # indicators are kept from the year before the plan's: D01 and the scorecard compare with it
DISTRICT = "H19.16"  # root of the units that the plan binds


def first_day(settings: Settings) -> date:
    """The first day whose periods are computed without being asked for: 1 January of the year before the plan's year.

    The year stands at the end of the plan's file name. Older periods are computed on demand (`cchc refresh 2021-06`).
    """
    year = settings.plan.rpartition("_")[2]
    if not (year.isdigit() and len(year) == 4):
        raise NotConfigured(f"CCHC_PLAN '{settings.plan}' does not end in its year, as plan_53_KH-UBND_2023 does")
    return date(int(year) - FIRST_YEAR_BEFORE, 1, 1)


def _rows(path: Path) -> Iterator[dict[str, str]]:
    if not path.exists():
        raise NotConfigured(f"the plan needs {path.name} in include/plans; set CCHC_PLAN to a plan that is there")
    with path.open(encoding="utf-8", newline="") as file:
        yield from csv.DictReader(file)


def targets(settings: Settings) -> list[dict[str, Any]]:
    """Rows of core.plan_target for the plan of the settings: 41 target cells and 6 directions in the 2023 plan."""
    plan = settings.plan
    found: list[dict[str, Any]] = []
    for row in _rows(settings.plans_dir / f"{plan}_targets.csv"):
        for level in row["level"].split():
            found.append(_target(plan, row, len(found), level, row["operator"], Decimal(row["target_percent"]) / 100, row["kind"]))
    for row in _rows(settings.plans_dir / f"{plan}_directions.csv"):
        found.append(_target(plan, row, len(found), "all", row["direction"], None, "direction"))
    return found


def _target(plan: str, row: dict[str, str], order: int, level: str, operator: str, target: Decimal | None, kind: str) -> dict[str, Any]:
    return {
        "plan_code": plan,
        "target_no": row["target_no"],
        "target_order": order + 1,
        "section": row["section"],
        "clause_vi": row["clause_vi"],
        "indicator_code": row["indicator_code"],
        "level": level,
        "operator": operator,
        "target": target,
        "kind": kind,
        "lead_agency": row["lead_agency"],
        "how": row["how"],
    }
