"""The window of a DAG run, whose end becomes known_at: from the parameters of the run or from its schedule."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from cchc.period import parse_moment


def moment(text: str | None) -> datetime | None:
    """A parameter as a moment; None if it is empty."""
    return parse_moment(text) if text else None


def window(params: dict[str, Any], logical_date: datetime | None) -> tuple[datetime | None, datetime | None]:
    """The (from, to) of an ingest run: its parameters, or else `to` is the scheduled moment, so that a repeated run has the same known_at.

    A run that a person starts has no logical date; then `to` is None, and known_at is the current moment.
    """
    return moment(params.get("from")), moment(params.get("to")) or logical_date
