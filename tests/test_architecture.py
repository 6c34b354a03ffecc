"""docs/architecture.md: the rooms that it names are those that there are, and what a change takes is what each example has."""

from __future__ import annotations

import re

import pytest
import yaml

from cchc.models import VERSIONED
from cchc.settings import PROJECT

PAGE = (PROJECT / "docs" / "architecture.md").read_text(encoding="utf-8")
PACKAGE = PROJECT / "plugins" / "cchc"


def files_of(what: str) -> list[str]:
    """The files that the page lists under «A source», «A model» …"""
    section = PAGE.split(f"\n### A{'n' if what[0] in 'aeiou' else ''} {what}\n")[1].split("\n### ")[0]
    return re.findall(r"^- `([^`]+)`$", section, flags=re.MULTILINE)


def keys_of(file: str) -> list[str]:
    return list(yaml.safe_load((PROJECT / "include" / "reference" / file).read_text(encoding="utf-8")))


COMPUTED = [
    code
    for code, entry in yaml.safe_load((PROJECT / "include" / "reference" / "indicators.yaml").read_text(encoding="utf-8")).items()
    if entry["role"] != "declared"
]
EXAMPLES = (
    [("source", path.stem) for path in sorted((PROJECT / "include" / "sources").glob("*.yaml"))]
    + [("model", model.name) for model in VERSIONED]
    + [("indicator", code) for code in COMPUTED]
    + [("finding", code) for code in keys_of("findings.yaml")]
    + [("form", "form_06a"), ("form", "score")]
)


@pytest.mark.parametrize(("what", "name"), EXAMPLES)
def test_every_example_has_the_files_that_the_page_lists(what: str, name: str) -> None:
    listed = files_of(what)
    assert listed
    for file in listed:
        path = PROJECT / file.replace(f"<{what}>", name)
        assert path.exists(), f"docs/architecture.md says that {name} has {path.relative_to(PROJECT)}"
        if f"<{what}>" not in file and what != "form":
            assert name in path.read_text(encoding="utf-8"), f"{file} does not name {name}"


def test_every_room_is_named_and_no_other() -> None:
    table = PAGE.split("## Rooms")[1].split("## The way of a record")[0]
    cells = [line.split("|")[1] for line in table.splitlines() if line.startswith("| `")]
    named = {room.rstrip("/") for cell in cells for room in re.findall(r"`([^`]+)`", cell)}
    rooms = {
        path.stem
        for path in PACKAGE.iterdir()
        if path.name != "__init__.py" and not path.name.startswith(("__", ".")) and path.name != "py.typed"
    }
    assert named == rooms


@pytest.mark.parametrize("path", sorted(set(re.findall(r"`((?:[a-z]+/)+[a-z_0-9]+\.(?:py|sql))`", PAGE))))
def test_every_file_that_is_named_is_there(path: str) -> None:
    roots = (PACKAGE, PROJECT / "include" / "sql", PROJECT)
    assert any((root / path).exists() for root in roots) or "<" in path, path
