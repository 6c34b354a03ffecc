"""The data dictionary: a page for analysts, generated from the comments in the warehouse.

    python -m cchc.documentation.dictionary > docs/data-dictionary.md        for the warehouse that `cchc init` created

The comments are in the migrations and, for views and functions, in their files (`comment on …`).
tests/warehouse/test_dictionary.py compares the page with them.
"""

from __future__ import annotations

import sys
from itertools import groupby
from operator import itemgetter
from typing import Any

from sqlalchemy import Connection

from cchc.period import ZONE
from cchc.settings import Settings
from cchc.warehouse import engine, require_migrated
from cchc.warehouse.queries import ask

SCHEMAS = {
    "mart": "What people read: stable names, no personal data. Roles: cchc_analyst, cchc_dashboard and cchc_unit read it.",
    "core": "Entities with their history. Role: cchc_analyst reads it, without the keyed hashes of persons.",
    "ops": "What the pipeline did: loads, checks, quarantine, clocks. Role: cchc_analyst reads the loads and their results.",
}
KINDS = {"r": "table", "p": "table", "v": "view", "m": "materialized view"}
SHORT = {"timestamp with time zone": "timestamptz", "character varying": "varchar"}


def dictionary(settings: Settings) -> str:
    """The page: every table and view of mart, core and ops with its key, columns and comments, and the functions of mart.

    Raises NotConfigured if the warehouse is not migrated.
    """
    require_migrated(settings)
    lines = [
        "# Data dictionary",
        "",
        "What the words and numbers mean: [reference](reference/README.md), above all [indicators](reference/indicators.md) and the",
        "[glossary](reference/glossary.md).",
        "",
        "Generated from the comments of the database by `make dictionary`; do not edit.",
        "A comment is English · Tiếng Việt (of ops English alone). Columns that begin with `_` are made by the pipeline.",
        f"Times are `timestamptz`, judged in {ZONE.key}; a `_rate` is a fraction, a `_percent` the same times 100, a `_vnd` whole đồng.",
        "Who may read what: [roles](guides/roles.md); twenty worked questions: [questions](guides/questions.md).",
    ]
    with engine(settings).connect() as connection:
        relations = ask(connection, "warehouse/relation", schemas=list(SCHEMAS))
        for schema, words in SCHEMAS.items():
            lines += ["", f"## {schema}", "", words]
            for relation in relations:
                if relation["schema"] == schema:
                    lines += _relation(connection, relation)
            if schema == "mart":
                lines += _functions(connection)
    return "\n".join(lines) + "\n"


def _relation(connection: Connection, relation: dict[str, Any]) -> list[str]:
    key = f" Key: `{relation['primary_key']}`." if relation["primary_key"] else ""
    lines = [
        "",
        f"### {relation['schema']}.{relation['name']} ({KINDS[relation['kind']]})",
        "",
        f"{_cell(relation['words'])}.{key}",
        "",
        "| column | type | |",
        "|---|---|---|",
    ]
    for column in ask(connection, "warehouse/column", oid=relation["oid"]):
        required = " not null" if column["is_required"] else ""
        lines.append(f"| `{column['name']}` | {_type(column['type'])}{required} | {_cell(column['words'])} |")
    return lines


def _functions(connection: Connection) -> list[str]:
    lines: list[str] = []
    for (name, arguments, comment), rows in groupby(
        ask(connection, "warehouse/function"), itemgetter("function_name", "arguments", "words")
    ):
        about, *described = (comment or "").splitlines() or [""]
        words = dict(line.partition(": ")[::2] for line in described)
        call = arguments.replace("DEFAULT", "=").replace("::text", "")
        lines += ["", f"### mart.{name} (function)", "", f"{_cell(about)}.", "", f"Call: `mart.{name}({call})`", ""]
        lines += ["| argument or column | type | |", "|---|---|---|"]
        for row in rows:
            given = "" if row["is_given"] else "argument: "
            lines.append(f"| `{row['column_name']}` | {given}{_type(row['type'])} | {_cell(words.get(row['column_name']))} |")
    return lines


def _type(name: str) -> str:
    for long, short in SHORT.items():
        name = name.replace(long, short)
    return name


def _cell(words: str | None) -> str:
    return " ".join((words or "").split()).replace("|", "·").rstrip(".")


if __name__ == "__main__":
    sys.stdout.write(dictionary(Settings.load()))
