"""The JSON Schemas for editors: as the models say, named by each file, and they refuse what a reader refuses."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import yaml
from jsonschema import Draft202012Validator

from cchc.documentation.schemas import FOLDER, KINDS, text
from cchc.settings import PROJECT

FILES = [(name, path) for name, (_, files, _) in KINDS.items() for path in sorted((PROJECT / "include").glob(files))]
EXAMPLES = [
    ("profile", PROJECT / "docs" / "examples" / "dutch_permits.yaml"),
    ("plan", PROJECT / "docs" / "examples" / "plans" / "plan_99_KH-UBND_2024" / "plan.yaml"),
]


def faults(name: str, data: Any) -> list[str]:
    schema = json.loads((FOLDER / f"{name}.json").read_text(encoding="utf-8"))
    Draft202012Validator.check_schema(schema)
    return [error.message for error in Draft202012Validator(schema).iter_errors(data)]


def as_json(data: Any) -> Any:
    return json.loads(json.dumps(data, default=date.isoformat))


@pytest.mark.parametrize("name", KINDS)
def test_the_schemas_are_up_to_date(name: str) -> None:
    assert (FOLDER / f"{name}.json").read_text(encoding="utf-8") == text(name), "run `make schemas`"
    assert {path.stem for path in FOLDER.glob("*.json")} == set(KINDS)


@pytest.mark.parametrize(("name", "path"), FILES + EXAMPLES, ids=lambda value: value.name if isinstance(value, Path) else value)
def test_every_file_names_its_schema_and_fits_it(name: str, path: Path) -> None:
    first, *_ = path.read_text(encoding="utf-8").splitlines()
    assert first.startswith("# yaml-language-server: $schema=")
    assert (path.parent / first.partition("=")[2]).resolve() == FOLDER / f"{name}.json"
    assert faults(name, as_json(yaml.safe_load(path.read_text(encoding="utf-8")))) == []


def test_every_file_of_these_folders_has_a_schema() -> None:
    assert {path for _, path in FILES} == {
        path
        for files in (
            "sources/*.yaml",
            "reference/*.yaml",
            "authorities/*/*.yaml",
            "plans/*/*.yaml",
            "reports/*/*.yaml",
            "dashboard/*.yaml",
        )
        for path in (PROJECT / "include").glob(files)
    }


@pytest.mark.parametrize(("name", "path"), FILES, ids=lambda value: value.name if isinstance(value, Path) else value)
def test_an_editor_sees_a_misspelt_key(name: str, path: Path) -> None:
    data = as_json(yaml.safe_load(path.read_text(encoding="utf-8")))
    holder = (
        data
        if name in ("profile", "plan", "closing", "alerts", "unit_mail", "authority", "letterhead", "report_form_06a", "report_labels")
        else data["words"]["product"]
        if name == "dashboard_words"
        else data[0]
        if isinstance(data, list)
        else next(iter(data.values()))
    )
    key = next(iter(holder))
    holder[f"{key}x"] = holder.pop(key)
    assert any("unexpected" in fault for fault in faults(name, data)), faults(name, data)


def test_an_editor_sees_a_wrong_name_word_and_type() -> None:
    data = yaml.safe_load((PROJECT / "include" / "sources" / "one_stop.yaml").read_text(encoding="utf-8"))
    dossiers = data["entities"]["dossiers"]
    assert faults("profile", data | {"entities": {"Dossiers": dossiers}})
    assert faults("profile", data | {"overlap_hours": "24"})
    assert faults("profile", data | {"entities": {"dossiers": dossiers | {"mode": "windows"}}})
    assert faults("profile", data | {"http": data["http"] | {"auth": {"kind": "digest"}}})
