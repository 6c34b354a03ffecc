"""A dossier is looked up in the lists of its own month, and not beside every other dossier (docs/performance.md)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from cchc.period import ZONE
from cchc.settings import Settings
from cchc.warehouse import asked_binds, engine, sql
from cchc.warehouse.queries import read_statement
from tests.sql.runner import due

OF_LISTS = {"load", "extract"}  # the tables behind ops.key_list


def test_only_dossiers_that_a_list_leaves_out_are_compared_with_the_lists_before_it(warehouse: Settings) -> None:
    """PostgreSQL expects one list where there are many, and compared each dossier of a first extract with each other: 37 s for 25,000.

    So the order is said by the statement: nothing but the dossiers that are missing is joined with ops.key_list.
    """
    statement = sql(warehouse, "mart/dossier")
    with engine(warehouse).connect() as connection:
        due(connection, warehouse, {}, "dossier_due")  # the temporary tables that the statement reads
        asked = read_statement(f"explain (format json, costs off) {statement}")
        (plan,) = connection.execute(asked, asked_binds(statement, {"zone": ZONE.key})).scalar_one()
    joins = [names for step in _steps(plan["Plan"]) if "load" in (names := _read_by(step)) and len(names - OF_LISTS) == 1]
    assert joins, "the lists are joined with nothing, or with several things at once"
    assert set.union(*joins) - OF_LISTS == {"missing"}


def _steps(step: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield step
    for inner in step.get("Plans", []):
        yield from _steps(inner)


def _read_by(step: dict[str, Any]) -> set[str]:
    """What a step of a plan and those below it read: tables, and named parts of the statement."""
    return {str(name) for each in _steps(step) for name in (each.get("Relation Name"), each.get("CTE Name")) if name is not None}
