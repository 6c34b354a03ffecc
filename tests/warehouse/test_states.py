"""The states in the code are those that the warehouse allows."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from cchc.settings import PROJECT
from cchc.states import ExtractStatus, LoadStatus, ValueStatus
from cchc.warehouse import engine

CONSTRAINTS = {"extract_status_ck": {state.value for state in ExtractStatus}, "load_status_ck": {state.value for state in LoadStatus}}
KNOWN = {*CONSTRAINTS["extract_status_ck"], *CONSTRAINTS["load_status_ck"], *(state.value for state in ValueStatus)}
COMPARED = re.compile(r"\bstatus\s*(?:=|<>)\s*'(\w+)'|\bstatus\s+(?:not\s+)?in\s*\(((?:\s*'\w+'\s*,?)+)\)")


@pytest.fixture(scope="module")
def allowed(new_warehouse: Callable[[Path], Any], tmp_path_factory: pytest.TempPathFactory) -> dict[str, set[str]]:
    """Constraint → the words that it allows."""
    with new_warehouse(tmp_path_factory.mktemp("states")) as settings, engine(settings).connect() as connection:
        rows = connection.execute(
            text("select conname, pg_get_constraintdef(oid) from pg_constraint where conname = any(:names)"), {"names": list(CONSTRAINTS)}
        ).all()
    return {name: set(re.findall(r"'(\w+)'", definition)) for name, definition in rows}


@pytest.mark.parametrize("name", CONSTRAINTS)
def test_states_are_those_of_the_constraint(name: str, allowed: dict[str, set[str]]) -> None:
    assert len(allowed[name]) >= 5
    assert allowed[name] == CONSTRAINTS[name]


def test_states_of_a_value_are_what_it_is_judged() -> None:
    judged = (PROJECT / "include" / "sql" / "core" / "functions" / "judged_status.sql").read_text("utf-8")
    words = {word for line in judged.splitlines() for word in re.findall(r"(?:then|else)\s+'(\w+)'", line)}
    assert words == {state.value for state in ValueStatus}


def test_every_state_in_sql_is_one() -> None:
    files = [path for path in (PROJECT / "include" / "sql").rglob("*.sql") if "migrations" not in path.parts]
    files += (PROJECT / "plugins" / "cchc").rglob("*.py")
    assert len(files) > 250
    assert [fault for path in files for fault in unknown_states(path.name, path.read_text("utf-8"))] == []


def test_a_misspelt_state_is_told() -> None:
    planted = "update ops.load set status = 'loadet' where status in ('landed', 'stagd') and status <> 'runing'"
    assert unknown_states("planted.sql", planted) == ["planted.sql: loadet", "planted.sql: stagd", "planted.sql: runing"]


def unknown_states(name: str, content: str) -> list[str]:
    """The words that a text compares with a column `status`, or sets it to, and that are no state of a run or load."""
    words = [word for match in COMPARED.finditer(content) for word in re.findall(r"'(\w+)'", match.group(0))]
    return [f"{name}: {word}" for word in words if word not in KNOWN]
