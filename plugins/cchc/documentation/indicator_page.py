"""docs/reference/indicators.md: what each indicator counts, from the catalogue, the plans, the SQL files and docs/reference/text."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

from cchc.documentation.pages import code, header, joined, repository, table
from cchc.reference.catalogue import Indicator, catalogue
from cchc.reference.entries import DutyEntry
from cchc.reference.plan import plans
from cchc.reference.plan_folder import Plan
from cchc.settings import PROJECT, Settings
from cchc.typed import read

NAME = "indicators.md"
CASES = PROJECT / "tests" / "sql" / "indicators"
ITEMS = {
    "row": "each counted record",
    "person": "a person, once in each scope",
    "unit": "a unit, once in each scope",
    "declared": "a declared figure",
}
LEVELS = {"all": "all scopes", "district": "district level", "commune": "commune level"}


def text() -> str:
    """The page. Raises NotConfigured if an indicator of the catalogue is not in the text, or the other way round."""
    settings = repository()
    listed = catalogue(settings)
    clauses = clauses_of(plans(settings))
    parts = {f"indicator: {item.code}": _part(settings, item, clauses) for item in listed.values() if item.item != "declared"}
    return joined(NAME, parts | {"declared": _declared(settings, [item for item in listed.values() if item.item == "declared"], clauses)})


def clauses_of(found: tuple[Plan, ...]) -> dict[str, list[str]]:
    """The clauses of every plan by indicator, each in one line: number, section, level, target and words."""
    clauses: dict[str, list[str]] = defaultdict(list)
    for plan in found:
        rows: dict[str, list[dict[str, Any]]] = defaultdict(list)
        for row in plan.rows:
            rows[row["target_no"]].append(row)
        for number, group in rows.items():
            row, levels = group[0], " and ".join(LEVELS.get(item["level"], f"{item['level']} level") for item in group)
            clauses[row["indicator_code"]].append(
                f"{number} of {plan.code} (section {row['section']}; {levels}): {wanted(row)}: «{row['clause_vi']}»"
            )
    return clauses


def wanted(row: dict[str, Any]) -> str:
    """What a row of core.plan_target demands, in words."""
    if row["target"] is None:
        return f"direction, {row['operator_text']}"
    sign = "" if row["operator"] == "=" else "≥ "
    return f"{sign}{row['target'] * 100:f} %".replace(".0 %", " %").replace(".00 %", " %") + f", {row['kind']}"


def _part(settings: Settings, item: Indicator, clauses: dict[str, list[str]]) -> str:
    files = [f"include/sql/{item.part(role)}.sql" for role in item.roles]
    folders = [CASES / file.rpartition("/")[2].removesuffix(".sql") for file in files]
    cases = [path.name for folder in folders for path in sorted(folder.glob("*")) if path.is_dir()]
    rows = [
        ("clause of the plan", "<br>".join(clauses.get(item.code, ["none: it is measured, not judged"]))),
        ("kind, role", f"{code([item.kind])}, {code(item.roles)}; formula version {item.version}"),
        ("numerator (tử số)", item.numerator_vi),
        ("denominator (mẫu số)", item.denominator_vi),
        ("formula", "the number of items" if item.kind == "count" else "numerator ÷ denominator"),
        ("item", ITEMS[item.item] + (f"; units that its SQL names: {code(item.units)}" if item.units else "")),
        ("coverage", code([item.coverage]) if item.coverage else "none: a catalogue is counted"),
        ("SQL", code(files)),
        ("take care", " / ".join(header(settings.sql_dir / f"{item.part(role)}.sql", "traps") for role in item.roles)),
        ("planted cases", code(cases)),
    ]
    return f"### {item.code}\n\n**{item.name_vi}** · {item.name_en}\n\n" + table(("", ""), rows)


def _declared(settings: Settings, items: list[Indicator], clauses: dict[str, list[str]]) -> str:
    duties = read(settings.authority_dir / "declarations.yaml", dict[str, DutyEntry])
    rows = [
        (
            f"`{item.code}`",
            f"{item.name_vi}<br>{item.name_en}",
            duties[item.code].form,
            item.numerator_vi,
            item.denominator_vi,
            "<br>".join(clauses.get(item.code, [])),
        )
        for item in items
    ]
    return table(("indicator", "name", "form", "`TuSo`", "`MauSo`", "clause of the plan"), rows)
