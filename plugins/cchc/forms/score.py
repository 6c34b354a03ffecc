"""The score of Decision 766/QĐ-TTg: each part gives points for a ratio. The versions of the formula are data in include/reference.

A part without a source, or without a case in the period, has no points, and this is shown: missing is not the same as 0. A score that is
part of a publication is never computed again, even if later data arrive or the formula changes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import Connection, text

from cchc.errors import CchcError, NotConfigured, NothingKnown, WrongUse
from cchc.indicators.count import binds, count_items, item_table
from cchc.near import near
from cchc.period import Period, midnight, now
from cchc.reference.catalogue import catalogue
from cchc.reference.entries import GroupEntry, PartEntry, VersionEntry
from cchc.reference.plan import DISTRICT
from cchc.reference.roles import Clocks, role_clocks
from cchc.reference.scopes import known_scope
from cchc.settings import Settings
from cchc.typed import read
from cchc.warehouse import engine, query, reading_on, run_file, sql
from cchc.warehouse.locks import hold
from cchc.warehouse.queries import ask

ROLE = "dossiers"
FILE = "decision_766.yaml"


@dataclass(frozen=True)
class Part:
    """One part of the score. `source`: {"indicator": code}, {"sql": name of a file}, or empty if the part has no source."""

    code: str
    name_vi: str
    max_points: Decimal
    formula: str
    full_at: Decimal | None = None
    source: Mapping[str, str] = field(default_factory=dict)
    at_zero: str | None = None
    binds: Mapping[str, Any] = field(default_factory=dict)
    note: str | None = None
    missing_vi: str | None = None
    group_code: str = ""
    group_name_vi: str = ""

    def points(self, numerator: int, denominator: int) -> Decimal | None:
        """The points for a count; None if there was nothing to count and the formula has no rule for that case."""
        if denominator == 0:
            return {"full": self.max_points, "zero": Decimal(0)}.get(self.at_zero or "")
        ratio = Decimal(numerator) / Decimal(denominator)
        return min(self.max_points, self.max_points * ratio / (self.full_at or Decimal(1)))


@dataclass(frozen=True)
class Version:
    """One version of the formula."""

    version: int
    valid_from: date
    name_vi: str
    note: str
    parts: tuple[Part, ...]


def versions(settings: Settings) -> list[Version]:
    """The versions in include/reference/decision_766.yaml, ordered by their first day.

    Raises NotConfigured if the file is wrong, for example if the points of a version do not add up to 100.
    """
    path = settings.reference_dir / FILE
    result = [
        Version(
            entry.version,
            entry.valid_from,
            entry.name_vi,
            entry.note,
            tuple(_part(settings, group, part) for group in entry.groups for part in group.parts),
        )
        for entry in read(path, list[VersionEntry])
    ]
    return sorted(result, key=lambda version: version.valid_from)


def _part(settings: Settings, group: GroupEntry, entry: PartEntry) -> Part:
    source = {} if entry.source is None else entry.source.model_dump(exclude_none=True)
    if "sql" in source and not (settings.sql_dir / "queries" / "scores" / f"{source['sql']}.sql").exists():
        hint = near(source["sql"], (file.stem for file in (settings.sql_dir / "queries" / "scores").glob("*.sql")))
        raise NotConfigured(f"{FILE}: {entry.code}: include/sql/queries/scores/{source['sql']}.sql does not exist{hint or '.'}")
    if "indicator" in source and source["indicator"] not in (known := catalogue(settings)):
        raise NotConfigured(
            f"{FILE}: {entry.code}: the catalogue has no indicator {source['indicator']!r}{near(source['indicator'], known) or '.'}"
        )
    return Part(**(entry.model_dump() | {"source": source}), group_code=group.code, group_name_vi=group.name_vi)


def version_of(settings: Settings, period: Period) -> Version:
    """The version in force on the last day of a period. Raises WrongUse if the period is before the first version."""
    known = [version for version in versions(settings) if version.valid_from <= period.last_day]
    if not known:
        raise WrongUse(f"Decision 766 had no formula yet on {period.last_day:%Y-%m-%d}")
    return known[-1]


def has_formula(settings: Settings, period: Period) -> bool:
    """Whether a version was in force on the last day of a period."""
    return any(version.valid_from <= period.last_day for version in versions(settings))


def compute(settings: Settings, period: Period) -> int:
    """Compute the score of every scope for a period and store it in mart.score_766. Returns how many rows changed.

    Published scores do not change. Raises CchcError if the indicators of the period are not computed.
    """
    with engine(settings).begin() as connection:
        hold(connection, "score_766")
        return _compute(connection, settings, period)


def compute_then(connection: Connection, settings: Settings, period: Period) -> None:
    """Compute the score on a connection that shows a past moment, of whose period the indicators are computed; it is undone with it.

    What was published of it is set aside: the score is as it was known then. Raises NothingKnown where nothing was known of the period.
    """
    connection.execute(
        text("delete from mart.score_766 where period_kind = :kind and period_start = :start"),
        {"kind": period.kind, "start": period.start},
    )
    _compute(connection, settings, period)


def _compute(connection: Connection, settings: Settings, period: Period) -> int:
    clocks = role_clocks(connection)
    known_at = clocks.known_at(ROLE)
    if known_at is None or midnight(period.start) >= known_at:
        known = known_at.isoformat() if known_at else "not set"
        raise NothingKnown(f"nothing is known of {period.code} yet: T of {clocks.names(ROLE)} is {known}")
    version = version_of(settings, period)
    scopes = _scopes(connection, period.effective_last_day(known_at))
    frozen = set(
        connection.execute(
            text(
                "select distinct unit_code from mart.score_766 where period_kind = :kind and period_start = :start "
                "and publication is not null"
            ),
            {"kind": period.kind, "start": period.start},
        ).scalars()
    )
    counted = _indicator_counts(connection, settings, period, version)
    for part in version.parts:
        if "sql" in part.source:
            counted[part.code] = _sql_counts(connection, settings, period, clocks, part, scopes)
    rows = [
        row
        for scope, (level, _) in scopes.items()
        if scope not in frozen
        for row in _rows(period, version, scope, level, counted, known_at)
    ]
    _drop_out_of_scope(connection, period, set(scopes))
    return _store(connection, rows)


def _scopes(connection: Connection, last_day: date) -> dict[str, tuple[str, set[str]]]:
    """Every scope that exists on `last_day`: its level, and the units that count in it (core.scope_member)."""
    rows = query(
        connection,
        "select m.scope_code, m.level, m.unit_code, coalesce(u.is_founded, false) as is_founded "
        "from core.scope_member(:d, :root) as m left join core.unit_at(:d) as u on u.unit_code = m.unit_code",
        {"root": DISTRICT, "d": last_day},
    )
    founded = {row["scope_code"] for row in rows if row["is_founded"]} | {"all"}
    scopes: dict[str, tuple[str, set[str]]] = {}
    for row in rows:
        if row["scope_code"] in founded:
            scopes.setdefault(row["scope_code"], (row["level"], set()))[1].add(row["unit_code"])
    return scopes


def _drop_out_of_scope(connection: Connection, period: Period, scopes: set[str]) -> None:
    """Delete the stored scores of scopes that do not exist in the period any more; published scores stay."""
    connection.execute(
        text(
            "delete from mart.score_766 where period_kind = :kind and period_start = :start and publication is null "
            "and unit_code <> all(:scopes)"
        ),
        {"kind": period.kind, "start": period.start, "scopes": sorted(scopes)},
    )


Counted = dict[str, dict[str, tuple[int, int]]]  # part → scope → (numerator, denominator); a part without a source has no entry


def _indicator_counts(connection: Connection, settings: Settings, period: Period, version: Version) -> Counted:
    codes = {part.source["indicator"]: part.code for part in version.parts if "indicator" in part.source}
    values = ask(connection, "forms/score_indicator", kind=period.kind, start=period.start, codes=list(codes))
    if not values:
        raise CchcError(f"{period.code} is not computed: ingest its sources, then `cchc refresh {period.code}`")
    counted: Counted = {}
    for row in values:
        counted.setdefault(codes[row["indicator_code"]], {})[row["unit_code"]] = (row["numerator"] or 0, row["denominator"] or 0)
    return counted


def _sql_counts(
    connection: Connection, settings: Settings, period: Period, clocks: Clocks, part: Part, scopes: dict[str, tuple[str, set[str]]]
) -> dict[str, tuple[int, int]]:
    statement = sql(settings, f"queries/scores/{part.source['sql']}")
    sources = clocks.of(ROLE)
    item_table(connection)
    for source, known_at in sources.items():
        values = binds(source, period, "period", known_at) | dict(part.binds)
        count_items(connection, settings, statement, values, part.code, "period", clocks.root)
    if len(sources) > 1:  # what two sources have of one item (a procedure at a unit) counts once
        run_file(connection, settings, "queries/values/item_once", code=part.code, basis="period")
    by_unit = {
        row["unit_code"]: (row["numerator"], row["denominator"])
        for row in query(
            connection,
            "select unit_code, count(*) filter (where is_numerator) as numerator, count(*) as denominator from item_now group by 1",
        )
    }
    return {
        scope: (
            sum(by_unit.get(unit, (0, 0))[0] for unit in units),
            sum(by_unit.get(unit, (0, 0))[1] for unit in units),
        )
        for scope, (_, units) in scopes.items()
    }


def _rows(period: Period, version: Version, scope: str, level: str, counted: Counted, known_at: datetime) -> list[dict[str, Any]]:
    rows = []
    for order, part in enumerate(version.parts, 1):
        numerator, denominator = counted.get(part.code, {}).get(scope, (None, None))
        points = None if numerator is None or denominator is None else part.points(numerator, denominator)
        rows.append(
            {
                "period_kind": period.kind,
                "period_start": period.start,
                "period_end": period.end,
                "unit_code": scope,
                "level": level,
                "formula_version": version.version,
                "part_code": part.code,
                "part_order": order,
                "group_code": part.group_code,
                "group_name_vi": part.group_name_vi,
                "name_vi": part.name_vi,
                "formula": part.formula,
                "full_at": part.full_at,
                "source": next(iter(part.source.values()), None),
                "numerator": numerator,
                "denominator": denominator,
                "ratio": Decimal(numerator) / Decimal(denominator) if numerator is not None and denominator else None,
                "max_points": part.max_points,
                "points": points,
                "missing_reason": None if points is not None else "no_source" if numerator is None else "no_cases",
                "known_at": known_at,
                "computed_at": now(),
            }
        )
    return rows


def _store(connection: Connection, rows: Sequence[dict[str, Any]]) -> int:
    if not rows:
        return 0
    columns = list(rows[0])
    key = ("unit_code", "period_kind", "period_start", "formula_version", "part_code")
    compared = [column for column in columns if column not in (*key, "computed_at", "known_at")]
    assignments = ", ".join(f"{column} = excluded.{column}" for column in columns if column not in key)
    old, new = (", ".join(f"{alias}.{column}" for column in compared) for alias in ("t", "excluded"))
    # delete the parts that the formula in force does not have, except from a published score
    connection.execute(
        text(
            "delete from mart.score_766 where period_kind = :kind and period_start = :start and publication is null "
            "and (formula_version <> :version or not (part_code = any(:parts)))"
        ),
        {
            "kind": rows[0]["period_kind"],
            "start": rows[0]["period_start"],
            "version": rows[0]["formula_version"],
            "parts": sorted({row["part_code"] for row in rows}),
        },
    )
    changed = 0
    for row in rows:
        changed += connection.execute(
            text(
                f"insert into mart.score_766 as t ({', '.join(columns)}) values ({', '.join(f':{column}' for column in columns)}) "
                f"on conflict ({', '.join(key)}) do update set {assignments} "
                f"where t.publication is null and ({old}) is distinct from ({new})"
            ),
            row,
        ).rowcount
    return changed


def freeze(connection: Connection, period: Period, publication: str, unit: str | None = None) -> int:
    """Freeze the stored score of a period, of every scope or of one, as part of a publication. Returns how many rows were frozen.

    This cannot be undone.
    """
    return connection.execute(
        text(
            "update mart.score_766 set publication = :publication where period_kind = :kind and period_start = :start "
            "and publication is null and (cast(:unit as text) is null or unit_code = :unit)"
        ),
        {"publication": publication, "kind": period.kind, "start": period.start, "unit": unit},
    ).rowcount


def score(settings: Settings, period: Period, unit: str = "all", *, connection: Connection | None = None) -> list[dict[str, Any]]:
    """The stored parts of the score of a scope in their order; if the score was published, the published parts.

    `connection`: one that shows a past moment; None: as known now. Raises CchcError if no score is stored yet.
    """
    with reading_on(settings, connection) as read:
        known_scope(read, unit)
        rows = ask(read, "forms/score", kind=period.kind, start=period.start, unit=unit)
    if not rows:
        raise CchcError(f"the score of {period.code} is not computed: `cchc score {period.code}` does it after `cchc refresh`")
    return rows


def ranking(settings: Settings, period: Period, *, connection: Connection | None = None) -> list[dict[str, Any]]:
    """The communes ordered by their total of the parts that have points. Equal totals have the same rank. Parts without points are named.

    Communes without any points come last and have no rank. All communes that existed on any day of the period are listed. `connection`: as
    in `score`.
    """
    with reading_on(settings, connection) as read:
        return ask(read, "forms/score_ranking", kind=period.kind, start=period.start, last=period.last_day)
