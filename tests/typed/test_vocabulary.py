"""docs/reference/profile.md is up to date and complete, and its codes are those of the rules and of the database."""

from __future__ import annotations

import json
from typing import Any

import pytest

from cchc.documentation.model_columns import columns_of
from cchc.documentation.vocabulary import FILE, text
from cchc.models import IDS
from cchc.profiles.layouts import read_layouts
from cchc.settings import PROJECT, Settings
from cchc.sources.codes import CODES, OWN_WORDS
from cchc.sources.profile_file import ProfileFile
from cchc.sources.profile_http import HttpFile
from cchc.typed import Typed
from tests.support.warehouse import rows_of

SETS = ("expect_column_values_to_be_in_set", "expect_listed_code")
LISTED = [(model, column) for model, columns in CODES.items() for column in columns if "." not in column]


def all_models(model: type[Typed] = Typed) -> set[type[Typed]]:
    return {model}.union(*(all_models(inner) for inner in model.__subclasses__()))


def test_the_page_is_up_to_date() -> None:
    assert FILE.read_text(encoding="utf-8") == text(), "run `make schemas`"


def test_every_key_of_a_profile_is_on_the_page_with_a_meaning() -> None:
    page = text()
    models = [model for model in all_models() if model.__module__ in (ProfileFile.__module__, HttpFile.__module__)]
    assert len(models) == 36
    for model in models:
        for name, field in model.model_fields.items():
            assert field.description, f"{model.__name__}.{name} has no description"
            assert f"| `{field.alias or name}` |" in page, f"{model.__name__}.{name}"


def test_every_column_of_a_model_is_on_the_page_with_a_meaning() -> None:
    page, sql = text(), PROJECT / "include" / "sql"
    layouts = read_layouts(sql)
    for model in CODES:
        columns = columns_of(sql, model)
        assert {name for name, _, _ in columns} == {name for name in layouts[model] if not name.startswith("_") and name not in IDS}
        part = page.partition(f"### {model}\n")[2].partition("\n### ")[0]
        for name, kind, meaning in columns:
            assert kind and meaning, f"{model}.{name}: comment on it in core"
            assert f"| `{name}` | {kind} | " in part


@pytest.mark.parametrize(("model", "column"), LISTED)
def test_the_codes_are_those_of_the_rules(model: str, column: str) -> None:
    suite: dict[str, Any] = json.loads((PROJECT / "expectations" / "staging" / f"{model}.json").read_text(encoding="utf-8"))
    sets = [rule["kwargs"]["value_set"] for rule in suite["expectations"] if rule["type"] in SETS and rule["kwargs"]["column"] == column]
    for allowed in sets:
        assert list(CODES[model][column]) == [str(word) for word in allowed]


def test_every_set_of_a_rule_is_on_the_page() -> None:
    for path in (PROJECT / "expectations" / "staging").glob("*.json"):
        for rule in json.loads(path.read_text(encoding="utf-8"))["expectations"]:
            if rule["type"] in SETS and rule["kwargs"]["value_set"] != [True]:
                assert rule["kwargs"]["column"] in CODES[path.stem], f"{path.stem}.{rule['kwargs']['column']}"


def test_every_code_column_of_the_database_is_on_the_page(warehouse: Settings) -> None:
    rows = rows_of(
        warehouse,
        """select substr(table_name, 7) as model, column_name from information_schema.columns
        where table_schema = 'staging' and table_name like 'model\\_%' and table_name <> 'model_dossier_key'
            and (column_name like '%\\_code' or data_type = 'smallint')""",
    )
    columns = {(row["model"], row["column_name"]) for row in rows} - {(row["model"], "file_revision") for row in rows}
    assert len(columns) > 40
    assert {row["model"] for row in rows} == set(CODES)
    unknown = {(model, column) for model, column in columns if column not in CODES[model] and column not in OWN_WORDS}
    assert unknown == set(), "say in codes.py what these may hold"
    assert {name for name in OWN_WORDS if name not in {column for _, column in columns}} == set()
    assert {(model, column) for model, column in LISTED if (model, column) not in columns} == {
        ("dossier", "processing_time_unit"),
        ("procedure", "processing_time_unit"),
    }, "a list of codes for a column that is none"
