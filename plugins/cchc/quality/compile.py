"""Compile a suite to SQL: each rule becomes the condition that Great Expectations (GX) itself uses, and all rules run in one statement.

GX counts the rows that break a rule, but it does not list all of them. So the condition of each expectation (the metric
`<map_metric>.condition`, a SQLAlchemy clause) is taken from GX and rendered for PostgreSQL. Rules that GX expresses as subqueries
(uniqueness), and rules that are queries, become queries of row numbers (docs/decisions/0002_great_expectations.md).

`map_metric`, `get_metric_kwargs` and `compute_metrics` are not public in GX. Therefore the version of great-expectations is fixed, and
tests/quality/test_compile.py compares every kind of rule with the counts of GX.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from psycopg import sql

from cchc.errors import NotConfigured
from cchc.quality.suites import Rule, Suite

ROW = "_row"
WINDOW = ("column_values.unique", "compound_columns.unique")
ANY_MISSING = ("either_value_is_missing", "any_value_is_missing")
ALL_MISSING = ("both_values_are_missing", "all_values_are_missing")
QUOTED = re.compile(r"'(?:[^']|'')*'")
JOIN = re.compile(r"\bjoin\b", re.IGNORECASE)


@dataclass
class Compiled:
    """The SQL of a suite.

    `predicates`: rule → SQL condition that is true for a bad row; all are evaluated in one pass. `queries`: rule → query that returns the
    numbers of the bad rows.
    """

    predicates: dict[str, str] = field(default_factory=dict)
    queries: dict[str, str] = field(default_factory=dict)

    def failing_rows(self, table: str) -> str:
        """A query that returns (_row, rule) for every rule that a row of `table` breaks."""
        parts = []
        if self.predicates:
            listed = ",\n    ".join(f"({_literal(rule)}, {condition})" for rule, condition in self.predicates.items())
            either = "\n    or ".join(f"({condition})" for condition in self.predicates.values())
            parts.append(
                f"select {ROW}, verdict.rule from {table} cross join lateral (values\n    {listed}\n) as verdict (rule, is_bad)\n"
                f"where ({either}) and verdict.is_bad"
            )
        parts += [f"select {ROW}, {_literal(rule)} from ({query}) as bad" for rule, query in self.queries.items()]
        return "\nunion all\n".join(parts)


def compile_suite(validator: Callable[[], Any], suite: Suite, table: str) -> Compiled:
    """Compile the rules of `suite` to SQL on `table`. `validator`: gives a validator of GX on a table with the same columns.

    GX is asked once in a process for the conditions of the same rules, because they name columns and no table.
    Raises NotConfigured if a rule is not about single rows, or if GX cannot give its condition.
    """
    compiled = Compiled()
    of_gx = []
    for rule in suite.rules:
        expectation = rule.expectation
        if hasattr(expectation, "unexpected_rows_query"):
            compiled.queries[rule.rule_id] = _substituted(expectation.unexpected_rows_query, table)
        elif getattr(expectation, "map_metric", None) is None:
            raise NotConfigured(f"{suite.name} {rule.rule_id}: {expectation.expectation_type} is not about single rows.")
        else:
            of_gx.append(rule)
    for rule_id, condition in _conditions_of(of_gx, validator, suite).items():
        if condition.bad is None:
            compiled.queries[rule_id] = _duplicates(condition.columns, condition.guards, table)
        else:
            compiled.predicates[rule_id] = " and ".join(f"({part})" for part in [*condition.guards, condition.bad])
    return compiled


@dataclass(frozen=True)
class _Condition:
    """What GX says of a rule: the conditions under which it checks a row, and that of a bad row; None: a key that occurs more than once."""

    guards: tuple[str, ...]
    bad: str | None
    columns: tuple[str, ...] = ()


_known: dict[str, dict[str, _Condition]] = {}  # by the rules as GX writes them


def _conditions_of(rules: list[Rule], validator: Callable[[], Any], suite: Suite) -> dict[str, _Condition]:
    """The condition of each rule."""
    if not rules:
        return {}
    written = json.dumps([[rule.rule_id, rule.expectation.configuration.to_json_dict()] for rule in rules], sort_keys=True)
    if written not in _known:
        _known[written] = _asked_of_gx(rules, validator(), suite)
    return _known[written]


def _asked_of_gx(rules: list[Rule], validator: Any, suite: Suite) -> dict[str, _Condition]:
    from great_expectations.expectations.registry import get_metric_kwargs
    from great_expectations.validator.metric_configuration import MetricConfiguration

    found: dict[str, _Condition] = {}
    pending: dict[str, tuple[tuple[str, ...], Any]] = {}
    for rule in rules:
        expectation = rule.expectation
        configuration, metric = expectation.configuration, expectation.map_metric
        guards = tuple(_guards(rule, validator.execution_engine))
        if metric in WINDOW:
            named = configuration.kwargs
            columns = (named["column"],) if "column" in named else tuple(named["column_list"])
            found[rule.rule_id] = _Condition(guards, None, columns)
            continue
        kwargs = get_metric_kwargs(
            f"{metric}.condition", configuration=configuration, runtime_configuration={"result_format": "BOOLEAN_ONLY"}
        )
        condition = MetricConfiguration(
            f"{metric}.condition",
            metric_domain_kwargs=kwargs["metric_domain_kwargs"],
            metric_value_kwargs=kwargs["metric_value_kwargs"],
        )
        pending[rule.rule_id] = guards, condition
    if pending:
        resolved, aborted = validator.compute_metrics([condition for _, condition in pending.values()])
        if aborted:
            raise NotConfigured(f"Suite {suite.name}: Great Expectations cannot resolve {list(aborted)[:3]}.")
        for rule_id, (guards, condition) in pending.items():
            found[rule_id] = _Condition(guards, _sql(resolved[condition.id][0]))
    return found


def _guards(rule: Rule, execution_engine: Any) -> list[str]:
    """The conditions under which GX checks a row at all: `row_condition` and `ignore_row_if` of the rule."""
    expectation, guards = rule.expectation, []
    kwargs = expectation.configuration.kwargs
    condition = getattr(expectation, "row_condition", None)
    if isinstance(condition, str):
        raise NotConfigured(f"{rule.rule_id}: write row_condition in its structured form.")
    if condition is not None:
        guards.append(_sql(execution_engine.condition_to_filter_clause(condition)))
    columns = [kwargs[name] for name in ("column_A", "column_B") if name in kwargs] or kwargs.get("column_list") or []
    ignored = getattr(expectation, "ignore_row_if", None)
    ignored = getattr(ignored, "value", ignored)
    present = [f"{_identifier(column)} is not null" for column in columns]
    if ignored in ANY_MISSING:
        guards += present
    elif ignored in ALL_MISSING:
        guards.append("(" + " or ".join(present) + ")")
    return guards


def _duplicates(key: tuple[str, ...], guards: tuple[str, ...], table: str) -> str:
    """A query of the rows whose key occurs more than once. As in GX, a key with a null in it is never a duplicate."""
    columns = [_identifier(name) for name in key]
    where = " and ".join(f"({guard})" for guard in [*guards, *(f"{name} is not null" for name in columns)])
    counted = f"select {ROW}, count(*) over (partition by {', '.join(columns)}) as copies from {table} where {where}"
    return f"select {ROW} from ({counted}) as counted where copies > 1"


def _substituted(query: str, table: str) -> str:
    """The query with {batch} replaced as GX does it: with an alias, or without one if the query has a join."""
    batch = f"(select * from {table})"
    return query.format(batch=batch if has_join(query) else f"{batch} as subselect")


def has_join(query: str) -> bool:
    """Whether GX treats the query as one with a join; such a query must give {batch} an alias itself."""
    return bool(JOIN.search(QUOTED.sub(" ", query)))


def _sql(clause: Any) -> str:
    from sqlalchemy.dialects import postgresql

    return str(clause.compile(dialect=postgresql.dialect(paramstyle="named"), compile_kwargs={"literal_binds": True}))


def _identifier(name: str) -> str:
    return sql.Identifier(name).as_string(None)


def _literal(text: str) -> str:
    return sql.Literal(text).as_string(None)
