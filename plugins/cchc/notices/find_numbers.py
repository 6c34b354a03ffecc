"""Troubles of the numbers: missing data before a closing, targets that turned, units that will miss one, restatements.

Each is found by the rule that the rest of the package uses: readiness of a period, the judgement in mart.indicator_value, the outlook, the
open restatements.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import Connection

from cchc.core.completeness import gaps
from cchc.errors import WrongUse
from cchc.indicators.outlook import outlook
from cchc.notices.trouble import Trouble
from cchc.period import ZONE, Period, add_months, midnight, month_start, parse_period
from cchc.publication.edition import in_force
from cchc.publication.readiness import missing_units
from cchc.reference.catalogue import catalogue
from cchc.reference.closing import closing
from cchc.reference.roles import role_clocks
from cchc.settings import Settings
from cchc.sources.profile import Profile
from cchc.warehouse import query
from cchc.warehouse.queries import ask


def missing_data(
    connection: Connection, settings: Settings, profiles: dict[str, Profile], moment: datetime, days_before: int
) -> Iterator[Trouble]:
    """What a month lacks that is soon to be closed, and what months lack that were told before and are still not published."""
    today, day = moment.astimezone(ZONE).date(), closing(settings).closing_day
    rows = query(
        connection, "select distinct facts ->> 'period' as period from ops.alert where event = 'coverage_missing' and ended_at is null"
    )
    periods = {parse_period(row["period"]) for row in rows}
    for first in (month_start(today), add_months(month_start(today), 1)):  # this month's closing, and the next one
        if today >= first.replace(day=day) - timedelta(days=days_before):
            periods.add(_month(add_months(first, -1)))
    for period in sorted(periods):
        if in_force(connection, settings, period) is None:
            yield from _lacks(connection, settings, profiles, period, day, days_before)


def _lacks(
    connection: Connection, settings: Settings, profiles: dict[str, Profile], period: Period, day: int, days_before: int
) -> Iterator[Trouble]:
    closes = add_months(month_start(period.last_day), 1).replace(day=day)
    since = midnight(closes - timedelta(days=days_before))
    common = {"period": period.code, "period_name": period.name_vi, "closes": closes.isoformat()}
    clocks = role_clocks(connection)
    roles = {role for item in catalogue(settings).values() for role in item.roles}
    for source, known_at in clocks.sources(roles).items():
        if known_at is not None and known_at < midnight(period.end):
            facts: dict[str, Any] = (
                common | _source(profiles, source) | {"known_at": known_at.astimezone(ZONE).isoformat(), "lacking": "source"}
            )
            yield Trouble("coverage_missing", f"{period.code} {source}", since, facts, source=source)
    for code, units in missing_units(connection, settings, period, clocks).items():
        for unit, name in units.items():
            facts = common | {"coverage": code, "unit": unit, "unit_name": name, "who": name, "lacking": "unit"}
            yield Trouble(
                "coverage_missing", f"{period.code} {code} {unit}", since, facts, unit=unit, level=_level(connection, unit, period)
            )
    lacking: dict[str, list[str]] = {}
    for gap in gaps(connection, period):
        lacking.setdefault(gap.source, []).append(gap.text_vi)
    for source, texts in lacking.items():
        facts = common | _source(profiles, source) | {"gap": "; ".join(texts), "lacking": "gap"}
        yield Trouble("coverage_missing", f"{period.code} {source} gap", since, facts, source=source)


def turned_targets(connection: Connection) -> Iterator[Trouble]:
    """Targets that were met in an earlier month and are missed in the newest month that is over, until they are met again."""
    for row in ask(connection, "alerts/turned"):
        period = _month(row["period_start"])
        met = _month(row["met_start"]) if row["met_start"] is not None else None  # restated since: it was met when it was told
        facts = {
            "indicator": row["indicator_code"], "name_vi": row["name_vi"], "name_en": row["name_en"], "target_no": row["target_no"],
            "unit": row["unit_code"], "unit_name": row["unit_name"], "period": period.code, "status": row["status"],
            "met_period": met.code if met else None,
            "value": _shown(row["value"], row["kind"]), "target": _shown(row["target"], row["kind"]),
            "met_value": _shown(row["met_value"], row["kind"]), "kind": row["kind"], "gap_count": row["gap_count"],
            "who": row["lead_agency"],
        }  # fmt: skip
        yield Trouble(
            "target_missed",
            f"{row['target_no']} {row['indicator_code']} {row['unit_code']}",
            midnight(met.end if met else period.start),
            facts,
            unit=row["unit_code"],
            level=row["level"],
        )


def outlook_misses(connection: Connection, settings: Settings) -> Iterator[Trouble]:
    """Units that will probably miss a target at the end of the year, by the newest month that is over."""
    latest = role_clocks(connection).latest({role for item in catalogue(settings).values() for role in item.roles})
    if latest is None:
        return
    rows = query(
        connection,
        "select max(period_start) as newest from mart.indicator_value where period_kind = 'month' and denominator is not null "
        "and period_end <= :d",
        {"d": latest.astimezone(ZONE).date()},
    )
    newest: date | None = rows[0]["newest"]
    if newest is None:
        return
    period = _month(newest)
    try:
        expected = outlook(settings, period)
    except WrongUse:
        return  # no plan holds in that year: there is no target to miss
    names = catalogue(settings)
    for item in expected:
        if not item.is_early_warning or item.level == "all" or item.unit_code.startswith("level:") or item.forecast is None:
            continue
        english = names[item.indicator_code].name_en if item.indicator_code in names else item.indicator_code
        facts = {
            "indicator": item.indicator_code, "name_vi": item.name_vi, "name_en": english, "target_no": item.target_no,
            "unit": item.unit_code, "unit_name": item.unit_name, "period": period.code, "year": newest.year, "who": item.lead_agency,
            "expected": item.expected_percent, "target": item.target_percent, "words_vi": item.words_vi, "probability": item.probability,
        }  # fmt: skip
        subject = f"{newest.year} {item.target_no} {item.indicator_code} {item.unit_code}"
        yield Trouble("outlook_miss", subject, midnight(period.end), facts, unit=item.unit_code, level=item.level)


def restatements(connection: Connection) -> Iterator[Trouble]:
    """Published periods of which something is known otherwise now, and nobody has approved it yet."""
    for row in ask(connection, "alerts/restated"):
        period = Period(row["period_kind"], row["period_start"], row["period_end"])
        facts = {
            "period": period.code, "period_name": period.name_vi, "edition": row["edition"], "publication_id": row["publication_id"],
            "count": row["difference_count"],
        }  # fmt: skip
        yield Trouble("restatement", f"{period.code} {row['edition']}", row["since_at"], facts)


def _month(day: date) -> Period:
    return parse_period(f"{day:%Y-%m}")


def _shown(value: Any, kind: str) -> float | None:
    """A value as people read it: percent, or points, or a number."""
    return None if value is None else float(value) if kind in ("count", "score") else float(value) * 100


def _level(connection: Connection, unit: str, period: Period) -> str | None:
    rows = query(connection, "select level from core.unit_at(:d) where unit_code = :u", {"d": period.last_day, "u": unit})
    return rows[0]["level"] if rows else None


def _source(profiles: dict[str, Profile], source: str) -> dict[str, object]:
    profile = profiles.get(source)
    return {"source": source, "source_name": profile.name_vi if profile else source, "who": profile.owner if profile else None}
