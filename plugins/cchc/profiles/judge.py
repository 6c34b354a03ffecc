"""Which rules the rows of a sample would break, asked of the warehouse by the suites that judge a load.

The rows stand in temporary tables of a transaction that is taken back, so the warehouse keeps nothing of them.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from psycopg import Connection, sql
from sqlalchemy.engine import Engine

from cchc.profiles.seen import Seen
from cchc.profiles.words import LOOK, WRONG, Told
from cchc.quality.compile import compile_suite
from cchc.quality.dossier_ends import COLUMNS, STATUSES
from cchc.quality.entity_suite import suite_of
from cchc.quality.gx import Gx, session
from cchc.quality.suites import Rule, Suite
from cchc.quality.validate import ROWS, SHARE
from cchc.sources.needs import IDENTITY
from cchc.sources.profile import Profile
from cchc.staging.copy import copy_tables
from cchc.staging.tables import SCHEMA
from cchc.warehouse import composed
from cchc.warehouse.driver import psycopg_connection

ENDS = "pg_temp.sample_ends"
MOST_LINES = 5


@dataclass(frozen=True)
class Broken:
    """A rule and the rows of a sample that break it: their numbers (from 1), and their lines or running numbers in the delivery."""

    rule: Rule
    rows: tuple[int, ...]
    lines: tuple[int, ...]


def broken_rules(engine: Engine, profile: Profile, samples: list[Seen], expectations_dir: Path) -> dict[str, list[Broken]]:
    """By entity: the rules that some rows of its sample break.

    Units of the profile count as known, also where `cchc init` has not loaded them yet. Raises NotConfigured if a suite is wrong.
    """
    ordered = sorted(samples, key=lambda seen: seen.entity.model != "dossier_step")  # K4 and K7 look at the steps
    with psycopg_connection(engine) as connection, session(engine) as gx, connection.transaction(force_rollback=True):
        _make_ends(connection)
        found: dict[str, list[Broken]] = {}
        steps = [f"select {COLUMNS}, 0 as delivery, cast(0 as bigint) as _row from core.dossier_step"]
        for number, seen in enumerate(ordered):
            table = f"pg_temp.sample_{number}"
            _fill(connection, seen, table)
            if seen.entity.model == "dossier":
                connection.execute(composed.dossier_ends(ENDS, table, steps, STATUSES).encode())
            suite = suite_of(expectations_dir, profile, seen.entity, ENDS)
            found[seen.entity.name] = _judge(gx, connection, profile, seen, suite, table)
            if seen.entity.model == "dossier_step":
                aside = sorted({row for broken in found[seen.entity.name] if broken.rule.action == "quarantine" for row in broken.rows})
                connection.execute(sql.SQL("delete from {} where _row = any(%s)").format(_identifier(table)), [aside])
                steps.append(f"select {COLUMNS}, 1 as delivery, _row from {table}")
        return found


def _make_ends(connection: Connection[Any]) -> None:
    columns = ", ".join(f"ended_{status}_at timestamptz" for status in STATUSES)
    connection.execute(f"create temp table sample_ends (dossier_id bigint not null, {columns}) on commit drop".encode())


def _fill(connection: Connection[Any], seen: Seen, table: str) -> None:
    model = sql.Identifier(SCHEMA, f"model_{seen.entity.model}")
    name = sql.Identifier(table.partition(".")[2])
    connection.execute(sql.SQL("create temp table {} (like {}) on commit drop").format(name, model))
    copy_tables(connection, _identifier(table), seen.table.column_names, [seen.table])


def _identifier(table: str) -> sql.Identifier:
    return sql.Identifier(*table.split("."))


def _judge(gx: Gx, connection: Connection[Any], profile: Profile, seen: Seen, suite: Suite, table: str) -> list[Broken]:
    compiled = compile_suite(lambda: gx.validator(SCHEMA, f"model_{seen.entity.model}"), suite, table)
    failing: dict[str, list[int]] = {}
    for row, rule in connection.execute(f"select _row, rule from ({compiled.failing_rows(table)}) as failing order by _row".encode()):
        failing.setdefault(rule, []).append(row)
    own = {unit["unit_code"] for unit in profile.units}
    broken = []
    for rule in suite.rules:
        rows = failing.get(rule.rule_id, [])
        if rule.expectation.expectation_type == "expect_known_unit":
            units = seen.table.column(rule.expectation.column).to_pylist()
            rows = [row for row in rows if units[row - 1] not in own]
        if rows:
            broken.append(Broken(rule, tuple(rows), tuple(seen.lines[row - 1][0] for row in rows)))
    return broken


def in_words(profile: Profile, seen: Seen, broken: list[Broken]) -> Iterator[Told]:
    """What would become of the rows of a sample: how many would go to quarantine, and by which rules."""
    total = len(seen.lines)
    aside = {row for each in broken if each.rule.action != "warn" for row in each.rows}
    share, rows = profile.settings.get("quarantine_share", SHARE), profile.settings.get("quarantine_rows", ROWS)
    if len(aside) > share * total:
        words = (
            f"{len(aside)} of {total} records would go to quarantine; a load with more than {share:.1%} and more than {rows:.0f} is blocked"
        )
        yield WRONG, words
    elif aside:
        yield LOOK, f"{len(aside)} of {total} records would go to quarantine"
    for name in IDENTITY.get(seen.entity.model, ()):
        values = seen.table.column(name).to_pylist()
        lost = [line[0] for row, line in enumerate(seen.lines, 1) if values[row - 1] is None and row not in aside]
        if lost:
            field = seen.entity.vendor_fields.get(name, name)
            yield WRONG, f"{len(lost)} records without a value in {field} ({name}) break no rule (first line {lost[0]}); such a load fails"
    for each in broken:
        lines = ", ".join(str(line) for line in each.lines[:MOST_LINES])
        more = " …" if len(each.lines) > MOST_LINES else ""
        what = (
            "only a warning" if each.rule.action == "warn" else "the whole load is blocked" if each.rule.action == "block" else "quarantine"
        )
        alone = "; it looks at other records too, of which the sample may not have all" if each.rule.judged == "always" else ""
        yield LOOK, f"rule {each.rule.rule_id}, {what}: {len(each.rows)} records (lines {lines}{more}): {each.rule.reason}{alone}"
