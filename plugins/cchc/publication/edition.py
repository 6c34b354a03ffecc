"""Publish a closed period: freeze its values, the items behind them, their definitions and the clocks of the sources.

An edition is never changed. What is learnt later stands beside it as a restatement (cchc.publication.restatement); approved, it
becomes another edition. The plan's reports rest on editions, so last month's number cannot change when nobody looks.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, text

from cchc.core.completeness import notes_vi
from cchc.errors import CchcError, WrongUse
from cchc.forms import score
from cchc.indicators.refresh import all_clocks, binds, count_items, counted_items, months_of, refresh
from cchc.period import BASES, Period, midnight, now
from cchc.publication.learnt import definition_of
from cchc.reference.catalogue import Indicator, catalogue
from cchc.reference.plan import plan_of
from cchc.settings import Settings
from cchc.warehouse import engine, query, run_file, sql

OPEN = "open_dossier"  # the pseudo-indicator under which the dossiers open at the end are frozen


@dataclass(frozen=True)
class Readiness:
    """What the approver of a period must know: how far each source is known, who sent nothing, what looks wrong, what has changed.

    `clocks`: T of each source, None = never extracted. `missing`: units expected that sent nothing in the period, by coverage.
    `gaps`: what was never asked for, or is listed by the source and not stored, in Vietnamese sentences.
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
        """Sources that are extracted, but not up to the end of the period."""
        return sorted(source for source, clock in self.clocks.items() if clock is not None and clock < midnight(self.period.end))

    @property
    def absent_sources(self) -> list[str]:
        """Sources that were never extracted: their indicators have no value."""
        return sorted(source for source, clock in self.clocks.items() if clock is None)

    @property
    def is_complete(self) -> bool:
        """Whether every source is known to the end of the period, and every expected unit has sent something."""
        return not self.late_sources and not self.absent_sources and not any(self.missing.values()) and not self.gaps

    def text_vi(self) -> str:
        """The same in Vietnamese, for the approver (Markdown)."""
        lines = [f"Kỳ: {self.period.name_vi}"]
        for source, clock in sorted(self.clocks.items()):
            lines.append(f"- {source}: " + (f"đã trích xuất đến {clock:%d/%m/%Y %H:%M}" if clock else "chưa trích xuất lần nào"))
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


@dataclass(frozen=True)
class Publication:
    """One edition of a period."""

    publication_id: int
    period: Period
    edition: int
    values: int
    restated: int
    reports: list[str] = field(default_factory=list)


def readiness(settings: Settings, period: Period) -> Readiness:
    """How ready a period is to be closed. Waiting months are not refreshed here: `close` does."""
    items = catalogue(settings)
    with engine(settings).begin() as connection:
        clocks = all_clocks(connection, items.values())
        missing = _missing(connection, settings, items, period, clocks)
        latest = in_force(connection, settings, period)
        open_count = _open_restatements(connection, latest["publication_id"]) if latest else 0
        found = _findings(connection, period)
        gaps = tuple(notes_vi(connection, period))
        names = {row["finding_code"]: row["name_vi"] for row in query(connection, "select finding_code, name_vi from core.finding_kind")}
    return Readiness(period, clocks, missing, found, open_count, latest["edition"] if latest else 0, names, gaps)


def close(
    settings: Settings,
    period: Period,
    approved_by: str,
    *,
    note: str | None = None,
    approval: str = "person",
    incomplete: bool = False,
    reports: Callable[[Path], list[Path]] | None = None,
) -> Publication:
    """Freeze a period as a publication; of one already published, the approved restatement as its next edition.

    All or nothing: values, items, clocks and reports (`reports` writes them into the folder that it is given). Raises CchcError
    where a source is not known to the end of the period (unless `incomplete`), WrongUse where it is published and nothing changed.
    """
    if not approved_by.strip():
        raise WrongUse("a publication needs somebody who approves it")
    items = catalogue(settings)
    with engine(settings).connect() as connection:
        clocks = all_clocks(connection, items.values())
    known = [clock for clock in clocks.values() if clock is not None]
    if not known or all(clock <= midnight(period.start) for clock in known):
        raise WrongUse(f"nothing is known of {period.code} yet: it cannot be closed")
    state = readiness(settings, period)
    if state.late_sources and not incomplete:
        raise CchcError(
            f"{period.code} cannot be closed: "
            + "; ".join(f"{source} is known only until {clocks[source]}" for source in state.late_sources)
            + ". Ingest first, or close it all the same with --incomplete"
        )
    months = sorted({month for clock in known for month in months_of([period], clock)})
    refresh(settings, months)  # what waits
    if score.has_formula(settings, period):
        score.compute(settings, period)
    with engine(settings).begin() as connection:
        for source in sorted(clocks):  # no refresh between the values and their items
            connection.execute(text("select pg_advisory_xact_lock(hashtext(:k))"), {"k": f"refresh {source}"})
        # a load may have marked the months again before we held the locks
        waiting = connection.execute(text("select 1 from ops.dirty_month where month_start = any(:m)"), {"m": months}).scalar()
        if waiting:
            raise CchcError(f"{period.code}: a load has just touched it; run `cchc close {period.code}` again")
        clocks = all_clocks(connection, items.values())
        before = in_force(connection, settings, period)
        if before and not _open_restatements(connection, before["publication_id"]):
            raise WrongUse(
                f"{period.code} is published (edition {before['edition']}, {before['published_at']:%d/%m/%Y}), "
                "and nothing that is known now differs from it"
            )
        publication_id, edition = _insert(connection, settings, items, state, clocks, approved_by.strip(), note=note, approval=approval)
        values = _freeze(connection, settings, items, period, clocks, publication_id)
        restated = 0
        if before:
            restated = run_file(
                connection,
                settings,
                "publication/approved",
                publication_id=before["publication_id"],
                republished_as=publication_id,
                approved_by=approved_by.strip(),
                note=note,
                now=now(),
            ).rowcount
        score.freeze(connection, period, str(publication_id))
        names = _freeze_reports(connection, settings, period, edition, publication_id, reports) if reports else []
    return Publication(publication_id, period, edition, values, restated, names)


