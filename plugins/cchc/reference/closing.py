"""When a period may be closed: the configured waiting and approval of include/reference/closing.yaml."""

from __future__ import annotations

from dataclasses import dataclass

from cchc.errors import NotConfigured
from cchc.reference.entries import CLOSING_DEADLINE_HOURS as DEADLINE_HOURS
from cchc.reference.entries import ClosingFile
from cchc.settings import Settings
from cchc.typed import read


@dataclass(frozen=True)
class Closing:
    """How periods are closed: who approves (`person` or `rule`), what the rule demands, how long to wait for what is late.

    `deadline_hours`: after how many hours people are told that a run of close_month has not published yet.
    """

    approval: str
    missing_units: int
    absent_sources: int
    wait_hours: float
    deadline_hours: float


def closing(settings: Settings) -> Closing:
    """The configuration. Raises NotConfigured where the file is not as it should be."""
    said = read(settings.reference_dir / "closing.yaml", ClosingFile)
    return Closing(said.approval, said.rule.missing_units, said.rule.absent_sources, said.wait_hours, said.deadline_hours)


def deadline_hours(settings: Settings) -> float:
    """The configured deadline of close_month in hours; the default where the file is not as it should be, which the run's tasks tell."""
    try:
        return closing(settings).deadline_hours
    except NotConfigured:
        return DEADLINE_HOURS
