"""The rows behind the figures of an edition, pseudonymised, as Parquet: what the queries of the indicators read, as it is at the freeze.

Each file of include/sql/queries/bundle that `FACTS` and `COMMON` name is one table. It is asked for the period itself and, for a role with
a direction, for the same period of the year before; the column `as_of` says which. The days and the moment known_at are those by which the
indicators are counted, so the queries of the indicators give the published figures from these rows (include/bundle/verify.sql).
"""

from __future__ import annotations

import io
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from sqlalchemy import Connection

from cchc.bundle.pseudonyms import pseudonyms
from cchc.errors import CchcError
from cchc.indicators import declared
from cchc.indicators.compute import with_direction
from cchc.indicators.count import binds
from cchc.period import BASES, Period, midnight
from cchc.reference.catalogue import Indicator
from cchc.reference.plan import plan_of
from cchc.reference.roles import Clocks
from cchc.settings import Settings
from cchc.warehouse import asked_binds, sql
from cchc.warehouse.queries import read_statement

NOW, YEAR_BEFORE = "period", "year_before"  # values of `as_of`
FACTS = {
    "dossiers": (
        "dossier", "dossier_open", "assessment", "procedure_at", "procedure_elsewhere", "procedure_in_force", "procedure_span",
    ),
    "documents": ("work_file", "signature", "leader_in_post"),
    "payments": ("payment",),
    "feedback": ("feedback",),
    "survey": ("survey_answer",),
    declared.ROLE: ("declared_figure_at",),
}  # fmt: skip
COMMON = ("unit_at", "unit_on_day", "unit_scope", "scope_member", "working_day", "sent")
# The codes that are replaced by a pseudonym, and the kind of record that each names.
KEYS = {
    "dossier_code": "dossier",
    "assessment_code": "assessment",
    "feedback_code": "feedback",
    "payment_key": "payment",
    "work_file_code": "work_file",
    "person_code": "person",
    "answer_code": "answer",
}
TAGS = ("as_of", "tree", "role", "coverage_code", "basis")  # columns that say what a row was asked for
PARTITION = 20_000  # rows in memory at once as Python values
ROWS_OF_A_GROUP = 1 << 17  # rows that are sorted and written at once
_TYPES = {16: pa.bool_(), 20: pa.int64(), 21: pa.int64(), 23: pa.int64(), 25: pa.string(), 1043: pa.string(), 1082: pa.date32()}  # by OID


@dataclass(frozen=True)
class Tree:
    """A tree of units: its clocks, and the indicators whose year before is compared."""

    clocks: Clocks
    compared: frozenset[str]


@dataclass(frozen=True)
class _Asked:
    """One run of a statement: its bind values, and the columns that say what it was asked for."""

    statement: str
    values: dict[str, Any]
    tags: dict[str, str]


def trees(connection: Connection, items: Iterable[Indicator], period: Period, clocks: Iterable[Clocks]) -> list[Tree]:
    """The trees of units of an edition. Only in the authority's own tree a plan holds, so only there directions are compared.

    `items`: the indicators in the versions of the edition. One that had another version in the year before is compared with nothing.
    """
    of_another_version = {item.code for item in items if not item.holds(period.year_before().last_day)}
    compared = frozenset(with_direction(connection, plan_of(connection, period)) - of_another_version)
    return [Tree(one, compared if one.is_own else frozenset()) for one in clocks]


def known_roles(tree: Tree, period: Period) -> dict[str, datetime]:
    """The roles that are known in the period, each with its known_at."""
    known = {role: tree.clocks.known_at(role) for role in tree.clocks.by_role}
    return {role: known_at for role, known_at in sorted(known.items()) if known_at is not None and midnight(period.start) < known_at}


