"""A trouble: something that people must be told of, once."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, get_args

from cchc.reference.entries import AlertEvent

EVENTS: tuple[str, ...] = get_args(AlertEvent)


@dataclass(frozen=True)
class Trouble:
    """One trouble. An event has at most one open alert of a `subject`, so a trouble that is seen again is not told again.

    `since`: since when it has been so. `facts`: what the message says (cchc.notices.words), as values of JSON and without personal data.
    `source`, `unit`, `level`: what it concerns, for the rules that say who is told; None: nothing alone. `unit` may be a scope (all).
    """

    event: str
    subject: str
    since: datetime
    facts: dict[str, Any] = field(default_factory=dict)
    source: str | None = None
    unit: str | None = None
    level: str | None = None
