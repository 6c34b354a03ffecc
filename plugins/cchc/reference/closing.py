"""When a period may be closed: the configured waiting and approval of include/reference/closing.yaml."""

from __future__ import annotations

from dataclasses import dataclass

import yaml

from cchc.errors import NotConfigured
from cchc.settings import Settings

DEADLINE_HOURS = 120.0


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
    path = settings.reference_dir / "closing.yaml"
    try:
        entry = yaml.safe_load(path.read_text(encoding="utf-8"))
        rule = entry["rule"]
        found = Closing(
            entry["approval"],
            int(rule["missing_units"]),
            int(rule["absent_sources"]),
            float(entry["wait_hours"]),
            float(entry.get("deadline_hours", DEADLINE_HOURS)),
        )
    except (OSError, TypeError, KeyError, ValueError, yaml.YAMLError) as error:
        raise NotConfigured(f"{path.name}: {error!r}; it needs approval, rule.missing_units, rule.absent_sources, wait_hours") from error
    if found.approval not in ("person", "rule"):
        raise NotConfigured(f"{path.name}: approval is '{found.approval}', it must be person or rule")
    if found.deadline_hours <= found.wait_hours:
        raise NotConfigured(
            f"{path.name}: deadline_hours is {found.deadline_hours:g}, it must be more than wait_hours ({found.wait_hours:g}): "
            "a run that still waits for late sources is not late"
        )
    return found


def deadline_hours(settings: Settings) -> float:
    """The configured deadline of close_month in hours; the default where the file is not as it should be, which the run's tasks tell."""
    try:
        return closing(settings).deadline_hours
    except NotConfigured:
        return DEADLINE_HOURS