def rows(
    connection: Connection, settings: Settings, items: list[Indicator], period: Period, trees: list[Tree]
) -> Iterator[tuple[str, bytes]]:
    """Yield the name and the bytes of each table. The same rows give the same bytes.

    Raises CchcError if a statement returns a column of a type that a bundle does not hold.
    """
    questions, plan = _Questions(settings, items, period), plan_of(connection, period).plan_code
    for tree in trees:
        questions.tree(tree, plan)
    asked = questions.found
    pseudonym = pseudonyms(settings)
    for name in sorted({*COMMON, *(name for names in FACTS.values() for name in names)}):
        found = asked.get(name) or [_nothing(settings, name, period)]
        tables = [_table(connection, name, one, pseudonym) for one in found]
        table = pa.concat_tables(tables)
        if name not in asked:
            table = table.slice(0, 0)
        yield name, _written(table)


def _written(table: pa.Table) -> bytes:
    """A table as Parquet, sorted by all of its columns.

    It is brought into order a piece at a time: a sorted copy of the rows of a year takes as much memory again.
    """
    order = pc.sort_indices(table, sort_keys=[(column, "ascending") for column in table.column_names])
    out = io.BytesIO()
    with pq.ParquetWriter(out, table.schema, compression="zstd") as writer:
        for first in range(0, max(len(order), 1), ROWS_OF_A_GROUP):
            writer.write_table(table.take(order.slice(first, ROWS_OF_A_GROUP)))
    return out.getvalue()


@dataclass(frozen=True)
class _Questions:
    """What is asked for each table, each question once: trees and roles have sources in common."""

    settings: Settings
    items: list[Indicator]
    period: Period
    found: dict[str, list[_Asked]] = field(default_factory=dict)
    once: set[tuple[Any, ...]] = field(default_factory=set)

    def ask(self, name: str, values: dict[str, Any], statement: str | None = None, **tags: str) -> None:
        """Ask for the table `name`, by its own file or by another statement."""
        text = statement or sql(self.settings, f"queries/bundle/{name}")
        wanted = asked_binds(text, values)
        key = (name, text, *sorted(tags.items()), *sorted((bind, str(value)) for bind, value in wanted.items()))
        if key not in self.once:
            self.once.add(key)
            self.found.setdefault(name, []).append(_Asked(text, wanted, tags))

    def tree(self, tree: Tree, plan: str) -> None:
        """Ask for everything of one tree."""
        self.ask("unit_on_day", {})
        for role, known_at in known_roles(tree, self.period).items():
            self._units(tree, role, known_at)
        for role in sorted(tree.clocks.by_role):
            for source, known_at in tree.clocks.of(role).items():
                self._facts(tree, role, source, known_at)
        self._sent(tree)
        self._declared_sent(tree, plan)

    def _units(self, tree: Tree, role: str, known_at: datetime) -> None:
        """The units, and for which scopes their records count, on the last day of a role."""
        for as_of, counted in _windows(self.items, tree, role, self.period):
            last_day = counted.effective_last_day(known_at)
            if role == declared.ROLE and as_of == YEAR_BEFORE:
                last_day = declared_day(self.period, known_at)
            compared_on = self.period.effective_last_day(known_at) if as_of == YEAR_BEFORE else None
            values = {"last_day": last_day, "root": tree.clocks.root, "compared_on": compared_on}
            for name in ("unit_scope", "scope_member"):
                self.ask(name, values, as_of=as_of, tree=tree.clocks.root, role=role)
            self.ask("unit_at", values)

    def _facts(self, tree: Tree, role: str, source: str, known_at: datetime) -> None:
        """What one source has of the days that are counted on any basis."""
        for as_of, counted in _windows(self.items, tree, role, self.period):
            values = binds(source, counted, "year_to_date", known_at)
            if counted.start < counted.year_start:
                values |= {"start_date": counted.start, "start_at": midnight(counted.start)}
            if role == declared.ROLE and as_of == YEAR_BEFORE:
                values |= {"last_day": declared_day(self.period, known_at)}
            for name in FACTS[role]:
                self.ask(name, values, as_of=as_of)
            self.ask("unit_at", values)
            self.ask("working_day", values)

    def _sent(self, tree: Tree) -> None:
        """Which units were expected to send, and which of them have: asked as cchc.indicators.count asks it."""
        known = known_roles(tree, self.period)
        for item in self.items:
            if item.role not in known or item.coverage is None or item.role == declared.ROLE:
                continue
            last_day = self.period.effective_last_day(known[item.role])
            for role, source, known_at in ((part, *clock) for part in item.roles for clock in tree.clocks.of(part).items()):
                statement = sql(self.settings, item.coverage_part(role))
                for basis in BASES:
                    values = binds(source, self.period, basis, known_at) | {"last_day": last_day}
                    tags = {"tree": tree.clocks.root, "role": item.role, "coverage_code": item.coverage, "basis": basis}
                    self.ask("sent", values, statement, **tags)

    def _declared_sent(self, tree: Tree, plan: str) -> None:
        """Which units had to declare, and which of them have; only units of the authority's own tree declare."""
        if declared.ROLE not in known_roles(tree, self.period) or not tree.clocks.is_own:
            return
        for source, known_at in tree.clocks.of(declared.ROLE).items():
            values = binds(source, self.period, "period", known_at) | {"plan": plan, "root": tree.clocks.root}
            for basis in BASES:
                self.ask("sent", values, tree=tree.clocks.root, role=declared.ROLE, basis=basis)


