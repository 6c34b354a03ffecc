"""Two kinds of rules for the suites that Great Expectations (GX) does not have.

Import this module only inside functions, because importing GX takes seconds. Both are `UnexpectedRowsExpectation`s whose query is written
from their arguments, so the suites stay readable, and GX evaluates them itself in the audit.
"""

from __future__ import annotations

import re
from typing import Any, ClassVar

from great_expectations.compatibility import pydantic
from great_expectations.expectations.core.unexpected_rows_expectation import UnexpectedRowsExpectation

NAME = re.compile(r"[a-z_][a-z0-9_]*")


def _column(values: dict[str, Any]) -> str:
    column = values.get("column")
    if not isinstance(column, str) or not NAME.fullmatch(column):
        raise ValueError(f"column must be the plain name of a column, found {column!r}")
    return column


class ExpectKnownUnit(UnexpectedRowsExpectation):  # type: ignore[misc]  # Great Expectations is not followed
    """`expect_known_unit`: the unit code is in core.unit. `missing_allowed` says whether it may also be missing."""

    column: str
    missing_allowed: bool = False

    success_keys: ClassVar[tuple[str, ...]] = ("unexpected_rows_query", "column", "missing_allowed")

    @pydantic.root_validator(pre=True)  # type: ignore[untyped-decorator]  # as above
    def _write_query(cls, values: dict[str, Any]) -> dict[str, Any]:
        column = _column(values)
        missing = f"subselect.{column} is not null and " if values.get("missing_allowed", False) else ""
        known = f"select 1 from core.unit as unit where unit.unit_code = subselect.{column}"
        return {**values, "unexpected_rows_query": f"select _row from {{batch}} where {missing}not exists ({known})"}


class ExpectListedCode(UnexpectedRowsExpectation):  # type: ignore[misc]  # Great Expectations is not followed
    """`expect_listed_code`: the value is there and one of `value_set` (all numbers, or all texts).

    If the value may be missing, use `expect_column_values_to_be_in_set` of GX.
    """

    column: str
    value_set: list[Any]

    success_keys: ClassVar[tuple[str, ...]] = ("unexpected_rows_query", "column", "value_set")

    @pydantic.root_validator(pre=True)  # type: ignore[untyped-decorator]  # as above
    def _write_query(cls, values: dict[str, Any]) -> dict[str, Any]:
        column, listed = _column(values), values.get("value_set") or []
        if not listed or not (all(type(value) is int for value in listed) or all(type(value) is str for value in listed)):
            raise ValueError("value_set must be numbers, or texts")
        words = ", ".join(str(value) if isinstance(value, int) else "'" + value.replace("'", "''") + "'" for value in listed)
        words = words.replace("{", "{{").replace("}", "}}")
        return {**values, "unexpected_rows_query": f"select _row from {{batch}} where {column} is null or {column} not in ({words})"}