def in_force(connection: Connection, settings: Settings, period: Period) -> dict[str, Any] | None:
    """The newest edition of a period (a row of mart.publication), whatever plan it was published under; None where there is none.

    Of a period that was published under two plans, what the plan that holds in it has published (as mart.published_value).
    """
    rows = query(
        connection,
        "select p.* from mart.publication as p left join core.plan as h on h.plan_code = p.plan_code "
        "and p.period_end - 1 between h.valid_from and h.valid_to where p.period_kind = :kind and p.period_start = :start "
        "order by h.plan_code is not null desc, p.edition desc, p.publication_id desc limit 1",
        {"kind": period.kind, "start": period.start},
    )
    return rows[0] if rows else None


def new_indicators(connection: Connection, publication: dict[str, Any], period: Period) -> list[dict[str, Any]]:
    """The indicators (indicator_code, name_vi) with a value in a period that did not exist when it was published: new, no restatement."""
    return query(
        connection,
        "select distinct on (v.indicator_code) v.indicator_code, i.name_vi from mart.indicator_value as v "
        "inner join core.indicator as i on i.indicator_code = v.indicator_code and i.formula_version = v.formula_version "
        "where v.period_kind = :kind and v.period_start = :start and v.indicator_code <> all(:defined) "
        "order by v.indicator_code, v.formula_version desc",
        {"kind": period.kind, "start": period.start, "defined": list(publication["definitions"])},
    )


def publications(settings: Settings) -> list[dict[str, Any]]:
    """Every edition with its open restatements, whatever plan it was published under, the newest period first."""
    with engine(settings).connect() as connection:
        return query(
            connection,
            "select p.*, (select count(*) from mart.restatement as r where r.publication_id = p.publication_id and r.state = 'open') "
            "as open_restatements from mart.publication as p order by p.period_start desc, p.period_kind, p.plan_code desc, p.edition desc",
        )


# --- steps -------------------------------------------------------------------------------------------------------------


def _missing(
    connection: Connection, settings: Settings, items: dict[str, Indicator], period: Period, clocks: dict[str, datetime | None]
) -> dict[str, list[str]]:
    """Units expected that sent nothing in the period, by coverage: names as people know them."""
    found: dict[str, list[str]] = {}
    for code, source, also in sorted({(item.coverage, item.source, item.also) for item in items.values() if item.coverage}):
        clock = clocks[source]
        if code is None or clock is None or midnight(period.start) >= clock:
            continue
        statement = sql(settings, f"coverage/{code}")
        values = binds(source, period, "period", clock, {name: clocks[name] for name in also})
        wanted = set(text(statement).compile().params)
        rows = query(
            connection,
            f"select u.name from (\n{statement}\n) as x inner join core.unit_at(:d) as u on u.unit_code = x.unit_code "
            "where not x.has_sent order by u.unit_code",
            {key: value for key, value in values.items() if key in wanted} | {"d": values["last_day"]},
        )
        found[code] = [row["name"] for row in rows]
    return found


def _findings(connection: Connection, period: Period) -> dict[str, int]:
    """How many findings of each kind the period's months have."""
    rows = query(
        connection,
        "select finding_code, count(*) as n from mart.finding where month_start >= date_trunc('month', cast(:a as date)) "
        "and month_start < cast(:b as date) group by 1",
        {"a": period.start, "b": period.end},
    )
    return {row["finding_code"]: row["n"] for row in rows}


