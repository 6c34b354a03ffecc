"""When a period may be closed: the configured waiting and approval of include/reference/closing.yaml."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from cchc.errors import LoadBlocked
from cchc.indicators.publication import Publication, Readiness, close, readiness
from cchc.period import ZONE, Period, add_months, month_start, parse_period
from cchc.reference_models import ClosingFile
from cchc.settings import Settings
from cchc.typed import read


@dataclass(frozen=True)
class Closing:
    """How periods are closed: who approves (`person` or `rule`), what the rule demands, how long to wait for what is late."""

    approval: str
    missing_units: int
    absent_sources: int
    wait_hours: float

    def approving_rule(self, state: Readiness) -> str | None:
        """The rule that approves, in words; None where a person must be asked. A source that is late or has gaps always needs a person."""
        missing = sum(len(units) for units in state.missing.values())
        if self.approval != "rule" or state.late_sources or state.gaps:
            return None
        if missing > self.missing_units or len(state.absent_sources) > self.absent_sources:
            return None
        return f"rule: at most {self.missing_units} missing units and {self.absent_sources} absent sources"


def closing(settings: Settings) -> Closing:
    """The configuration. Raises NotConfigured where the file is not as it should be."""
    said = read(settings.reference_dir / "closing.yaml", ClosingFile)
    return Closing(said.approval, said.rule.missing_units, said.rule.absent_sources, said.wait_hours)


def period_to_close(code: str | None, moment: datetime) -> Period:
    """The period asked for, else the last calendar month that is over at a moment."""
    if code:
        return parse_period(code)
    last = add_months(month_start(moment.astimezone(ZONE).date()), -1)
    return parse_period(f"{last:%Y-%m}")


def publish(settings: Settings, code: str, answer: dict[str, Any] | None) -> str:
    """Close a period with the approver's answer (as Airflow's approval gives it), or by the rule; what was done, in words.

    Raises LoadBlocked where neither a person nor the rule approves.
    """
    period = parse_period(code)
    state = readiness(settings, period)
    rule = closing(settings).approving_rule(state)
    if answer:
        user = answer.get("responded_by_user") or {}
        by, note, approval = user.get("name") or user.get("id") or "?", (answer.get("params_input") or {}).get("note"), "person"
    elif rule:
        by, note, approval = rule, None, "rule"
    else:
        raise LoadBlocked(f"{code}: nobody has approved it, and the configured rule does not hold:\n{state.text_vi()}")
    done = close_with_reports(settings, period, str(by), note=note, approval=approval, incomplete=answer is not None)
    return (
        f"Đã công bố {period.name_vi}, lần {done.edition}: {done.values} số liệu, {done.restated} điều chỉnh, "
        f"{len(done.reports)} báo cáo; phê duyệt: {by}"
    )


def close_with_reports(
    settings: Settings, period: Period, by: str, *, note: str | None = None, approval: str = "person", incomplete: bool = False
) -> Publication:
    """Close a period together with its official reports, which are frozen with it (see `publication.close`)."""
    from cchc.reports.build import build

    return close(
        settings,
        period,
        by,
        note=note,
        approval=approval,
        incomplete=incomplete,
        reports=lambda folder: build(settings, period, folder, is_edition=True),
    )
