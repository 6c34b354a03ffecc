"""Resolve quarantine entries: when a newer delivery of the same key passes all critical rules, the entry is resolved."""

from __future__ import annotations

from sqlalchemy import Connection, text

from cchc.models import MODELS
from cchc.period import now
from cchc.settings import Settings
from cchc.warehouse import asked_binds, composed, run_file

_FIGURE = ("source_code", "unit_code", "month_start", "indicator_code")


def resolve_quarantine(connection: Connection, settings: Settings, model: str, source: str, entity: str, staged: str) -> int:
    """Set `resolved_at` on the open entries of the staged keys whose version in force is newer and breaks no critical rule.

    Call it after the merge of the load, in the same transaction. Lists of keys have no versions, so none of their entries is resolved here.
    Arguments: `entity`, the name of the entity in the source; `staged`, the relation with the staged rows. Returns how many entries were
    resolved.
    """
    passed = _passed(model, staged)
    if passed is None:
        return 0
    connection.execute(text("drop table if exists pg_temp.passed_key"))
    connection.execute(text(f"create temp table passed_key on commit drop as {passed}"), asked_binds(passed, {"s": source, "e": entity}))
    connection.execute(text("analyze passed_key"))
    resolved: int = run_file(connection, settings, "core/quarantine_resolved", source=source, entity=entity, now=now()).scalar_one()
    return resolved


def _passed(model: str, staged: str) -> str | None:
    """A query for the staged keys whose version in force breaks no critical rule: its key, first_seen_at and load_id.

    None if the model has no versions.
    """
    if MODELS[model].merge == "list":  # the newest list is in force, even if an older list was just loaded
        return composed.passed_of_list(model)
    identity: tuple[str, ...]
    if MODELS[model].merge == "declared":
        table, identity, is_good = "core.declared_figure", _FIGURE, "true"
    elif MODELS[model].table is not None:
        target = MODELS[model]
        table, identity, is_good = target.versions, (*target.distribution, *target.identity), "v._is_current and v._failed_rules is null"
    else:
        return None
    return composed.passed_of_versions(staged, table, identity, is_good)
