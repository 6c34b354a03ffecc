"""The columns of the models' staging tables, read from the migrations, so that a profile can be judged without a warehouse."""

from __future__ import annotations

import re
from pathlib import Path

TABLE = re.compile(r"create (?:unlogged )?table staging\.model_(\w+) \((.*?)\n\);", re.DOTALL)
ADDED = re.compile(r"alter table staging\.model_(\w+)\s+add column (?:if not exists )?(\w+) ([a-z]+)")
COLUMN = re.compile(r"^ {4}(\w+) ([a-z]+)", re.MULTILINE)
FULL_NAMES = {"timestamptz": "timestamp with time zone"}


def read_layouts(sql_dir: Path) -> dict[str, dict[str, str]]:
    """By model: column → SQL type of its staging table, in order. tests/profiles/test_check.py compares them with the database."""
    found: dict[str, dict[str, str]] = {}
    for path in sorted((sql_dir / "migrations").glob("*.sql")):
        text = path.read_text(encoding="utf-8")
        for model, body in TABLE.findall(text):
            found[model] = {name: FULL_NAMES.get(kind, kind) for name, kind in COLUMN.findall(body)}
        for model, name, kind in ADDED.findall(text):
            found[model][name] = FULL_NAMES.get(kind, kind)
    return found
