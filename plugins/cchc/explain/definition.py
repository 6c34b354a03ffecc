"""What an indicator means, in words: those of the catalogue, of the plan, and of docs/reference/text/indicators.md."""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from pathlib import Path

from sqlalchemy import Connection

from cchc.period import Period
from cchc.reference.catalogue import Indicator, statement_of
from cchc.reference.plan import plan_of
from cchc.settings import PROJECT, Settings
from cchc.warehouse.queries import ask

TEXT = PROJECT / "docs" / "reference" / "text" / "indicators.md"
_PART = re.compile(r"<!-- indicator: (\w+) -->\n(.*?)(?=\n<!-- |\n## |\Z)", re.DOTALL)


@dataclass(frozen=True)
class Clause:
    """A clause of the plan. `level`: where its target stands (all, district, commune). `target`: a fraction; None = a direction."""

    target_no: str
    section: str
    clause_vi: str
    level: str
    operator_text: str
    target: Decimal | None
    lead_agency: str


@dataclass(frozen=True)
class Definition:
    """The definition of an indicator. `clauses`: those of the plan that holds in the period; empty if none holds.

    `holds`: whether a plan holds in the period. `words`: the paragraphs of the reference, in Markdown; None for an indicator without them
    (declared ones). `query`: the SQL that counts, of every role.
    """

    indicator: Indicator
    plan_code: str
    holds: bool
    clauses: tuple[Clause, ...]
    words: str | None
    query: str


def definition(connection: Connection, settings: Settings, item: Indicator, period: Period) -> Definition:
    """The definition of an indicator in a period."""
    plan = plan_of(connection, period)
    rows = ask(connection, "explain/clause", plan=plan.plan_code, code=item.code) if plan.holds else []
    clauses = tuple(Clause(**row) for row in rows)
    return Definition(item, plan.plan_code, plan.holds, clauses, words_of(item.code), statement_of(settings, item))


def words_of(code: str) -> str | None:
    """What the reference says of an indicator, in Markdown; None where it says nothing."""
    return _parts(TEXT).get(code) if TEXT.exists() else None


@cache
def _parts(path: Path) -> dict[str, str]:
    return {code: text.strip() for code, text in _PART.findall(path.read_text(encoding="utf-8"))}
