"""What the page of the health of the data measures, and the lights that it sets: each number against its limits in thresholds.yaml."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection

from cchc.core import completeness, doubts
from cchc.dashboard.kept import Known, kept
from cchc.dashboard.page import Asking
from cchc.dashboard.thresholds import Light, Threshold, thresholds
from cchc.errors import CchcError
from cchc.period import Period, midnight, month_start, now
from cchc.publication.readiness import missing_units
from cchc.quality.drift import CODE, KIND, MISSING, NEW, VANISHED, Finding, all_drift_at
from cchc.reference.roles import role_clocks
from cchc.runs.lateness import LONG_RUN, oldest_allowed
from cchc.settings import Settings, is_unscheduled
from cchc.sources.profile import list_profiles, load_profile
from cchc.states import ExtractStatus, LoadStatus
from cchc.warehouse.queries import ask

INGEST = "ingest"
CHANGED_FIELDS = (VANISHED, MISSING, NEW, KIND, CODE)  # what a delivery changed; the other kinds were so from the beginning
BROKEN = (ExtractStatus.FAILED, ExtractStatus.BLOCKED, ExtractStatus.SUPERSEDED)
DAY = timedelta(days=1)


@dataclass(frozen=True)
class Source:
    """One source: up to when it is known, how old that may be, and how its last run ended.

    `late_days`: by how many days it is older than its schedule allows; None where no run goes by the clock, or it has no schedule.
    `is_short`: whether it does not reach the end of the period. `problem`: why its profile cannot be read.
    """

    code: str
    name: str
    roles: tuple[str, ...]
    known_at: datetime | None
    age_days: int | None
    allowed_days: int | None
    late_days: int | None
    is_short: bool
    run: Mapping[str, Any] | None
    retry: Mapping[str, Any] | None
    problem: str | None

    @property
    def is_broken(self) -> bool:
        """Whether its last run (or retry) has not ended well, or its profile cannot be read."""
        return self.problem is not None or any(_is_broken(run) for run in (self.run, self.retry) if run is not None)


@dataclass(frozen=True)
class Measured:
    """Everything that the page measures. What is None is being counted for the first time."""

    period: Period
    sources: tuple[Source, ...]
    holes: Sequence[completeness.Hole]
    missing_months: Sequence[completeness.MissingMonth]
    open_loads: Sequence[Mapping[str, Any]]
    doubted_loads: Sequence[Mapping[str, Any]]
    quarantined: int
    waiting: Sequence[Mapping[str, Any]]
    restatements: int
    missing_units: Known[dict[str, dict[str, str]]] | None
    fields: Known[list[Finding]] | None
    findings: Known[list[dict[str, Any]]] | None
    payments: Known[list[dict[str, Any]]] | None

    @property
    def is_counting(self) -> bool:
        """Whether something is counted for the first time, so that the page is not complete yet."""
        return None in (self.missing_units, self.fields, self.findings, self.payments)

    @property
    def counted(self) -> list[Known[Any]]:
        """What was counted in the background."""
        return [known for known in (self.missing_units, self.fields, self.findings, self.payments) if known is not None]


@dataclass(frozen=True)
class Lamp:
    """One light of the page: what is measured, the number (None: still being counted), its limits and its state."""

    name: str
    number: int | None
    threshold: Threshold

    @property
    def state(self) -> Light:
        """well, watch, wrong, or counting."""
        return Light.COUNTING if self.number is None else self.threshold.judged(self.number)


def measure(asking: Asking) -> Measured:
    """Measure everything, for the period and the scope of the view."""
    connection, settings, period = asking.connection, asking.settings, asking.view.period
    answers = kept(settings)
    return Measured(
        period=period,
        sources=tuple(sources(connection, settings, period)),
        holes=completeness.holes(connection),
        missing_months=completeness.missing_months(connection),
        open_loads=ask(connection, "doctor/open_load"),
        doubted_loads=doubts.standing(connection),
        quarantined=ask(connection, "dashboard/quarantine_count")[0]["record_count"],
        waiting=ask(connection, "dashboard/waiting_month"),
        restatements=ask(connection, "dashboard/open_restatement")[0]["restatement_count"],
        # in the order of how long they take: they are counted one after the other
        missing_units=answers.answer(
            connection, ("missing units", period), lambda own: missing_units(own, settings, period, role_clocks(own))
        ),
        fields=answers.answer(connection, "fields", lambda own: all_drift_at(own, settings, list_profiles(settings.sources_dir))),
        payments=answers.answer(
            connection, ("payments", period), lambda own: ask(own, "dashboard/payment_row", first=period.start, before=period.end)
        ),
        findings=known_findings(connection, settings),
    )


def known_findings(connection: Connection, settings: Settings) -> Known[list[dict[str, Any]]] | None:
    """Every finding, as counted in the background; None while they are counted for the first time."""
    return kept(settings).answer(connection, "findings", lambda own: ask(own, "dashboard/finding_row"))


def sources(connection: Connection, settings: Settings, period: Period) -> list[Source]:
    """Every source that fills a role, has a profile or was ever run."""
    clocks: dict[str, datetime | None] = {}
    roles: dict[str, list[str]] = {}
    names: dict[str, str] = {}
    for row in ask(connection, "dashboard/clock"):
        clocks[row["source_code"]] = row["known_at"]
        names[row["source_code"]] = row["name_vi"]
        roles.setdefault(row["source_code"], []).append(row["role"])
    runs = {(row["source_code"], row["kind"]): row for row in ask(connection, "dashboard/last_run")}
    profiles = list_profiles(settings.sources_dir)
    found = []
    for code in sorted({*clocks, *profiles, *(source for source, _ in runs)}):
        limit, problem = _limit(settings, code, profiles)
        known_at = clocks.get(code)
        age = None if known_at is None else now() - known_at
        late = None if age is None or limit is None or is_unscheduled() else max(0, -(-(age - limit) // DAY))
        found.append(
            Source(
                code,
                names.get(code, code),
                tuple(sorted(set(roles.get(code, ())))),
                known_at,
                None if age is None else age // DAY,
                None if limit is None else limit // DAY,
                late,
                known_at is not None and known_at < midnight(period.end),
                runs.get((code, INGEST)),
                next((run for (source, kind), run in runs.items() if source == code and kind != INGEST), None),
                problem,
            )
        )
    return found


def _limit(settings: Settings, source: str, profiles: Sequence[str]) -> tuple[timedelta | None, str | None]:
    """How old the known_at of a source may be; and what is wrong with its profile, if it cannot be read."""
    if source not in profiles:
        return None, None
    try:
        return oldest_allowed(load_profile(settings.sources_dir, source)), None
    except CchcError as error:
        return None, str(error)


def _is_broken(run: Mapping[str, Any]) -> bool:
    """Whether a source's newest run of a kind needs somebody: it failed, was blocked, gave way to nothing, or was probably cut off."""
    return run["status"] in BROKEN or (run["status"] == ExtractStatus.RUNNING and now() - run["started_at"] > LONG_RUN)


