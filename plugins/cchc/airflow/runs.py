"""What a DAG run asks for: its window and its T, from its parameters or its schedule."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from cchc.period import parse_moment


def moment(text: str | None) -> datetime | None:
    """A parameter as a moment; None where it is empty."""
    return parse_moment(text) if text else None


def window(params: dict[str, Any], logical_date: datetime | None) -> tuple[datetime | None, datetime | None]:
    """The (from, to) of an ingest run: its parameters, else T is the scheduled moment, so that a run again has the same T.

    A run by hand has no logical date: its T is now.
    """
    return moment(params.get("from")), moment(params.get("to")) or logical_date
