"""SQL that is longer than two lines stands in include/sql, or, where names are composed, in cchc/warehouse/composed.py."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from cchc.settings import PROJECT

COMPOSED = PROJECT / "plugins" / "cchc" / "warehouse" / "composed.py"
LONGEST = 280  # two lines
STATEMENT = re.compile(r"\s*(select|insert into|update|delete from|with|merge into|create)\s")


def long_statements(content: str) -> Iterator[tuple[int, str]]:
    """Line and first words of each string in Python code that is a statement of more than two lines."""
    tree = ast.parse(content)
    inside = {id(part) for node in ast.walk(tree) if isinstance(node, ast.JoinedStr) for part in ast.walk(node) if part is not node}
    for node in ast.walk(tree):
        if id(node) in inside:
            continue
        if isinstance(node, ast.JoinedStr):
            words = "".join(str(part.value) if isinstance(part, ast.Constant) else "x" for part in node.values)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            words = node.value
        else:
            continue
        if len(words) > LONGEST and STATEMENT.match(words):
            yield node.lineno, " ".join(words.split())[:60]


def _code() -> list[Path]:
    return [path for folder in ("plugins", "dags") for path in sorted((PROJECT / folder).rglob("*.py")) if path != COMPOSED]


def test_long_sql_stands_in_files() -> None:
    found = [f"{path.relative_to(PROJECT)}:{line} {words}" for path in _code() for line, words in long_statements(path.read_text("utf-8"))]
    assert len(_code()) > 100
    assert found == [], "put the statement into include/sql; where names are composed, into cchc/warehouse/composed.py"


def test_a_long_statement_is_found() -> None:
    columns = ", ".join(f"column_{number}" for number in range(30))
    assert list(long_statements(f'query(connection, "select {columns} from core.dossier")')) == [(1, f"select {columns}"[:60])]
    assert list(long_statements(f'query(connection, f"select {columns} from {{table}}")')) == [(1, f"select {columns}"[:60])]
    assert list(long_statements('query(connection, "select 1 from core.dossier")')) == []


def test_what_is_composed_has_names_in_it() -> None:
    """A statement of composed.py without a name in braces is static: it belongs into a file."""
    tree = ast.parse(COMPOSED.read_text("utf-8"))
    inside = {id(part) for node in ast.walk(tree) if isinstance(node, ast.JoinedStr) for part in ast.walk(node)}
    static = [
        node.lineno
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in inside
        if len(node.value) > LONGEST and STATEMENT.match(node.value)
    ]
    assert static == []
