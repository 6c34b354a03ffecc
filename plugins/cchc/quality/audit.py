"""The audit: Great Expectations (GX) checks the rows once more that will be loaded (write, audit, publish).

The same suite runs on the view of the good rows. If a rule with the action `quarantine` or `block` still fails there, or if GX cannot
evaluate it, the compiled SQL of the rule and GX disagree. Then nothing of these loads is loaded.
"""

from __future__ import annotations

from typing import Any

from psycopg import Connection, sql

from cchc.errors import LoadBlocked
from cchc.quality.gx import Gx, error_of
from cchc.quality.results import CheckResult, write_results
from cchc.quality.suites import Suite
from cchc.sources.profile import Entity, Profile
from cchc.staging.tables import SCHEMA, good_view, table_of
from cchc.warehouse import composed


def refresh_good_view(connection: Connection[Any], entity: Entity, extract_id: int) -> None:
    """Create the view of the rows of an entity that may be loaded: rows of validated or running loads that are not in quarantine."""
    view = sql.Identifier(*good_view(entity, extract_id).split(".", 1))
    connection.execute(sql.SQL("drop view if exists {}").format(view))
    staged = table_of(entity, extract_id).identifier.as_string(None)
    connection.execute(composed.good_rows(view.as_string(None), staged).encode())
    comment = f"Made by validate: rows of {table_of(entity, extract_id).name} that may be loaded"
    connection.execute(sql.SQL("comment on view {} is {}").format(view, sql.Literal(comment)))


def audit(
    gx: Gx, connection: Connection[Any], profile: Profile, entity: Entity, suite: Suite, load_ids: list[int], extract_id: int
) -> None:
    """Check the good rows of the loads `load_ids` with GX, and write the results to ops.check_result (phase audit, first load).

    If a rule does not pass, the loads are set to blocked, and LoadBlocked is raised.
    """
    publishing = suite.with_actions("quarantine", "block")
    view = good_view(entity, extract_id)
    results: dict[str, Any] = {}
    for result in gx.validate(SCHEMA, view.removeprefix(f"{SCHEMA}."), publishing.expectation_suite()):
        results[result.expectation_config.meta["rule_id"]] = result
    failed = {}
    found = []
    for rule in publishing.rules:
        result = results.get(rule.rule_id)
        problem = "Great Expectations gave no result" if result is None else error_of(result)
        if problem is None and (result is None or not result.success):
            problem = f"the check set the bad rows aside, and Great Expectations still finds some in {view}"
        if problem is not None:
            failed[rule.rule_id] = problem
        words = problem or rule.words
        found.append(CheckResult(rule.rule_id, rule.action, problem is None, 0 if problem is None else 1, words))
    write_results(connection, "audit", {min(load_ids): found})
    if failed:
        message = (
            f"{profile.source} {entity.name}: the audit of suite {suite.name} failed for {', '.join(sorted(failed))}: "
            f"{next(iter(failed.values()))}. Nothing of these loads was published. This is a fault of the checks, not of the data: "
            "see ops.check_result (phase audit), and report it."
        )
        connection.execute("update ops.load set status = 'blocked', message = %s where load_id = any(%s)", [message, load_ids])
        raise LoadBlocked(message)