def _windows(items: list[Indicator], tree: Tree, role: str, period: Period) -> list[tuple[str, Period]]:
    """The periods that are counted of a role: the period, and the year before where a direction compares with it."""
    has_direction = any(item.code in tree.compared and role in item.roles for item in items)
    return [(NOW, period), *([(YEAR_BEFORE, period.year_before())] if has_direction else [])]


def declared_day(period: Period, known_at: datetime) -> date:
    """The day of the year before with which declared figures are compared: as PostgreSQL takes a year from a day."""
    day = period.effective_last_day(known_at)
    return day.replace(year=day.year - 1) if (day.month, day.day) != (2, 29) else day.replace(year=day.year - 1, day=28)


def _nothing(settings: Settings, name: str, period: Period) -> _Asked:
    """A run that only tells the columns of a table: no source fills its role."""
    values = binds("", period, "period", midnight(period.end)) | {"root": "", "plan": "", "compared_on": None}
    statement = sql(settings, f"queries/bundle/{name}")
    tags = {"unit_scope": TAGS[:3], "scope_member": TAGS[:3], "sent": ("tree", "role", "basis")}.get(name, ("as_of",))
    return _Asked(
        statement, asked_binds(statement, values), {} if name in ("unit_at", "unit_on_day", "working_day") else dict.fromkeys(tags, "")
    )


def _table(connection: Connection, name: str, asked: _Asked, pseudonym: Callable[[str, str], str]) -> pa.Table:
    """The rows of one statement, with pseudonyms in place of codes."""
    result = connection.execute(read_statement(asked.statement), asked.values, execution_options={"stream_results": True})
    cursor: Any = result.cursor
    described = [(column.name, column.type_code) for column in cursor.description]
    unknown = [column for column, oid in described if oid not in _TYPES]
    if unknown:
        raise CchcError(f"a bundle cannot hold the columns {', '.join(unknown)} of {name}: cast them to text, bigint, boolean or date")
    fields = [(column, _TYPES[oid]) for column, oid in described]
    names = [*asked.tags, *(column for column, _ in fields)]
    batches = []
    for partition in result.partitions(PARTITION):
        columns: list[pa.Array] = [pa.array([value] * len(partition), pa.string()) for value in asked.tags.values()]
        for (column, kind), cells in zip(fields, zip(*partition, strict=True), strict=True):
            record = KEYS.get(column)
            values = [None if cell is None else pseudonym(record, cell) for cell in cells] if record else cells
            columns.append(pa.array(values, kind))
        batches.append(pa.RecordBatch.from_arrays(columns, names=names))
    schema = pa.schema([*((tag, pa.string()) for tag in asked.tags), *fields])
    table = pa.Table.from_batches(batches, schema) if batches else schema.empty_table()
    order = [column for column in TAGS if column in table.column_names]
    return table.select([*order, *(column for column in table.column_names if column not in order)])
