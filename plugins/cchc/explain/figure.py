"""One figure, taken apart: its definition, its value and target, what was published, where its data come from, and why it has no value."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import Connection

from cchc.core.completeness import counts_any_month, missing_from
from cchc.errors import WrongUse
from cchc.explain.definition import Definition, definition
from cchc.explain.items import Part, items_behind
from cchc.explain.words import Words
from cchc.period import BASES, ZONE, Period, midnight
from cchc.reference.catalogue import DECLARED, Indicator, indicator
from cchc.reference.roles import Clocks, role_clocks, tree_of
from cchc.reference.scopes import known_scope, scope_name
from cchc.settings import Settings
from cchc.warehouse import query
from cchc.warehouse.queries import ask


@dataclass(frozen=True)
class Value:
    """A value as it is stored or published. `value` and `target` are fractions (a count: the number; a score: points); None = none."""

    numerator: int | None
    denominator: int | None
    value: Decimal | None
    target: Decimal | None
    status: str | None


@dataclass(frozen=True)
class Current(Value):
    """The value that is known now. `gap_count`: how many items are missing to the target; `coverage`: share of the units that have sent."""

    gap_count: int | None
    coverage: Decimal | None
    is_provisional: bool
    compared_numerator: int | None
    compared_denominator: int | None
    computed_at: datetime


@dataclass(frozen=True)
class Published(Value):
    """The value of the edition in force. `is_restated`: whether another value is known now; `changed_count`: by how many items."""

    publication_id: int
    edition: int
    published_at: datetime
    approved_by: str
    is_restated: bool
    changed_count: int


@dataclass(frozen=True)
class LoadBehind:
    """The newest load of an entity of a source. `known_at`: the end of its window; `load_count`: how many loads there were."""

    load_id: int
    entity: str
    file_name: str | None
    known_at: datetime
    ended_at: datetime | None
    landed: int
    quarantined: int
    load_count: int


@dataclass(frozen=True)
class SourceBehind:
    """A source that fills a role of the indicator. `known_at`: its T, None if it was never extracted; `end_at`: where it is cut."""

    source_code: str
    name_vi: str | None
    role: str
    known_at: datetime | None
    end_at: datetime | None
    loads: tuple[LoadBehind, ...]


@dataclass(frozen=True)
class Figure:
    """One figure. `known_at` and `last_day`: T and D of the value; None if nothing is known of the period.

    `current`: the value now; None if it is not computed. `published`: None if the period, or this value, was not published.
    `provisional`: why the value is provisional, empty if it is not. `no_value`: why there is no value; None if there is one.
    """

    definition: Definition
    period: Period
    basis: str
    scope: str
    scope_name: str
    known_at: datetime | None
    last_day: date | None
    current: Current | None
    published: Published | None
    provisional: tuple[Words, ...]
    no_value: Words | None
    sources: tuple[SourceBehind, ...]

    @property
    def indicator(self) -> Indicator:
        """The indicator."""
        return self.definition.indicator


def figure(connection: Connection, settings: Settings, code: str, period: Period, basis: str, scope: str) -> Figure:
    """One figure as the connection sees it: as known now, or at a past moment. Nothing is computed: the stored value is read.

    Raises WrongUse for an unknown indicator, basis or scope. A period of which nothing is known is no error: `no_value` says so.
    """
    item = indicator(settings, code, period.last_day)
    if basis not in BASES:
        raise WrongUse(f"'{basis}' is no basis; {' or '.join(BASES)}")
    known_scope(connection, scope)
    clocks = role_clocks(connection, tree_of(connection, scope))
    known_at = clocks.known_at(item.role)
    begun = known_at is not None and midnight(period.start) < known_at
    last_day = period.effective_last_day(known_at) if begun and known_at else None
    current, published = _values(connection, item, period, basis, scope)
    return Figure(
        definition=definition(connection, settings, item, period),
        period=period,
        basis=basis,
        scope=scope,
        scope_name=scope_name(connection, scope, last_day or period.last_day),
        known_at=known_at,
        last_day=last_day,
        current=current,
        published=published,
        provisional=_provisional(connection, settings, item, period, basis, scope, clocks, current),
        no_value=_no_value(connection, settings, item, period, basis, scope, clocks, current),
        sources=_sources(connection, item, period, clocks),
    )


def _values(connection: Connection, item: Indicator, period: Period, basis: str, scope: str) -> tuple[Current | None, Published | None]:
    rows = ask(
        connection,
        "explain/value",
        code=item.code,
        version=item.version,
        scope=scope,
        kind=period.kind,
        start=period.start,
        basis=basis,
    )
    if not rows:
        return None, None
    row = rows[0]
    names = ("numerator", "denominator", "value", "target", "status")
    own = ("gap_count", "coverage", "is_provisional", "compared_numerator", "compared_denominator", "computed_at")
    edition = ("publication_id", "edition", "published_at", "approved_by", "is_restated", "changed_count")
    current = Current(**{name: row[name] for name in (*names, *own)}) if row["computed_at"] else None
    then = {name: row[f"published_{name}"] for name in names}
    return current, Published(**then, **{name: row[name] for name in edition}) if row["publication_id"] else None


def _provisional(
    connection: Connection,
    settings: Settings,
    item: Indicator,
    period: Period,
    basis: str,
    scope: str,
    clocks: Clocks,
    current: Current | None,
) -> tuple[Words, ...]:
    """Why a value is provisional: the reasons of docs/reference/indicators.md#56-provisional that hold now."""
    known_at = clocks.known_at(item.role)
    if current is None or not current.is_provisional or known_at is None:
        return ()
    found = []
    if period.effective_last_day(known_at) < period.last_day:
        until = f"{known_at.astimezone(ZONE):%d/%m/%Y %H:%M}"
        found.append(Words(f"kỳ chưa kết thúc: số liệu đến {until}", f"the period is still running: it is known up to {until}"))
    if current.coverage is not None and current.coverage < 1:
        share = f"{current.coverage * 100:.0f} %"
        found.append(Words(f"mới có số liệu của {share} số đơn vị", f"only {share} of the units have sent data"))
    if item.item == DECLARED:
        page = items_behind(connection, settings, item.code, period, basis, scope, part=Part.NUMERATOR, limit=None)
        unapproved = [str(row.unit_name) for row in page.items if row.state == "not_approved"]
        if unapproved:
            named = ", ".join(unapproved)
            found.append(Words(f"số tự khai chưa được duyệt: {named}", f"declared figures without an approver: {named}"))
    elif item.coverage == "dossiers" and any(
        counts_any_month(missing_from(connection, source), period, basis) for source in clocks.of(item.role)
    ):
        found.append(Words("nguồn có hồ sơ mà kho chưa có", "the source lists dossiers that are not stored"))
    return tuple(found) or (
        Words("đã tạm tính khi tính lần cuối, cần tính lại", "it was provisional when it was computed; refresh the period"),
    )


