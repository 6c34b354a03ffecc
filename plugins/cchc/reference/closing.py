"""When a period may be closed: the waiting time and the approval that the authority's closing.yaml configures."""

from __future__ import annotations

from dataclasses import dataclass

from cchc.errors import NotConfigured
from cchc.reference.entries import CLOSING_DAY, ClosingFile
from cchc.reference.entries import CLOSING_DEADLINE_HOURS as DEADLINE_HOURS
from cchc.settings import Settings
from cchc.typed import read


@dataclass(frozen=True)
class Closing:
    """How periods are closed: who approves (`person` or `rule`), what the rule requires, and how long to wait for late sources.

    `deadline_hours`: the number of hours after which a notice is sent that a run of close_month has not published yet.
    `closing_day`: the day of the month on which the month before is closed.
    """

    approval: str
    missing_units: int
    absent_sources: int
    wait_hours: float
    deadline_hours: float = DEADLINE_HOURS
    closing_day: int = CLOSING_DAY


def closing(settings: Settings) -> Closing:
    """The configuration of the closing. Raises NotConfigured if the file is wrong."""
    entries = read(settings.authority_dir / "closing.yaml", ClosingFile)
    return Closing(
        entries.approval,
        entries.rule.missing_units,
        entries.rule.absent_sources,
        entries.wait_hours,
        entries.deadline_hours,
        entries.closing_day,
    )


def deadline_hours(settings: Settings) -> float:
    """The configured deadline of close_month in hours.

    If the file is wrong, it is the default: the DAG must still load, and the tasks of its run report the error.
    """
    try:
        return closing(settings).deadline_hours
    except NotConfigured:
        return DEADLINE_HOURS


def closing_cron(settings: Settings) -> str:
    """When close_month runs: at 6:00 on the closing day; on the default day if the file is wrong, as in `deadline_hours`."""
    try:
        day = closing(settings).closing_day
    except NotConfigured:
        day = CLOSING_DAY
    return f"0 6 {day} * *"
