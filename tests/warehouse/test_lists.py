"""What a changed list touches rests on what core.procedure_at takes from which list."""

from __future__ import annotations

import re

from cchc.settings import PROJECT
from cchc.warehouse.composed import _AS_OF_J

SQL = re.sub(r"--[^\n]*", "", (PROJECT / "include" / "sql" / "core" / "functions" / "procedure_at.sql").read_text(encoding="utf-8"))


def taken_from(alias: str) -> set[str]:
    """The columns that the function takes from the newest list (n), or from the list in force at J (f), beside the key."""
    return set(re.findall(rf"\b{alias}\.(\w+)", SQL[SQL.rindex("select\n    n.procedure_code") :])) - {"_key"}


def test_what_is_taken_from_the_newest_list_touches_every_month() -> None:
    """A column on the wrong side would leave a month as it was, in silence, where it has another value."""
    assert "valid_from" in taken_from("n") and "has_fee" in taken_from("f")
    assert _AS_OF_J["procedure"] == taken_from("f")
    assert not _AS_OF_J["procedure"] & taken_from("n")
