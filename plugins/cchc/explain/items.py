"""The items behind a figure, page by page: those in the numerator, in the denominator, not counted, or changed since the publication.

What counts is decided by the indicator's own SQL and by nothing else; the statement around it places the items in the scope, as the
refresh does, and reads the facts of their records. No row holds personal data.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import Connection

from cchc.errors import WrongUse
from cchc.explain.words import Words, why_changed, why_counted, why_not_counted
from cchc.indicators.count import binds
from cchc.near import near
from cchc.period import BASES, ZONE, Period, midnight
from cchc.publication.edition import in_force
from cchc.reference.catalogue import DECLARED, Indicator, indicator
from cchc.reference.plan import plan_of
from cchc.reference.roles import Clocks, role_clocks, tree_of
from cchc.reference.scopes import NAMES, known_scope, scope_condition
from cchc.settings import Settings
from cchc.warehouse import asked_binds, composed, sql
from cchc.warehouse.queries import dictionaries, read_statement, statement


class Part(StrEnum):
    """Which items of a figure are asked for."""

    NUMERATOR = "numerator"
    DENOMINATOR = "denominator"
    DENOMINATOR_NOT_NUMERATOR = "denominator_not_numerator"
    NOT_COUNTED = "not_counted"
    CHANGED = "changed_since_publication"


CONDITIONS = {Part.NUMERATOR: "is_numerator", Part.DENOMINATOR: "true", Part.DENOMINATOR_NOT_NUMERATOR: "not is_numerator"}

# What a page can be sorted by, and the column of each. The first ones are known before the records are read, so that such a page reads
# only its own records.
OWN_COLUMNS = {"unit": "unit_code", "item": "item", "counted_on": "counted_on"}
RECORD_COLUMNS = {
    "procedure": "procedure_code",
    "received": "received_date",
    "due": "due_date",
    "ended": "ended_date",
    "late": "late_days",
    "reason": "reason",
}
# the records whose reasons are looked for when it is known which of them do not count: those of all candidates would be dear
REASONS = ("dossier",)
TEXTS = ("unit_code", "item", "procedure_code", "reason")
ORDERS = (*OWN_COLUMNS, *RECORD_COLUMNS)
SEARCHED = "position(lower(cast(:search as text)) in lower(concat_ws(' ', item, dossier_code, procedure_code, procedure_name))) > 0"


@dataclass(frozen=True)
class Item:
    """One item behind a figure: a dossier, a procedure at a unit, a payment, a leader … as the catalogue says.

    `unit_code`: the unit for which it counts, `level:…` if it counts for no unit, None if its record names no known unit; `named_code`:
    the unit that its record names.
    `is_numerator`: None for an item that is not counted. `numerator`, `denominator`: how much it adds to the figure (1 or 0; of a
    declared figure its own numbers). `dossier_code`: the dossier, or the dossier that the record belongs to. `received`, `due`, `ended`: of
    a dossier the days of reception, of the due in force and of the end; of other records the days that correspond (docs/guides/explain.md).
    `late_days`: working days after the due; None without a due or an end. `facts`: further facts of the record, by name. `why`: why it
    counts, why it does not, or why it changed. `reason`: the code of that reason, where there is one. `change`, `before`, `after`: of a
    changed item, how it counted in the publication and how it counts now.
    """

    source_code: str | None
    item: str
    unit_code: str | None
    unit_name: str | None
    named_code: str | None
    counted_on: date | None
    is_numerator: bool | None
    numerator: int | None
    denominator: int | None
    dossier_code: str | None
    procedure_code: str | None
    procedure_name: str | None
    received: date | None
    due: date | None
    first_due: date | None
    ended: date | None
    late_days: int | None
    state: str | None
    facts: dict[str, Any]
    why: Words
    reason: str | None = None
    change: str | None = None
    before: str | None = None
    after: str | None = None


@dataclass(frozen=True)
class ItemPage:
    """A page of items. `total`: how many items there are in all; `numerator` and `denominator`: what all of them add to the figure."""

    part: Part
    items: tuple[Item, ...]
    total: int
    numerator: int
    denominator: int
    limit: int | None
    offset: int


@dataclass(frozen=True)
class Asked:
    """A figure that is asked for: an indicator, a period, a basis and a scope, and what is known of its sources."""

    indicator: Indicator
    period: Period
    basis: str
    scope: str
    clocks: Clocks
    known_at: datetime

    @property
    def last_day(self) -> date:
        """The last counted day of the value."""
        return self.period.effective_last_day(self.known_at)


def ask_for(connection: Connection, settings: Settings, code: str, period: Period, basis: str, scope: str) -> Asked:
    """The figure of an indicator. Raises WrongUse for an unknown indicator, basis or scope, or a period of which nothing is known yet."""
    item = indicator(settings, code, period.last_day)
    if basis not in BASES:
        raise WrongUse(f"'{basis}' is no basis; {' or '.join(BASES)}")
    known_scope(connection, scope)
    clocks = role_clocks(connection, tree_of(connection, scope))
    known_at = clocks.known_at(item.role)
    if known_at is None or midnight(period.start) >= known_at:
        known = known_at.isoformat() if known_at else "not set"
        raise WrongUse(f"nothing is known of {period.code} yet: T of {clocks.names(item.role)} is {known}")
    return Asked(item, period, basis, scope, clocks, known_at)


def parts_of(item: Indicator) -> tuple[Part, ...]:
    """The parts that an indicator has: a number without a denominator has no part of one, and every declared figure is in both sides."""
    if item.item == DECLARED or item.kind == "count":
        return Part.NUMERATOR, Part.NOT_COUNTED, Part.CHANGED
    return tuple(Part)


def items_behind(
    connection: Connection,
    settings: Settings,
    code: str,
    period: Period,
    basis: str,
    scope: str,
    *,
    part: Part,
    order: str = "unit",
    limit: int | None = 50,
    offset: int = 0,
    search: str | None = None,
    unit: str | None = None,
    procedure: str | None = None,
    dossier: str | None = None,
) -> ItemPage:
    """A page of the items behind one figure, counted anew by the indicator's own SQL from what the connection sees.

    Arguments: `connection`, as things are known now, or as known at a past moment (`cchc.reports.scorecard.reading`); `code`, the
    indicator; `part`, which items; `order`, one of ORDERS, with a minus before it for the reverse; `limit`, None for all; `search`, a text
    in the item, the dossier, the procedure or its name; `unit`, `procedure` and `dossier`, codes that the items must have. The sums of the
    page are those of all items that are meant. Raises WrongUse where something is asked that does not exist.
    """
    asked = ask_for(connection, settings, code, period, basis, scope)
    _check(asked, part, limit, offset)
    columns, by_record = _order(order)
    tables, rows_of, reasons, values = _tables(connection, settings, asked, part)
    is_dossier = asked.indicator.record == "dossier"
    own = _equal({"unit_code": unit, "item": dossier if is_dossier else None}) or ["true"]
    told = _equal({"procedure_code": procedure, "dossier_code": None if is_dossier else dossier})
    if search:
        told.append(SEARCHED)
    condition = " and ".join(told) or None
    record = statement(f"explain/record/{asked.indicator.record}")
    text = composed.page_of_items(tables, " and ".join(own), rows_of, record, columns, condition, reasons, is_by_record=by_record)
    values |= {
        "d": asked.last_day,
        "root": asked.clocks.root,
        "scope": scope,
        "code": code,
        "zone": ZONE.key,
        "limit": limit,
        "offset": offset,
        "unit_code": unit,
        "item": dossier,
        "procedure_code": procedure,
        "dossier_code": dossier,
        "search": search,
    }
    rows = dictionaries(connection.execute(read_statement(text), asked_binds(text, values)))
    total, upper, lower = (int(rows[0][f"total_{name}"] or 0) for name in ("count", "numerator", "denominator"))
    items = tuple(_item(asked.indicator, part, row) for row in rows if row["item"] is not None)
    return ItemPage(part, items, total, upper, lower, limit, offset)


def _check(asked: Asked, part: Part, limit: int | None, offset: int) -> None:
    code = asked.indicator.code
    if part not in parts_of(asked.indicator):
        raise WrongUse(f"{code} has no part '{part}': it has {', '.join(parts_of(asked.indicator))}")
    if asked.indicator.record is None:
        raise WrongUse(f"{code} does not say what its items are: give it a `record` in include/reference/indicators.yaml")
    if offset < 0 or (limit is not None and limit < 0):
        raise WrongUse(f"a page has no negative limit or offset: limit {limit}, offset {offset}")


def _order(order: str) -> tuple[list[str], bool]:
    """The columns of an order, and whether the records must be read for it."""
    name, back = order.removeprefix("-"), order.startswith("-")
    column = OWN_COLUMNS.get(name) or RECORD_COLUMNS.get(name)
    if column is None:
        raise WrongUse(f"items cannot be sorted by '{name}': {', '.join(ORDERS)}{near(name, ORDERS)}")
    # by bytes: comparing by the rules of a language takes most of the time of a large page
    text = ' collate "C"' if column in TEXTS else ""
    first = f"{column}{text} {'desc' if back else 'asc'} nulls last"
    rest = [f'{other} collate "C" asc' for other in ("unit_code", "item") if other != column]
    return [first, *rest], name in RECORD_COLUMNS


def _equal(wanted: dict[str, str | None]) -> list[str]:
    """The conditions that columns have the values that are given; the bind values have the names of the columns."""
    return [f"{column} = cast(:{column} as text)" for column, value in wanted.items() if value is not None]


def _tables(connection: Connection, settings: Settings, asked: Asked, part: Part) -> tuple[str, str, list[str], dict[str, Any]]:
    """What the statement of a page is made of, and the bind values.

    That is: the tables up to `selected`, the statement that reads its rows with their sources, and those that say why they do not count.
    """
    if part is Part.CHANGED:
        tables, rows_of, changed = _changed(connection, settings, asked)
        return tables, rows_of, [], changed
    item = asked.indicator
    scope = composed.counted_at(
        asked.scope, scope_condition(asked.scope, "coalesce(s.scope_code, x.unit_code)", "coalesce(s.level, u.level)")
    )
    parts = [
        (source, sql(settings, item.part(role)), binds(source, asked.period, asked.basis, known_at, item.units))
        for role in item.roles
        for source, known_at in asked.clocks.of(role).items()
    ]
    counted, values = _numbered([(text, found) for _, text, found in parts], asked, connection)
    tables = composed.counted_in_scope(
        counted,
        scope,
        is_distinct=item.is_distinct,
        has_figures=item.item == DECLARED,
        has_denominator=item.kind != "count",
        is_compared=part is Part.NOT_COUNTED,
    )
    if part is not Part.NOT_COUNTED:
        return f"{tables},\n{composed.selected_counted(CONDITIONS[part])}", composed.asked_of(counted), [], values
    candidates = [(statement(f"explain/not_counted/{item.record}"), found) for _, _, found in parts]
    numbered, more = _numbered(candidates, asked, connection, first=len(parts))
    reasons = [composed.numbered(statement(f"explain/reason/{item.record}"), number) for number, _ in numbered if item.record in REASONS]
    is_of_unit = asked.scope != "all" and not asked.scope.startswith("level:")
    left = composed.selected_not_counted(numbered, scope, is_distinct=item.is_distinct, is_of_unit=is_of_unit)
    return f"{tables},\n{left}", composed.asked_of(numbered), reasons, values | more


def _numbered(
    parts: Sequence[tuple[str, dict[str, Any]]], asked: Asked, connection: Connection, first: int = 0
) -> tuple[list[tuple[int, str]], dict[str, Any]]:
    """Statements for several sources with numbers behind the names of their bind values, and these values."""
    plan = plan_of(connection, asked.period).plan_code if asked.indicator.item == DECLARED else None
    texts: list[tuple[int, str]] = []
    values: dict[str, Any] = {}
    for number, (text, found) in enumerate(parts, first):
        texts.append((number, composed.numbered(text, number)))
        named = found | {"code": asked.indicator.code, "plan": plan, "clock": number}
        values |= {f"{name}_{number}": value for name, value in named.items()}
    return texts, values


def _changed(connection: Connection, settings: Settings, asked: Asked) -> tuple[str, str, dict[str, Any]]:
    """The items behind the open restatement of the figure. Raises WrongUse if the period was never published."""
    published = in_force(connection, settings, asked.period)
    if published is None:
        raise WrongUse(f"{asked.period.code} was never published: nothing can have changed since")
    sources = [source for role in asked.indicator.roles for source in asked.clocks.of(role)]
    values = {
        "publication_id": published["publication_id"],
        "basis": asked.basis,
        "sources": sources,
        "last_day": asked.last_day,
        "end_at": asked.period.end_at(asked.known_at),
        "known_at": asked.known_at,
    }
    return f"selected as ({statement('explain/changed_item')})", "select c.*, cast(null as integer) as clock from {chosen} as c", values


def _item(item: Indicator, part: Part, row: dict[str, Any]) -> Item:
    facts = row["facts"] or {}
    if part is Part.CHANGED:
        why = why_changed(row["change"], row["reason"], row["detail"])
    elif part is Part.NOT_COUNTED:
        why = why_not_counted(row["reason"], facts.get("left_out_rules"))
    else:
        by_first_due = item.code == "dossier_on_time_first_due_rate"
        why = why_counted(item, row["is_numerator"], facts.get("first_late_days") if by_first_due else row["late_days"])
    return Item(
        source_code=row["source_code"],
        item=row["item"],
        unit_code=row["unit_code"],
        unit_name=row["unit_name"] or NAMES.get(row["unit_code"], row["unit_code"]),
        named_code=row["named_code"],
        counted_on=row["counted_on"],
        is_numerator=row["is_numerator"],
        numerator=row["numerator"],
        denominator=row["denominator"],
        dossier_code=row["dossier_code"],
        procedure_code=row["procedure_code"],
        procedure_name=row["procedure_name"],
        received=row["received_date"],
        due=row["due_date"],
        first_due=row["first_due_date"],
        ended=row["ended_date"],
        late_days=row["late_days"],
        state=row["state"],
        facts={name: value for name, value in facts.items() if value is not None},
        why=why,
        reason=row["reason"],
        change=row["change"],
        before=row["before"],
        after=row["after"],
    )
