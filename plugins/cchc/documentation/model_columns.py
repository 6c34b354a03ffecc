"""The columns that a profile can fill of each model, with what they hold: from the comments of core, so that no warehouse is needed."""

from __future__ import annotations

import re
from pathlib import Path

from cchc.models import IDS
from cchc.profiles.layouts import read_layouts

COMMENT = re.compile(r"comment on column core\.(\w+)\.(\w+) is '((?:[^']|'')*)'")
KINDS = {
    "text": "text",
    "bigint": "whole number",
    "integer": "whole number",
    "smallint": "whole number",
    "boolean": "true or false",
    "date": "day",
    "timestamp with time zone": "time",
    "jsonb": "list of objects",
}
TABLES = ("{}_version", "{}_list", "{}")


def columns_of(sql_dir: Path, model: str) -> list[tuple[str, str, str]]:
    """The columns of a model: name, kind of its values, and what it holds; the last empty where no comment of core says it."""
    meanings: dict[tuple[str, str], str] = {}
    for path in [*sorted((sql_dir / "migrations").glob("*.sql")), *sorted((sql_dir / "core" / "views").glob("*.sql"))]:
        for table, column, words in COMMENT.findall(path.read_text(encoding="utf-8")):
            meanings[table, column] = words.replace("''", "'").partition(" | ")[0]
    tables = [table.format(model) for table in TABLES]
    found = []
    for name, kind in read_layouts(sql_dir)[model].items():
        if name.startswith("_") or name in IDS:
            continue
        own = [meanings[table, name] for table in tables if (table, name) in meanings]
        others = [words for (_, column), words in meanings.items() if column == name]
        meaning = next(iter((*own, *others)), "")
        found.append((name, KINDS[kind], meaning))
    return found