def is_of(period: Period, month: Any) -> bool:
    """Whether a calendar month belongs to a period, as in the readiness of its closing."""
    return bool(month_start(period.start) <= month < period.end)


def lamps(asking: Asking, measured: Measured, units: frozenset[str] | None) -> list[Lamp]:
    """The lights of the page in its order. `units`: those of the scope; None for the whole."""
    limits, period = thresholds(asking.settings), measured.period
    late = [source.late_days for source in measured.sources if source.late_days is not None]
    short, absent = short_sources(measured), [source for source in measured.sources if source.roles and source.known_at is None]
    by_status = [row["status"] for row in measured.open_loads]
    numbers: dict[str, int | None] = {
        "late_days": max(late, default=0),
        "short_sources": len(short),
        "absent_sources": len(absent),
        "holes": len(measured.holes),
        "missing_dossiers": sum(month.missing for month in measured.missing_months if not month.is_new),
        "arriving_dossiers": sum(month.missing for month in measured.missing_months if month.is_new),
        "missing_units": None if measured.missing_units is None else len({u for us in measured.missing_units.value.values() for u in us}),
        "broken_runs": sum(source.is_broken for source in measured.sources),
        "blocked_files": sum(status != LoadStatus.WAITING for status in by_status),
        "waiting_files": sum(status == LoadStatus.WAITING for status in by_status),
        "doubts": sum(bool(load[doubt]) for load in measured.doubted_loads for doubt in doubts.DOUBTS),
        "quarantined": measured.quarantined,
        "waiting_months": len({row["month_start"] for row in measured.waiting}),
        "changed_fields": None
        if measured.fields is None
        else sum(len(finding.fields) for finding in measured.fields.value if finding.kind in CHANGED_FIELDS),
        "findings": None
        if measured.findings is None
        else sum(is_of(period, row["month_start"]) and is_in(units, row["unit_code"]) for row in measured.findings.value),
        "unmatched_payments": None
        if measured.payments is None
        else sum(
            row["order_count"]
            for row in measured.payments.value
            if row["is_open"] and row["day"] is not None and period.start <= row["day"] < period.end and is_in(units, row["unit_code"])
        ),
        "open_restatements": measured.restatements,
    }
    return [Lamp(name, numbers[name], getattr(limits, name)) for name in type(limits).model_fields]


def short_sources(measured: Measured) -> list[Source]:
    """The sources that end before the period does; none where the period is not over for any source: then it runs for all of them."""
    reaching = [source for source in measured.sources if source.known_at is not None and not source.is_short]
    return [source for source in measured.sources if source.is_short] if reaching else []


def is_in(units: frozenset[str] | None, unit: str | None) -> bool:
    """Whether a record of a unit belongs to the units of a scope; None: every record, also one without a unit."""
    return units is None or unit in units
