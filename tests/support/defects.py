"""Defects that tests plant in include/sql: each says which text becomes which, and complains where the text is no longer there."""

from __future__ import annotations

import re

from cchc.settings import PROJECT

SQL = PROJECT / "include" / "sql"


def planted(sound: str, place: str, old: str, new: str, position: int | None = None) -> str:
    """The text `sound` of `place` with a defect: `old` becomes `new` at `position`, else where `old` stands first.

    Raises AssertionError where the text no longer says what the defect changes.
    """
    at = sound.find(old) if position is None else position
    assert old and sound.startswith(old, max(at, 0)), f"{place} no longer says {old!r}: mend the list of defects"
    return sound[:at] + new + sound[at + len(old) :]


def text_of(place: str) -> str:
    """The text in which a defect is planted: of the file `schema/table`, or of the statement that makes `schema.function`."""
    return (SQL / f"{place}.sql").read_text(encoding="utf-8") if "/" in place else statement_of(place)


def statement_of(name: str) -> str:
    """The statement that makes a function or a view, as one that replaces it: of its file, or of a migration where an index needs it.

    Raises AssertionError where no file makes it.
    """
    schema, _, plain = name.partition(".")
    pattern = re.compile(rf"^create (?:or replace )?(function|view) {re.escape(name)}\b.*?;(?=\ncomment on)", re.MULTILINE | re.DOTALL)
    files = [*SQL.glob(f"{schema}/*s/{plain}.sql")] or sorted(SQL.glob("migrations/*.sql"))
    made = [match.group(0) for path in files for match in pattern.finditer(path.read_text(encoding="utf-8"))]
    assert made, f"no file of include/sql makes {name}: mend the list of defects"
    return re.sub(r"^create (or replace )?", "create or replace ", made[-1])