def _no_value(
    connection: Connection,
    settings: Settings,
    item: Indicator,
    period: Period,
    basis: str,
    scope: str,
    clocks: Clocks,
    current: Current | None,
) -> Words | None:
    """Why there is no value, and who must deliver; None if there is one."""
    if current is not None and current.value is not None:
        return None
    known_at, names = clocks.known_at(item.role), clocks.names(item.role)
    named = _names_vi(connection, list(clocks.by_role.get(item.role) or [])) or names
    if known_at is None:
        return Words(f"chưa nạp nguồn {named}", f"{names} was never extracted: `cchc ingest {names.partition(', ')[0]}`")
    if midnight(period.start) >= known_at:
        until = f"{known_at.astimezone(ZONE):%d/%m/%Y %H:%M}"
        return Words(
            f"chưa có số liệu của kỳ này: nguồn {named} mới có đến {until}",
            f"the period begins after what is known: {names} up to {until}",
        )
    if current is None:
        return Words("kỳ này chưa được tính", f"the period is not computed: `cchc refresh {period.code}`")
    if item.item == DECLARED and current.numerator is None:
        page = items_behind(connection, settings, item.code, period, basis, scope, part=Part.NOT_COUNTED, limit=3)
        if not page.total:
            return Words("phạm vi này không phải khai chỉ tiêu này", "no unit of this scope has to declare it")
        more = f" … (+{page.total - len(page.items)})" if page.total > len(page.items) else ""
        units = ", ".join(str(row.unit_name) for row in page.items) + more
        month = f"{period.effective_last_day(known_at):%m/%Y}"
        return Words(f"chưa có số tự khai tháng {month} của {units}", f"no figure for {month} was declared; it must come from {units}")
    return Words(f"mẫu số bằng 0: {item.denominator_vi}", "the denominator is 0: there is nothing to count in this scope and period")


def _names_vi(connection: Connection, sources: list[str]) -> str:
    """The Vietnamese names of some sources."""
    rows = query(connection, "select name_vi from core.source where source_code = any(:s) order by source_code", {"s": sources})
    return ", ".join(row["name_vi"] for row in rows)


def _sources(connection: Connection, item: Indicator, period: Period, clocks: Clocks) -> tuple[SourceBehind, ...]:
    """Every source that fills a role of the indicator, with its newest loads."""
    filled = [(role, source, known_at) for role in item.roles for source, known_at in clocks.by_role.get(role, {}).items()]
    rows = ask(connection, "explain/source_load", sources=[source for _, source, _ in filled])
    loads: dict[str, list[dict[str, Any]]] = {}
    for row in rows:
        loads.setdefault(row["source_code"], []).append(row)
    return tuple(
        SourceBehind(
            source_code=source,
            name_vi=next((row["name_vi"] for row in loads.get(source, [])), None),
            role=role,
            known_at=known_at,
            end_at=period.end_at(known_at) if known_at else None,
            loads=tuple(
                LoadBehind(
                    row["load_id"],
                    row["entity"],
                    row["file_name"],
                    row["window_to"],
                    row["ended_at"],
                    row["landed"],
                    row["quarantined"],
                    row["load_count"],
                )
                for row in loads.get(source, [])
            ),
        )
        for role, source, known_at in filled
    )
