"""Which columns of a model the indicators count by, read from the SQL that counts: no profile has to name them, and none can forget one.

The SQL is that of the indicators (also those of the authority's folder), and whatever it reads in turn: views, functions, and the facts of
dossiers. A column counts where its name stands in a statement that reads records of its model; of `select *` the names beside it count.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path

from cchc.models import MODELS
from cchc.settings import PROJECT, authority_dir

SQL_DIR = PROJECT / "include" / "sql"
CHANGED_AT = "_changed_at"
COMMENT = re.compile(r"--[^\n]*|^comment on .*?;\n", re.DOTALL | re.MULTILINE)
REFERENCE = re.compile(r"\b(core|mart)\.(\w+)|\b(?:from|join)\s+(\w+)\b(?!\.)")
WORD = re.compile(r"\w+")


def counted_columns(model: str) -> frozenset[str]:
    """The names in the SQL of all indicators that read records of a model; those of its columns are what they count by.

    The change time is among them: it decides which version of a record is in force.
    """
    return _by_model(authority_dir()).get(model, frozenset())


@lru_cache
def _by_model(authority: Path) -> dict[str, frozenset[str]]:
    read: dict[Path, str] = {}
    for folder in (SQL_DIR / "queries" / "indicators", authority / "indicators"):
        for path in sorted(folder.glob("*.sql")):
            _visit(path, read)
    found = {}
    for model in MODELS:
        relation = re.compile(rf"\bcore\.{model}(?:_version|_list)?\b")
        view = SQL_DIR / "core" / "views" / f"{model}.sql"  # it has every column, whoever reads it
        words = {word for path, text in read.items() if path != view and relation.search(text) for word in WORD.findall(text)}
        found[model] = frozenset({*words, CHANGED_AT}) if words else frozenset()
    return found


def _visit(path: Path, read: dict[Path, str]) -> None:
    """Read a file, and the files of what it refers to."""
    if path in read:
        return
    read[path] = text = COMMENT.sub("", path.read_text(encoding="utf-8"))
    for other in _referred(text):
        _visit(other, read)


def _referred(text: str) -> Iterator[Path]:
    """The files that make the relations and functions of a statement; a temporary table has no schema, and its file is in core."""
    for schema, named, bare in set(REFERENCE.findall(text)):
        folder, name = SQL_DIR / (schema or "core"), named or bare
        places = (folder / f"{name}.sql", *((folder / kind / f"{name}.sql" for kind in ("views", "functions")) if schema else ()))
        yield from (path for path in places if path.is_file())
