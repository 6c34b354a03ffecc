"""The audit: Great Expectations (GX) checks the rows once more that will be loaded (write, audit, publish).

The same suite runs on the view of the good rows. If a rule with the action `quarantine` or `block` still fails there, or if GX cannot
evaluate it, the compiled SQL of the rule and GX disagree. Then nothing of these loads is loaded.
"""

from __future__ import annotations

from typing import Any

from psycopg import Connection, sql

from cchc.errors import LoadBlocked
from cchc.quality.gx import Gx, error_of
from cchc.quality.suites import Suite
from cchc.sources.profile import Entity, Profile
from cchc.staging.tables import SCHEMA, good_view, table_of


def refresh_good_view(connection: Connection[Any], entity: Entity, extract_id: int) -> None:
    """Create the view of the rows of an entity that may be loaded: rows of validated or running loads that are not in quarantine."""
    view = sql.Identifier(*good_view(entity, extract_id).split(".", 1))
    connection.execute(sql.SQL("drop view if exists {}").format(view))
    connection.execute(
        sql.SQL(
            """create view {} as
            select staged.* from {} as staged
            inner join ops.load as l on l.load_id = staged._load_id and l.status in ('staged', 'validated', 'loaded')
            where not exists (
                select 1 from ops.quarantine as q
                where q.load_id = staged._load_id and q.line = staged._line and q.action = 'quarantine' and q.resolved_at is null
            )"""
        ).format(view, table_of(entity, extract_id).identifier)
    )
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
    for rule in publishing.rules:
        result = results.get(rule.rule_id)
        problem = "Great Expectations gave no result" if result is None else error_of(result)
        if problem is None and (result is None or not result.success):
            problem = f"the check set the bad rows aside, and Great Expectations still finds some in {view}"
        if problem is not None:
            failed[rule.rule_id] = problem
        connection.execute(
            "insert into ops.check_result (load_id, rule, action, phase, is_success, unexpected_count, message)"
            " values (%s, %s, %s, 'audit', %s, %s, %s) on conflict (load_id, rule, phase) do update"
            " set action = excluded.action, is_success = excluded.is_success, unexpected_count = excluded.unexpected_count,"
            " message = excluded.message",
            [min(load_ids), rule.rule_id, rule.action, problem is None, 0 if problem is None else 1, problem or rule.words],
        )
    if failed:
        message = (
            f"{profile.source} {entity.name}: the audit of suite {suite.name} failed for {', '.join(sorted(failed))}: "
            f"{next(iter(failed.values()))}. Nothing of these loads was published. This is a fault of the checks, not of the data: "
            "see ops.check_result (phase audit), and report it."
        )
        connection.execute("update ops.load set status = 'blocked', message = %s where load_id = any(%s)", [message, load_ids])
        raise LoadBlocked(message)
