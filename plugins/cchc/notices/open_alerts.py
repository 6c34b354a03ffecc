"""Which alerts are open, asked without all that finds and tells them: every task of Airflow that succeeds asks this."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from cchc.settings import Settings
from cchc.warehouse import engine, query


def open_subjects(settings: Settings, event: str, subjects: Collection[str]) -> list[str]:
    """Those of the subjects of which an alert of the event is open."""
    with engine(settings).connect() as connection:
        rows = query(
            connection,
            "select subject from ops.alert where ended_at is null and event = :e and subject = any(:s)",
            {"e": event, "s": list(subjects)},
        )
    return [row["subject"] for row in rows]


def open_facts(settings: Settings, event: str) -> list[tuple[str, dict[str, Any]]]:
    """The subject and the facts of each open alert of an event."""
    with engine(settings).connect() as connection:
        rows = query(connection, "select subject, facts from ops.alert where ended_at is null and event = :e", {"e": event})
    return [(row["subject"], row["facts"]) for row in rows]


def is_open(settings: Settings, events: Collection[str], source: str) -> bool:
    """Whether an alert of one of these events is open for a source."""
    with engine(settings).connect() as connection:
        found = query(
            connection,
            "select 1 from ops.alert where ended_at is null and source_code = :s and event = any(:e)",
            {"s": source, "e": list(events)},
        )
    return bool(found)