def _open_restatements(connection: Connection, publication_id: int) -> int:
    count: int = connection.execute(
        text("select count(*) from mart.restatement where publication_id = :p and state = 'open'"), {"p": publication_id}
    ).scalar_one()
    return count


def _insert(
    connection: Connection,
    settings: Settings,
    items: dict[str, Indicator],
    state: Readiness,
    clocks: dict[str, datetime | None],
    approved_by: str,
    *,
    note: str | None,
    approval: str,
) -> tuple[int, int]:
    period = state.period
    plan = plan_of(connection, period).plan_code
    edition: int = connection.execute(
        text("select coalesce(max(edition), 0) + 1 from mart.publication where period_kind = :kind and period_start = :start"),
        {"kind": period.kind, "start": period.start},
    ).scalar_one()
    definitions = {code: definition_of(settings, item) for code, item in sorted(items.items())}
    publication_id: int = connection.execute(
        text(
            "insert into mart.publication (plan_code, period_kind, period_start, period_end, edition, source_clocks, definitions, missing, "
            "findings, approval, approved_by, note, published_at) values (:plan, :kind, :start, :end, :edition, cast(:clocks as jsonb), "
            "cast(:definitions as jsonb), cast(:missing as jsonb), cast(:findings as jsonb), :approval, :by, :note, :now) "
            "returning publication_id"
        ),
        {
            "plan": plan,
            "kind": period.kind,
            "start": period.start,
            "end": period.end,
            "edition": edition,
            "clocks": clocks_json(clocks),
            "definitions": json.dumps(definitions),
            "missing": json.dumps(state.missing, ensure_ascii=False),
            "findings": json.dumps(state.findings),
            "approval": approval,
            "by": approved_by,
            "note": note,
            "now": now(),
        },
    ).scalar_one()
    return publication_id, edition


def clocks_json(clocks: dict[str, datetime | None]) -> str:
    """T of each source as mart.publication keeps it."""
    return json.dumps({source: clock.isoformat() for source, clock in clocks.items() if clock is not None})


def _freeze(
    connection: Connection,
    settings: Settings,
    items: dict[str, Indicator],
    period: Period,
    clocks: dict[str, datetime | None],
    publication_id: int,
) -> int:
    """Copy the values, and the items behind them, as they are counted at this moment."""
    connection.execute(text("create temp table definition (indicator_code text, formula_version integer) on commit drop"))
    connection.execute(
        text("insert into definition values (:code, :version)"), [{"code": item.code, "version": item.version} for item in items.values()]
    )
    values = run_file(
        connection,
        settings,
        "publication/value",
        publication_id=publication_id,
        period_kind=period.kind,
        period_start=period.start,
    ).rowcount
    if not values:
        raise CchcError(f"{period.code} is not computed: `cchc refresh {period.code}`")
    # names as of D: whatever the units are called later, this edition calls them so
    last_day = max(period.effective_last_day(clock) for clock in clocks.values() if clock is not None)
    run_file(connection, settings, "publication/unit", publication_id=publication_id, last_day=last_day)
    counted_items(connection, settings, list(items.values()), period, clocks, BASES)
    source = items["dossier_on_time_rate"].source
    clock = clocks[source]
    if clock is not None and midnight(period.start) < clock:
        bound = binds(source, period, "period", clock)
        count_items(connection, settings, sql(settings, "publication/open_dossier"), bound, OPEN, "period")
        run_file(connection, settings, "publication/not_counted_dossier", source=source, end_at=midnight(period.end))
    connection.execute(
        text(
            "insert into mart.publication_item (publication_id, unit_code, indicator_code, basis, numerator_items, other_items) "
            "select :p, unit_code, indicator_code, basis, "
            "coalesce(array_agg(item order by item) filter (where is_numerator), '{}'), "
            "coalesce(array_agg(item order by item) filter (where not is_numerator), '{}') "
            "from item_now where unit_code is not null group by unit_code, indicator_code, basis"
        ),
        {"p": publication_id},
    )
    return values


def _freeze_reports(
    connection: Connection,
    settings: Settings,
    period: Period,
    edition: int,
    publication_id: int,
    reports: Callable[[Path], list[Path]],
) -> list[str]:
    folder = settings.home / "publications" / f"{period.code}_{edition}"
    folder.mkdir(parents=True, exist_ok=True)
    names = []
    for path in reports(folder):
        data = path.read_bytes()
        connection.execute(
            text("insert into mart.publication_report values (:p, :name, :path, :sha, :n)"),
            {
                "p": publication_id,
                "name": path.name,
                "path": str(path.relative_to(settings.home)),
                "sha": hashlib.sha256(data).hexdigest(),
                "n": len(data),
            },
        )
        names.append(path.name)
    return names
