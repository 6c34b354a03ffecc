"""What a plan asks otherwise than another one, for example than that of the year before.

Lines are compared by indicator, because numbers of targets move from year to year.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from cchc.reference.catalogue import catalogue
from cchc.reference.plan_folder import DESCRIBED, Plan, Written
from cchc.settings import Settings

CHANGES = ("header", "new", "dropped", "changed", "definition")  # in this order they are told
_WORDS = {"kind": "kind", "how": "how", "lead_agency": "office", "section": "section", "clause_vi": "clause"}


@dataclass(frozen=True)
class Difference:
    """One difference.

    `change`: one of CHANGES. `number`: as the newer plan has it, else as the older one. `indicator`: None where the header differs.
    """

    change: str
    number: str
    indicator: str | None
    words: str


def differences(settings: Settings, before: Plan, after: Plan) -> list[Difference]:
    """What `after` asks otherwise than `before`: the header, then new, dropped and changed lines, then other definitions.

    A definition is another one where the plans describe the indicator otherwise, or where another version of its formula holds on the last
    day of the one plan than on that of the other.
    """
    old, new = _lines(before), _lines(after)
    found = [Difference("header", "", None, words) for words in _headers(before, after)]
    found += [Difference("new", _number(new[code]), code, _asked(new[code])) for code in new if code not in old]
    found += [Difference("dropped", _number(old[code]), code, _asked(old[code])) for code in old if code not in new]
    for code in new:
        if code in old:
            found += _changed(code, old[code], new[code])
            found += _formula(settings, code, before, after, _number(new[code]))
    return sorted(found, key=lambda each: CHANGES.index(each.change))


def _lines(plan: Plan) -> dict[str, list[Written]]:
    """The rows of each indicator, in the order of the plan."""
    found: dict[str, list[Written]] = {}
    for each in plan.written:
        found.setdefault(each.row["indicator_code"], []).append(each)
    return found


def _headers(before: Plan, after: Plan) -> list[str]:
    pairs = {
        "number": (before.header.number, after.header.number),
        "date": (before.header.date, after.header.date),
        "title": (before.header.title, after.header.title),
        "holds": (before.span, after.span),
        "levels": (", ".join(before.header.levels), ", ".join(after.header.levels)),
    }
    return [f"{name}: {old} → {new}" for name, (old, new) in pairs.items() if old != new]


def _changed(code: str, old: list[Written], new: list[Written]) -> list[Difference]:
    """The differences of an indicator that both plans have."""
    words = []
    if _number(old) != _number(new):
        words.append(f"number {_number(old)} → {_number(new)}")
    if _asked(old) != _asked(new):
        words.append(f"{_asked(old)} → {_asked(new)}")
    words += [f"{_WORDS[name]} {was} → {now}" for name in _WORDS if (was := _all(old, name)) != (now := _all(new, name))]
    found = [Difference("changed", _number(new), code, "; ".join(words))] if words else []
    described = [
        f"the plan describes it otherwise: {name} «{was}» → «{now}»"
        for name in DESCRIBED
        if (was := _cell(old, name)) != (now := _cell(new, name)) and was and now
    ]
    return found + [Difference("definition", _number(new), code, words) for words in described]


def _formula(settings: Settings, code: str, before: Plan, after: Plan, number: str) -> list[Difference]:
    """The difference of the versions of the formula that hold on the last days of the two plans."""
    days = (before.years.valid_to, after.years.valid_to)
    held = [item.version if (item := catalogue(settings, day).get(code)) else None for day in days]
    if held[0] == held[1]:
        return []
    words = f"version {held[0]} of its formula at the end of {days[0]}, version {held[1]} at the end of {days[1]}"
    return [Difference("definition", number, code, f"{words}: a year is not compared with the other")]


def _number(lines: list[Written]) -> str:
    return ", ".join(dict.fromkeys(each.row["target_no"] for each in lines))


def _asked(lines: list[Written]) -> str:
    """What the lines of an indicator ask, by level: "all >= 96 %", "district = 100 %, commune = 80 %", "up"."""
    return ", ".join(
        str(row["operator"]) if row["target"] is None else f"{row['level']} {row['operator']} {_percent(row['target'])}"
        for row in (each.row for each in lines)
    )


def _percent(target: Decimal) -> str:
    return f"{(target * 100).normalize():f} %"


def _all(lines: list[Written], name: str) -> Any:
    return ", ".join(dict.fromkeys(each.row[name] for each in lines))


def _cell(lines: list[Written], name: str) -> str:
    return "; ".join(dict.fromkeys(each.cells.get(name, "") for each in lines))
