"""How ready a period is to be closed: known_at of each source, the units that sent nothing, the findings, and the open restatements."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import Connection

from cchc.core.completeness import notes_vi
from cchc.indicators.count import binds
from cchc.period import Period, midnight
from cchc.publication.edition import in_force, open_restatements
from cchc.reference.catalogue import catalogue
from cchc.reference.roles import Clocks, role_clocks
from cchc.settings import Settings
from cchc.warehouse import asked_binds, engine, query, sql


@dataclass(frozen=True)
class Readiness:
    """What the approver of a period must know before it is closed.

    `clocks`: known_at of each source; None if it was never extracted. `missing`: the names of expected units that sent nothing in the
    period, by coverage. `gaps`: Vietnamese sentences about windows that were never extracted, and about dossiers that the source lists but
    that are not stored.
    """

    period: Period
    clocks: dict[str, datetime | None]
    missing: dict[str, list[str]]
    findings: dict[str, int] = field(default_factory=dict)
    restatements: int = 0
    edition: int = 0
    finding_names: dict[str, str] = field(default_factory=dict)
    gaps: tuple[str, ...] = ()

    @property
    def late_sources(self) -> list[str]:
        """The sources that were extracted, but not up to the end of the period."""
        return sorted(source for source, known_at in self.clocks.items() if known_at is not None and known_at < midnight(self.period.end))

    @property
    def absent_sources(self) -> list[str]:
        """The sources that were never extracted: their indicators have no value."""
        return sorted(source for source, known_at in self.clocks.items() if known_at is None)

    @property
    def is_complete(self) -> bool:
        """Whether every source is known up to the end of the period, and every expected unit has sent something."""
        return not self.late_sources and not self.absent_sources and not any(self.missing.values()) and not self.gaps

    def text_vi(self) -> str:
        """The readiness as Vietnamese text (Markdown) for the approver."""
        lines = [f"Kỳ: {self.period.name_vi}"]
        for source, known_at in sorted(self.clocks.items()):
            lines.append(f"- {source}: " + (f"đã trích xuất đến {known_at:%d/%m/%Y %H:%M}" if known_at else "chưa trích xuất lần nào"))
        for source in self.late_sources:
            lines.append(f"- **{source} chưa đủ số liệu đến hết kỳ**")
        lines += [f"- **{gap}**" for gap in self.gaps]
        for code, units in sorted(self.missing.items()):
            if units:
                lines.append(f"- chưa có số liệu ({code}): {', '.join(units)}")
        for code, count in sorted(self.findings.items()):
            lines.append(f"- bất thường: {self.finding_names.get(code, code)}: {count}")
        if self.edition:
            lines.append(f"- đã công bố lần {self.edition}; {self.restatements} số liệu có thay đổi sau công bố")
        return "\n".join(lines)


def readiness(settings: Settings, period: Period) -> Readiness:
    """The readiness of a period. Marked months are not refreshed here; closing the period refreshes them."""
    with engine(settings).begin() as connection:
        return readiness_at(connection, settings, period, role_clocks(connection))


def readiness_at(connection: Connection, settings: Settings, period: Period, clocks: Clocks) -> Readiness:
    """The readiness of a period at these clocks, read on a connection that may already hold the locks of the refreshes."""
    items = catalogue(settings)
    latest = in_force(connection, settings, period)
    return Readiness(
        period,
        clocks.sources(role for item in items.values() for role in item.roles),
        {code: list(units.values()) for code, units in missing_units(connection, settings, period, clocks).items()},
        _findings(connection, period),
        open_restatements(connection, latest["publication_id"]) if latest else 0,
        latest["edition"] if latest else 0,
        {row["finding_code"]: row["name_vi"] for row in query(connection, "select finding_code, name_vi from core.finding_kind")},
        tuple(notes_vi(connection, period)),
    )


def missing_units(connection: Connection, settings: Settings, period: Period, clocks: Clocks) -> dict[str, dict[str, str]]:
    """The expected units that sent nothing to any source of a role in the period: for each coverage, unit code → name.

    A coverage of which nothing is known in the period is left out.
    """
    items = catalogue(settings)
    found: dict[str, dict[str, str]] = {}
    for code in sorted({item.coverage for item in items.values() if item.coverage}):
        item = max((item for item in items.values() if item.coverage == code), key=lambda item: len(item.roles))
        known_at = clocks.known_at(item.role)
        if known_at is None or midnight(period.start) >= known_at:
            continue
        last_day = period.effective_last_day(known_at)
        has_sent: dict[str, bool] = {}
        for role in item.roles:
            for source, clock in clocks.of(role).items():
                statement, values = sql(settings, item.coverage_part(role)), binds(source, period, "period", clock) | {"last_day": last_day}
                for row in query(connection, statement, asked_binds(statement, values)):
                    has_sent[row["unit_code"]] = has_sent.get(row["unit_code"], False) or row["has_sent"]
        rows = query(
            connection,
            "select u.unit_code, u.name from core.unit_at(:d) as u where u.unit_code = any(:units) order by u.unit_code",
            {"d": last_day, "units": [unit for unit, sent in has_sent.items() if not sent]},
        )
        found[code] = {row["unit_code"]: row["name"] for row in rows}
    return found


def _findings(connection: Connection, period: Period) -> dict[str, int]:
    """How many findings of each kind there are in the months of the period."""
    rows = query(
        connection,
        "select finding_code, count(*) as n from mart.finding where month_start >= date_trunc('month', cast(:a as date)) "
        "and month_start < cast(:b as date) group by 1",
        {"a": period.start, "b": period.end},
    )
    return {row["finding_code"]: row["n"] for row in rows}
