"""docs/reference/plan.md: the targets and directions of every plan, and who declares what, from include/plans and declarations.yaml."""

from __future__ import annotations

from collections.abc import Callable
from itertools import groupby
from typing import Any

from cchc.documentation.indicator_page import wanted
from cchc.documentation.pages import code, joined, repository, table
from cchc.reference.entries import EACH_UNIT, DutyEntry
from cchc.reference.plan import plans
from cchc.reference.plan_folder import Plan
from cchc.typed import read

NAME = "plan.md"


def text() -> str:
    """The page."""
    settings = repository()
    found = plans(settings)
    duties = read(settings.authority_dir / "declarations.yaml", dict[str, DutyEntry])
    return joined(
        NAME,
        {
            "plans": table(("plan", "holds from", "to", "targets", "directions"), [_years(plan) for plan in found]),
            "targets": "\n\n".join(_targets(plan) for plan in found),
            "directions": "\n\n".join(_directions(plan) for plan in found),
            "duties": table(("indicator", "declared by", "form", "needed", "why there"), [_duty(*entry) for entry in duties.items()]),
        },
    )


def _years(plan: Plan) -> tuple[str, ...]:
    groups = [group for _, group in _by_number(plan)]
    directions = sum(group[0]["kind"] == "direction" for group in groups)
    years = plan.years
    return f"`{plan.code}`", f"{years.valid_from}", f"{years.valid_to}", f"{len(groups) - directions}", f"{directions}"


def _by_number(plan: Plan) -> list[tuple[str, list[dict[str, Any]]]]:
    return [(number, list(rows)) for number, rows in groupby(plan.rows, lambda row: str(row["target_no"]))]


def _targets(plan: Plan) -> str:
    def own(group: list[dict[str, Any]]) -> tuple[str, ...]:
        return ", ".join(row["level"] for row in group), wanted(group[0])

    return _table(plan, ("level", "target, kind"), own, is_direction=False)


def _directions(plan: Plan) -> str:
    return _table(plan, ("direction",), lambda group: (group[0]["operator_text"],), is_direction=True)


def _table(plan: Plan, names: tuple[str, ...], own: Callable[[list[dict[str, Any]]], tuple[str, ...]], *, is_direction: bool) -> str:
    """The directions of a plan, or its other targets. Arguments: `names` and `own`, the columns that only the one or the other has."""
    rows = [
        (number, first["section"], f"«{first['clause_vi']}»", _indicator(first), *own(group), first["how"], first["lead_agency"])
        for number, group in _by_number(plan)
        if ((first := group[0])["kind"] == "direction") == is_direction
    ]
    return table(("no.", "section", "clause", "indicator", *names, "how", "office"), rows)


def _indicator(row: dict[str, Any]) -> str:
    anchor = row["indicator_code"] if row["how"] == "computed" else "8-the-declared-indicators"
    return f"[`{row['indicator_code']}`](indicators.md#{anchor})"


def _duty(indicator: str, entry: DutyEntry) -> tuple[str, ...]:
    by = "each unit" if entry.declared_by == EACH_UNIT else code(entry.declared_by)
    return f"`{indicator}`", by, entry.form, "yes" if entry.required else "no: it is computed", entry.reason
