"""The results of the checks, as rows of ops.check_result."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal, NamedTuple

from psycopg import Connection

from cchc.warehouse.queries import for_psycopg


class CheckResult(NamedTuple):
    """The result of one rule for a load: its action, whether it passed, how many rows break it, and a sentence."""

    rule: str
    action: str
    is_success: bool
    unexpected_count: int
    message: str


def write_results(connection: Connection[Any], phase: Literal["check", "audit"], results: Mapping[int, Sequence[CheckResult]]) -> None:
    """Write the results of one phase, by load; results of the same rules are replaced."""
    with connection.cursor() as cursor:
        rows = [{"load_id": load_id, "phase": phase, **result._asdict()} for load_id, of_load in results.items() for result in of_load]
        cursor.executemany(for_psycopg("quality/check_result"), rows)
